//! Every dangerous line lies in `crates/spawn/src/sys`; elsewhere the compiler forbids it.

use crate::tidy::{
    breach::{Breach, Rule},
    tree::{File, Tree},
};

/// The word `unsafe` outside its folder, and crates that do not forbid it.
pub(crate) fn breaches(tree: &Tree) -> Vec<Breach> {
    let mut found = Vec::new();
    for file in tree.files.iter().filter(|file| !may_be_unsafe(file)) {
        for name in file.names.iter().filter(|name| name.path == ["unsafe"]) {
            found.push(Breach {
                file: file.path.clone(),
                line: name.line,
                rule: Rule::Unsafe,
                what: file.text.lines().nth(name.line - 1).unwrap_or_default().trim().to_owned(),
            });
        }
    }
    for file in tree.files.iter().filter(|file| FORBIDDING.contains(&file.path.as_str()) && !forbids(file)) {
        let what = "#![forbid(unsafe_code)] is missing".to_owned();
        found.push(Breach { file: file.path.clone(), line: 1, rule: Rule::Forbid, what });
    }
    found
}

fn may_be_unsafe(file: &File) -> bool {
    file.path == "crates/spawn/src/sys.rs" || file.path.starts_with("crates/spawn/src/sys/")
}

fn forbids(file: &File) -> bool {
    file.syntax.attrs.iter().any(|attribute| {
        attribute.path().is_ident("forbid")
            && attribute.parse_args::<syn::Path>().is_ok_and(|lint| lint.is_ident("unsafe_code"))
    })
}

/// The roots of what is compiled without a dangerous line; htbin-spawn cannot.
const FORBIDDING: [&str; 3] = ["crates/cgi/src/lib.rs", "crates/htbin/src/lib.rs", "crates/htbin/src/main.rs"];
