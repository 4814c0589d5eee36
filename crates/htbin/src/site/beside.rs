//! What lies beside a file under its name and one more ending: the same content, written another way.

use rustix::fs::FileType;

use super::{
    Inner, Site, SiteFile, plain,
    tree::{Access, Opened},
};
use crate::path::UrlPath;

impl Site {
    /// The file beside this one whose name has this ending more, if it may be sent and is not older. It is opened as this
    /// one was, and the same rules hold for it.
    pub fn beside(&self, path: &UrlPath, file: &SiteFile, ending: &str) -> Option<SiteFile> {
        use std::os::unix::ffi::OsStrExt;
        let (relative, name) = (plain::relative(path), file.name.as_bytes());
        let mut beside = relative.to_vec();
        if path.ends_with_slash() {
            beside.push(b'/');
            beside.extend_from_slice(name);
        } else if plain::last_name(relative) != name {
            // The page of `--spa` lies elsewhere.
            return None;
        }
        beside.extend_from_slice(ending.as_bytes());
        let beside = beside.strip_prefix(b"/").unwrap_or(&beside);
        let opened = self.0.tree.find(beside, Access::Read).ok()?;
        if !self.0.may_be_sent(&opened, beside) {
            return None;
        }
        let found = SiteFile::new(opened, name);
        let times = |file: &SiteFile| (file.metadata.mtime, file.metadata.mtime_nsec);
        (times(&found) >= times(file)).then_some(found)
    }
}

impl Inner {
    fn may_be_sent(&self, opened: &Opened, relative: &[u8]) -> bool {
        let is_script = self.everywhere && self.is_script(opened, plain::last_name(relative));
        opened.kind() == FileType::RegularFile
            && opened.is_readable()
            && !is_script
            && !self.settings.sources.iter().any(|end| relative.ends_with(end.as_bytes()))
            && self.check_real(opened, relative).is_ok()
            && !self.places.iter().any(|place| place.holds_file(relative))
    }
}
