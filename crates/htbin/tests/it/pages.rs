//! Pages of docs/ that tests run. What a fenced block is for stands behind its language: ```` ```sh run ````.

use std::{fs, path::Path};

/// A fenced block with a part to play.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    /// What stands behind the language: `run`, `shows`, `file=cgi-bin/hello.sh`.
    pub(crate) role: String,
    /// Its lines, without the white space that indents all of the block.
    pub(crate) text: String,
    /// The number of its first line in the page.
    pub(crate) line: usize,
}

/// The blocks of a page that have a part to play, in order.
pub(crate) fn blocks(page: &str) -> Vec<Block> {
    let text = text(page);
    let mut found = Vec::new();
    let mut lines = (1..).zip(text.lines());
    while let Some((number, line)) = lines.next() {
        let Some((indent, info)) = line.split_once("```") else { continue };
        let inside: Vec<&str> = lines.by_ref().map(|(_, line)| line).take_while(|line| line.trim() != "```").collect();
        if let Some((_, role)) = info.split_once(' ') {
            let lines = inside.iter().map(|line| line.strip_prefix(indent).unwrap_or(line));
            let text = lines.flat_map(|line| [line, "\n"]).collect();
            found.push(Block { role: role.to_owned(), text, line: number + 1 });
        }
    }
    found
}

/// The one block of a page that plays this part.
#[track_caller]
pub(crate) fn block(page: &str, role: &str) -> String {
    let blocks = blocks(page);
    let found = blocks.iter().find(|block| block.role == role);
    found.unwrap_or_else(|| panic!("{page} has no block `{role}`")).text.clone()
}

/// A page of docs/.
#[track_caller]
pub(crate) fn text(page: &str) -> String {
    let path = Path::new(DOCS).join(page);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Where the pages lie.
pub(crate) const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs");
