//! What docs/ promises: a decision fits on a page, and the tests that answer a threat exist.

use walkdir::WalkDir;

use crate::tidy::{
    breach::{Breach, Rule},
    tree::{File, Tree},
};

/// Long decisions, and tests named in docs/threats.md that are not there.
pub(crate) fn breaches(tree: &Tree) -> Vec<Breach> {
    long_decisions(tree).into_iter().chain(missing_tests(tree)).collect()
}

fn long_decisions(tree: &Tree) -> Vec<Breach> {
    let mut found = Vec::new();
    // No folder, no decisions: the walk's one error is that.
    for entry in WalkDir::new(tree.root.join("docs/adr")).sort_by_file_name().into_iter().flatten() {
        let path = entry.path().strip_prefix(&tree.root).expect("the walk started there").to_string_lossy();
        let lines = tree.text(&path).map_or(0, |text| text.lines().count());
        if lines > DECISION_LINES_MAX {
            let what = format!("it has {lines}");
            found.push(Breach { file: path.into_owned(), line: lines, rule: Rule::LongDecision, what });
        }
    }
    found
}

fn missing_tests(tree: &Tree) -> Vec<Breach> {
    let text = tree.text(THREATS).unwrap_or_default();
    let mut found = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        for (path, test) in mentions(content).filter(|(path, test)| !exists(tree, path, test)) {
            let what = format!("{path} has no fn {test}");
            found.push(Breach { file: THREATS.to_owned(), line, rule: Rule::NoSuchTest, what });
        }
    }
    found
}

/// Each `tests/file.rs::name` of a line, modules between the two left out.
fn mentions(line: &str) -> impl Iterator<Item = (&str, &str)> {
    line.split(|letter: char| !letter.is_alphanumeric() && !"/._-:".contains(letter)).filter_map(|word| {
        let (file, modules) = word.split_once(".rs::")?;
        let name = modules.trim_end_matches([':', '.']).rsplit("::").next()?;
        Some((&word[..file.len() + ".rs".len()], name))
    })
}

fn exists(tree: &Tree, path: &str, test: &str) -> bool {
    let below = format!("/{path}");
    tree.files.iter().any(|file| (file.path == path || file.path.ends_with(&below)) && has_function(file, test))
}

/// `fn name` are two tokens next to each other, inside a macro call (`proptest!`) too.
fn has_function(file: &File, wanted: &str) -> bool {
    file.names.windows(2).any(|pair| pair[0].path == ["fn"] && pair[1].path == [wanted])
}

const THREATS: &str = "docs/threats.md";
const DECISION_LINES_MAX: usize = 40;
