//! Invariant 3: what the two leaf crates know nothing of, in their sources and in their Cargo.toml.

use crate::tidy::{
    breach::{Breach, Rule},
    names::Name,
    tree::Tree,
};

/// Names and dependencies that a leaf crate must not have.
pub(crate) fn breaches(tree: &Tree) -> Vec<Breach> {
    LEAVES.iter().flat_map(|leaf| names(tree, leaf).into_iter().chain(dependencies(tree, leaf))).collect()
}

fn names(tree: &Tree, leaf: &Leaf) -> Vec<Breach> {
    let mut found = Vec::new();
    for file in tree.sources_of(leaf.folder) {
        for name in file.names.iter().filter(|name| leaf.forbids(name)) {
            let what = format!("names {}", name.written());
            found.push(Breach { file: file.path.clone(), line: name.line, rule: leaf.rule, what });
        }
    }
    found
}

fn dependencies(tree: &Tree, leaf: &Leaf) -> Vec<Breach> {
    let path = format!("crates/{}/Cargo.toml", leaf.folder);
    let text = tree.text(&path).unwrap_or_default();
    let mut section = "";
    let mut found = Vec::new();
    for (line, content) in (1..).zip(text.lines().map(str::trim)) {
        if content.starts_with('[') {
            section = content.trim_matches(['[', ']']);
        }
        for package in leaf.packages.iter().filter(|package| depends(section, content, package)) {
            let what = format!("depends on {package}");
            found.push(Breach { file: path.clone(), line, rule: leaf.rule, what });
        }
    }
    found
}

/// Does this line of a Cargo.toml ask for the package: as a key, as a section, or under another name?
fn depends(section: &str, line: &str, package: &str) -> bool {
    let key = line.split(['=', '.', ' ']).next().unwrap_or_default().trim_matches('"');
    let is_header = line.starts_with('[');
    section.contains("dependencies")
        && ((key == package && section.ends_with("dependencies"))
            || (is_header && section.ends_with(&format!("dependencies.{package}")))
            || line.replace(' ', "").contains(&format!("package=\"{package}\"")))
}

/// A crate that knows nothing of the others, and what else it must not know.
struct Leaf {
    folder: &'static str,
    rule: Rule,
    /// First words of paths.
    paths: &'static [&'static [&'static str]],
    /// Packages in Cargo.toml.
    packages: &'static [&'static str],
}

impl Leaf {
    fn forbids(&self, name: &Name) -> bool {
        self.paths.iter().any(|words| name.starts_with(words))
    }
}

const LEAVES: [Leaf; 2] = [
    Leaf {
        folder: "cgi",
        rule: Rule::CgiIsPure,
        // `core::net` has addresses and no sockets, so it may be named.
        paths: &[
            &["std", "io"],
            &["std", "net"],
            &["std", "fs"],
            &["std", "process"],
            &["std", "time"],
            &["std", "*"],
            &["async"],
            &["await"],
            &["tokio"],
            &["htbin_spawn"],
        ],
        packages: &["tokio", "futures-util", "rustix", "libc", "htbin-spawn", "htbin"],
    },
    Leaf {
        folder: "spawn",
        rule: Rule::SpawnIsNarrow,
        paths: &[&["http"], &["http_body"], &["hyper"], &["htbin_cgi"]],
        packages: &["http", "http-body", "http-body-util", "hyper", "htbin-cgi", "htbin"],
    },
];
