//! What is kept is done: no test is switched off, no gap is left to panic, and no test waits by the clock.

use crate::tidy::{
    breach::{Breach, Rule},
    names::Name,
    tree::{File, Tree},
};

/// Ignored tests, gaps, notes to self and sleeps.
pub(crate) fn breaches(tree: &Tree) -> Vec<Breach> {
    tree.files.iter().flat_map(|file| names(file).chain(notes(file))).collect()
}

fn names(file: &File) -> impl Iterator<Item = Breach> {
    file.names.iter().filter_map(|name| half_done(name).map(|what| breach(file, name.line, what)))
}

fn half_done(name: &Name) -> Option<&'static str> {
    if name.in_attribute && name.path == ["ignore"] {
        Some("#[ignore]")
    } else if name.is_macro && (name.ends_with(&["todo"]) || name.ends_with(&["unimplemented"])) {
        Some("a gap that panics")
    } else if name.ends_with(&["thread", "sleep"]) {
        Some("thread::sleep")
    } else {
        None
    }
}

fn notes(file: &File) -> impl Iterator<Item = Breach> {
    let lines = (1..).zip(file.text.lines()).filter(|(_, text)| text.contains(NOTE));
    lines.map(|(line, _)| breach(file, line, NOTE))
}

fn breach(file: &File, line: usize, what: &str) -> Breach {
    Breach { file: file.path.clone(), line, rule: Rule::HalfDone, what: what.to_owned() }
}

/// In two parts, so that this file has none.
const NOTE: &str = concat!("FIX", "ME");
