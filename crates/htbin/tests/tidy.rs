//! The structure test: it reads our own sources and holds what docs/architecture.md promises about them.
//! One file per family of rules under `tidy/`; each is a plain function from a tree to its breaches.

mod tidy {
    pub(crate) mod breach;
    pub(crate) mod broken;
    pub(crate) mod crates;
    pub(crate) mod documents;
    pub(crate) mod habits;
    pub(crate) mod names;
    pub(crate) mod rooms;
    pub(crate) mod size;
    pub(crate) mod tree;
    pub(crate) mod unsafety;
    pub(crate) mod words;
}

use std::path::Path;

use tidy::{breach::Breach, crates, documents, habits, rooms, size, tree::Tree, unsafety, words};

#[test]
fn the_house_is_tidy() {
    let tree = Tree::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
    assert!(tree.files.len() > 20, "the tree was not found: {} files", tree.files.len());
    let breaches = breaches(&tree);
    let listed: Vec<String> = breaches.iter().map(ToString::to_string).collect();
    assert!(breaches.is_empty(), "{} breaches\n{}\n", breaches.len(), listed.join("\n"));
}

/// Everything that is wrong with a tree, rule by rule.
fn breaches(tree: &Tree) -> Vec<Breach> {
    [rooms::breaches, unsafety::breaches, crates::breaches, size::breaches, words::breaches, habits::breaches]
        .iter()
        .flat_map(|rule| rule(tree))
        .chain(documents::breaches(tree))
        .collect()
}
