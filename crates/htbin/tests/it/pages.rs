//! Pages of docs/ that tests run. What a fenced block is for stands behind its language: ```` ```sh run ````.

use std::{fs, os::unix::fs::chown, path::Path, process::Command};

use htbin::diagnosis::Code;

use crate::{process::run, scripts::HELLO, site::Site};

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

/// Is the text what is shown? `…` stands for whatever it is, over lines too.
pub(crate) fn fits(shown: &str, text: &str) -> bool {
    let Some((first, others)) = shown.split_once('…') else { return shown == text };
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let (middle, last) = others.rsplit_once('…').unwrap_or(("", others));
    middle.split('…').all(|part| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    }) && rest.ends_with(last)
}

#[test]
fn an_ellipsis_stands_for_anything() {
    for (shown, text, fit) in [
        ("a … c", "a b c", true),
        ("a…c…", "a\nb\nc\n", true),
        ("… is empty", "/x is empty", true),
        ("… is empty", "/x is empty; mend it", false),
        ("a … c … d", "a b c b d", true),
        ("b …", "a b c", false),
        ("a … d", "a b c", false),
    ] {
        assert_eq!(fits(shown, text), fit, "{shown} for {text}");
    }
}

#[test]
fn each_code_has_its_page_and_its_line_in_the_index() {
    let index = text("failures/README.md");
    for code in Code::ALL {
        let page = text(&format!("failures/{code}.md"));
        let title = page.lines().next().unwrap_or_default();
        assert!(title.starts_with("# ") && title.ends_with(&format!("(`{code}`)")), "{code}: {title}");
        for part in ["## What you see", "## Why", "## What to do", "## If it is not that"] {
            assert!(page.contains(part), "failures/{code}.md has no part {part}");
        }
        let listed = index.lines().filter(|line| line.starts_with(&format!("- [{code}]({code}.md): "))).count();
        assert_eq!(listed, 1, "failures/README.md lists {code} so often");
    }
    let others = ["README", "compared"];
    for entry in fs::read_dir(Path::new(DOCS).join("failures")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let stem = name.trim_end_matches(".md");
        let is_known = others.contains(&stem) || Code::ALL.iter().any(|code| code.word() == stem);
        assert!(is_known, "failures/{name} is no code's page");
    }
}

#[test]
fn what_only_lint_sees_is_on_its_page() {
    ours_only!();
    let site = Site::new()
        .with_mode("cgi-bin/a.sh", HELLO, 0o757)
        .with_mode("cgi-bin/b.sh", HELLO, 0o4755)
        .script("cgi-bin/c.sh", HELLO)
        .file(".env", "PASSWORD=hunter2\n");
    let mut expected = vec![Code::SecretReadable, Code::WritableByOthers, Code::Setuid];
    if rustix::process::geteuid().is_root() {
        chown(site.path("cgi-bin/c.sh"), Some(4242), None).unwrap();
        expected.push(Code::ForeignOwner);
    }
    let told = run(Command::new(env!("CARGO_BIN_EXE_htbin")).args(["lint", "--json"]).arg(site.root())).stdout;
    let findings: Vec<serde_json::Value> = serde_json::from_slice(&told).unwrap();
    for code in expected {
        let of_code = findings.iter().find(|finding| finding["code"] == code.word());
        let cause =
            of_code.unwrap_or_else(|| panic!("lint does not see {code}: {findings:?}"))["cause"].as_str().unwrap();
        let shown = block(&format!("failures/{code}.md"), "shows");
        assert!(fits(shown.trim_end(), cause), "failures/{code}.md shows {shown}and lint says {cause}");
    }
}

#[test]
fn links_within_the_documentation_lead_somewhere() {
    let root = Path::new(DOCS).parent().unwrap();
    let pages = walkdir::WalkDir::new(DOCS).into_iter().map(|entry| entry.unwrap().into_path());
    for page in pages.chain([root.join("README.md")]).filter(|path| path.extension().is_some_and(|it| it == "md")) {
        let text = fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap_or_default();
            let is_elsewhere = link.contains("://") || file.is_empty() || file.contains(' ');
            let target = page.parent().unwrap().join(file);
            assert!(is_elsewhere || target.exists(), "{}: {link} leads nowhere", page.display());
        }
    }
}

/// A page of docs/.
#[track_caller]
pub(crate) fn text(page: &str) -> String {
    let path = Path::new(DOCS).join(page);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Where the pages lie.
pub(crate) const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs");
