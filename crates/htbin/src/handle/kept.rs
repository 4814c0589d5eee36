//! Small files that were sent lately, with their heads: asked for again, one system call tells that the file is still the
//! same, and nothing has to be opened, read or worked out. What has changed is never sent: there is no time to live.

use std::{
    collections::HashMap,
    ffi::CString,
    sync::{Arc, PoisonError, RwLock},
};

use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode, header, request::Parts};

use crate::{
    body::{Body, Origin, Part},
    path::UrlPath,
    site::{Metadata, Site},
};

/// Answers that may be given again.
#[derive(Debug, Default)]
pub struct Kept(RwLock<Shelf>);

#[derive(Debug, Default)]
struct Shelf {
    /// By the path as the client sends it.
    files: HashMap<Box<str>, Arc<File>>,
    bytes: usize,
}

#[derive(Debug)]
struct File {
    relative: CString,
    metadata: Metadata,
    origin: Origin,
    fields: HeaderMap,
    content: Bytes,
}

impl Kept {
    /// The answer, finished, and what it was made from, if it is known and its file unchanged.
    pub fn answer(&self, site: &Site, request: &Parts) -> Option<(Response<Body>, Origin)> {
        if request.method != Method::GET || request.headers.keys().any(is_conditional) {
            return None;
        }
        let file = {
            let shelf = self.0.read().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(shelf.files.get(request.uri.path())?)
        };
        if !site.is_unchanged(&file.relative, &file.metadata) {
            self.forget(request.uri.path());
            return None;
        }
        let mut response = Response::new(Body::full(file.content.clone()));
        *response.headers_mut() = file.fields.clone();
        Some((response, file.origin))
    }

    /// Keeps an answer if it is the whole of a small file, with the fields that `finish` gives it on its way out.
    pub fn keep(
        &self,
        site: &Site,
        request: &Parts,
        (path, metadata): (&UrlPath, &Metadata),
        response: &Response<Body>,
        finish: impl FnOnce(&mut HeaderMap),
    ) {
        if request.method != Method::GET || response.status() != StatusCode::OK {
            return;
        }
        let Some(origin) = metadata.origin() else { return };
        let Body::One(Some(Part::Bytes(content))) = response.body() else { return };
        let slashes = path.decoded().iter().take_while(|octet| **octet == b'/').count();
        let Ok(relative) = CString::new(&path.decoded()[slashes..]) else { return };
        // An index, a single-page site's file and what lies behind a link have another name on disk.
        if content.len() > FILE_BYTES_MAX || !site.is_unchanged(&relative, metadata) {
            return;
        }
        let mut fields = response.headers().clone();
        finish(&mut fields);
        let file = File { relative, metadata: *metadata, origin, fields, content: content.clone() };
        let mut shelf = self.0.write().unwrap_or_else(PoisonError::into_inner);
        // When it is full it starts over: what is asked for often is back at once.
        if shelf.bytes + file.bytes() > BYTES_MAX {
            *shelf = Shelf::default();
        }
        shelf.bytes += file.bytes();
        if let Some(before) = shelf.files.insert(request.uri.path().into(), Arc::new(file)) {
            shelf.bytes -= before.bytes();
        }
    }

    fn forget(&self, path: &str) {
        let mut shelf = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = shelf.files.remove(path) {
            shelf.bytes -= file.bytes();
        }
    }
}

impl File {
    /// What it takes, more or less: fields and table are a few hundred octets.
    fn bytes(&self) -> usize {
        self.content.len() + 2 * self.relative.count_bytes() + 512
    }
}

/// Fields with which the answer could be another.
fn is_conditional(name: &header::HeaderName) -> bool {
    matches!(
        *name,
        header::RANGE
            | header::IF_RANGE
            | header::IF_MATCH
            | header::IF_NONE_MATCH
            | header::IF_MODIFIED_SINCE
            | header::IF_UNMODIFIED_SINCE
    )
}

/// A larger file is worth opening.
const FILE_BYTES_MAX: usize = 16 * 1024;
/// All of them together.
const BYTES_MAX: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::MetadataExt, path::Path};

    use super::*;
    use crate::{handle::file, site, site::Target};

    /// A file of this crate itself: nobody has changed it within the last seconds.
    const OLD: &str = "Cargo.toml";

    struct Stand {
        site: Site,
        kept: Kept,
    }

    impl Stand {
        fn new(root: &Path) -> Self {
            let site = Site::open(site::Settings { root: root.to_owned(), ..site::Settings::default() });
            Self { site: site.expect("it can be opened"), kept: Kept::default() }
        }

        fn send(&self, request: &Parts) -> Response<Body> {
            let path = UrlPath::parse(request.uri.path()).expect("it is a path");
            let Ok(Target::File(found)) = self.site.resolve(&path) else { panic!("it is a file") };
            let metadata = found.metadata;
            let response = file::answer(found, request).expect("it is sent");
            self.kept.keep(&self.site, request, (&path, &metadata), &response, |_| ());
            response
        }

        fn size(&self) -> (usize, usize) {
            let shelf = self.kept.0.read().expect("nobody panicked");
            (shelf.files.len(), shelf.bytes)
        }
    }

    fn get(path: &str) -> Parts {
        http::Request::get(path).body(()).expect("it is a request").into_parts().0
    }

    #[test]
    fn the_second_answer_is_the_first() {
        let stand = Stand::new(Path::new(env!("CARGO_MANIFEST_DIR")));
        let request = get(&format!("/{OLD}"));
        let first = stand.send(&request);
        let (second, _) = stand.kept.answer(&stand.site, &request).expect("it is kept");
        assert_eq!(first.headers(), second.headers());
        assert_eq!(first.body().length(), second.body().length());
    }

    #[test]
    fn what_has_changed_is_not_sent_and_is_forgotten() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let stand = Stand::new(folder.path());
        fs::write(folder.path().join("a.txt"), "two").expect("it can be written");
        let file = File {
            relative: c"a.txt".into(),
            metadata: Metadata { size: 3, mtime: 1, mtime_nsec: 0, inode: 1, device: 1, ctime: 1, ctime_nsec: 0 },
            origin: Origin::Stored(1),
            fields: HeaderMap::new(),
            content: "one".into(),
        };
        let shelf = Shelf { bytes: file.bytes(), files: HashMap::from([("/a.txt".into(), Arc::new(file))]) };
        *stand.kept.0.write().expect("nobody panicked") = shelf;
        assert!(stand.kept.answer(&stand.site, &get("/a.txt")).is_none());
        assert_eq!(stand.size(), (0, 0));
    }

    #[test]
    fn a_file_just_changed_is_not_kept() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("a.txt"), "one").expect("it can be written");
        assert!(fs::metadata(folder.path().join("a.txt")).expect("it is there").ctime() > 0);
        let stand = Stand::new(folder.path());
        stand.send(&get("/a.txt"));
        assert_eq!(stand.size(), (0, 0));
    }

    #[test]
    fn conditions_and_other_methods_are_not_answered_from_here() {
        let stand = Stand::new(Path::new(env!("CARGO_MANIFEST_DIR")));
        let path = format!("/{OLD}");
        stand.send(&get(&path));
        for request in [
            http::Request::head(&path),
            http::Request::get(&path).header(header::RANGE, "bytes=0-1"),
            http::Request::get(&path).header(header::IF_NONE_MATCH, "*"),
        ] {
            let request = request.body(()).expect("it is a request").into_parts().0;
            assert!(stand.kept.answer(&stand.site, &request).is_none());
        }
        assert_eq!(stand.size().0, 1, "they say nothing of the file");
    }
}
