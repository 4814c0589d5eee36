//! Rights that are too wide: who else could change what runs, and as whom it would run.

use std::{fs::Metadata, os::unix::fs::MetadataExt, path::Path};

use nix::unistd::{Uid, User};

use crate::diagnosis::{Code, Diagnosis, Runner, quoted};

/// What is wrong with the rights of a script or a module in this directory.
pub fn of_file(file: &Path, metadata: &Metadata, directory: &Metadata, runner: &Runner) -> Vec<Diagnosis> {
    let shown = quoted(file);
    let mut found = Vec::new();
    if metadata.mode() & WRITABLE_BY_OTHERS != 0 {
        let cause = format!("anybody on this machine may change {shown}, and what they write runs as {}", runner.name);
        found.push(writable(&shown, cause));
    }
    if metadata.mode() & SET_ID != 0 {
        found.push(set_id(&shown, metadata));
    }
    found.extend(foreign(&shown, metadata, directory, runner));
    found
}

/// What is wrong with the rights of a directory that scripts lie in.
pub fn of_directory(directory: &Path, metadata: &Metadata, runner: &Runner) -> Option<Diagnosis> {
    let shown = quoted(directory);
    (metadata.mode() & WRITABLE_BY_OTHERS != 0).then(|| {
        let cause =
            format!("anybody on this machine may put a script into {shown}, which then runs as {}", runner.name);
        writable(&shown, cause)
    })
}

fn writable(shown: &str, cause: String) -> Diagnosis {
    let fix = "let only its owner change it; what scripts write to belongs into a directory of its own elsewhere";
    Diagnosis::new(Code::WritableByOthers, cause, fix).with_command(format!("chmod o-w {shown}"))
}

fn set_id(shown: &str, metadata: &Metadata) -> Diagnosis {
    let is_user = metadata.mode() & SET_USER_ID != 0;
    let who = if is_user { name_of(metadata.uid()) } else { format!("group {}", metadata.gid()) };
    let bit = if is_user { "setuid" } else { "setgid" };
    let cause = format!("{shown} has the {bit} bit: whoever starts it on this machine acts as {who}");
    // The kernel ignores the bit on what starts with #!, and htbin lets no script gain privileges.
    let fix = "take the bit away: htbin's scripts gain nothing by it (no_new_privs), others on this machine might";
    Diagnosis::new(Code::Setuid, cause, fix).with_command(format!("chmod ug-s {shown}"))
}

fn foreign(shown: &str, metadata: &Metadata, directory: &Metadata, runner: &Runner) -> Option<Diagnosis> {
    let owner = metadata.uid();
    if owner == 0 || owner == runner.uid || owner == directory.uid() {
        return None;
    }
    let (name, of_directory) = (name_of(owner), name_of(directory.uid()));
    let cause = format!(
        "{shown} belongs to {name}, who is neither root, nor {} as whom scripts run, nor {of_directory} to whom its \
         directory belongs, and who may change it at any time",
        runner.name
    );
    let fix = format!("give it to {of_directory}, if it is what it should be");
    Some(Diagnosis::new(Code::ForeignOwner, cause, fix).with_command(format!("chown {of_directory} {shown}")))
}

/// The name of a user; the number where it has none.
fn name_of(uid: u32) -> String {
    User::from_uid(Uid::from_raw(uid)).ok().flatten().map_or_else(|| uid.to_string(), |user| user.name)
}

/// The bit of the mode that lets all others write.
pub const WRITABLE_BY_OTHERS: u32 = 0o002;
const SET_USER_ID: u32 = 0o4000;
const SET_ID: u32 = 0o6000;
