//! Secrets that everybody on this machine may read.

use std::{fs::Metadata, os::unix::fs::MetadataExt, path::Path};

use super::text;
use crate::diagnosis::{Code, Diagnosis, quoted};

/// Is this file one, or does it hold one? Its content is read only if its name leaves that open.
pub fn look(file: &Path, metadata: &Metadata, is_script: bool) -> Option<Diagnosis> {
    if metadata.mode() & READABLE_BY_OTHERS == 0 {
        return None;
    }
    let name = file.file_name()?.to_string_lossy().to_lowercase();
    let (what, line) = if let Some(what) = by_name(&name).filter(|_| metadata.len() > 0) {
        (what.to_owned(), None)
    } else if is_script || holds_settings(&name) {
        let (line, key) = assigned(&String::from_utf8_lossy(&text(file)?), is_script)?;
        (format!("holds {key}"), Some(line))
    } else if holds_keys(&name) && has_private_key(&text(file)?) {
        ("holds a private key".to_owned(), None)
    } else {
        return None;
    };
    let shown = quoted(file);
    let found =
        Diagnosis::new(Code::SecretReadable, format!("{shown} {what}, and everybody on this machine may read it"), {
            if is_script {
                "move it into a file that only the user whom scripts run as may read"
            } else {
                "let only its owner read it, and give it to the user whom scripts run as if they need it"
            }
        });
    let found = if is_script { found } else { found.with_command(format!("chmod o-r {shown}")) };
    Some(match line {
        Some(line) => found.at(file, line),
        None => found,
    })
}

/// What a file of this name is; examples are for all.
fn by_name(name: &str) -> Option<&'static str> {
    let ends = |end: &str| name.ends_with(end);
    if ["example", "sample", "template", "dist"].iter().any(|word| name.contains(word)) {
        return None;
    }
    if name == ".env" || name.starts_with(".env.") {
        return Some("holds what a program is told in secret");
    }
    if ends(".htpasswd") || name == "htpasswd" {
        return Some("holds passwords, though scrambled");
    }
    if name == ".netrc" || name == ".pgpass" || name == ".my.cnf" {
        return Some("holds passwords");
    }
    let is_ssh = ["id_rsa", "id_dsa", "id_ecdsa", "id_ed25519"].contains(&name);
    (is_ssh || ends(".key")).then_some("holds a private key")
}

fn holds_settings(name: &str) -> bool {
    let end = name.rsplit_once('.').map(|(_, end)| end);
    end.is_some_and(|end| SETTINGS.split(' ').any(|known| known == end))
}

fn holds_keys(name: &str) -> bool {
    [".pem", ".p8", ".pk8", ".crt", ".cert"].iter().any(|end| name.ends_with(end))
}

fn has_private_key(text: &[u8]) -> bool {
    memchr::memmem::find_iter(text, b"-----BEGIN ")
        .any(|at| text[at..].iter().take(60).copied().collect::<Vec<_>>().windows(12).any(|it| it == b"PRIVATE KEY-"))
}

/// The first line that gives a name such as PASSWORD a value as it stands, and that name.
fn assigned(text: &str, is_script: bool) -> Option<(usize, String)> {
    (1..).zip(text.lines()).find_map(|(number, line)| Some((number, key(line, is_script)?.to_owned())))
}

fn key(line: &str, is_script: bool) -> Option<&str> {
    let line = line.strip_prefix("export ").unwrap_or(line);
    let indent = line.len() - line.trim_start().len();
    // What is indented in a program is rarely a setting; in YAML it mostly is.
    if is_script && indent > 0 {
        return None;
    }
    let line = line.trim();
    let at = line.find(['=', ':'])?;
    let (name, value) = (line[..at].trim_end_matches([' ', '"', '\'']), &line[at + 1..]);
    let name = name.trim_start_matches(['"', '\'', '$', '@']);
    let is_name = !name.is_empty() && name.bytes().all(|it| it.is_ascii_alphanumeric() || b"_.-".contains(&it));
    let upper = name.to_ascii_uppercase().replace(['-', '.'], "_");
    let word = |word: &&str| upper == **word || upper.ends_with(&format!("_{word}"));
    // In a program only what is written as a constant is one.
    if !is_name || (is_script && upper != name) || !SECRETS.iter().any(word) {
        return None;
    }
    let has_space = value.starts_with([' ', '\t']);
    is_literal(value.trim(), is_script, has_space).then_some(name)
}

/// Is it a value, not the name of one, and not one that only shows where it goes?
fn is_literal(value: &str, is_script: bool, has_space: bool) -> bool {
    let inner = ['"', '\''].iter().find_map(|&mark| value.strip_prefix(mark)?.split_once(mark).map(|(inner, _)| inner));
    let bare = || value.split([' ', '\t', ';', '#', ',']).next().unwrap_or_default();
    let value = match inner {
        Some(inner) => inner,
        // `KEY = word` is a variable in a program; `KEY=word` is a shell's.
        None if is_script && has_space => return false,
        None => bare(),
    };
    let shows = value.to_ascii_lowercase();
    let is_example = ["change", "example", "your", "xxx", "secret_here", "placeholder", "todo", "..."];
    value.len() >= SECRET_BYTES_MIN
        && !value.contains(['$', '`', '(', '[', '<', '{', '%'])
        && !is_example.iter().any(|word| shows.contains(word))
        && !["true", "false", "none", "null", "undef", "prompt"].contains(&shows.as_str())
}

const READABLE_BY_OTHERS: u32 = 0o004;
/// Shorter ones guard nothing.
const SECRET_BYTES_MIN: usize = 4;
const SETTINGS: &str = "env ini conf cfg cnf config yml yaml toml properties inc secret secrets credentials passwd";
const SECRETS: [&str; 11] = [
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "SECRET",
    "SECRET_KEY",
    "TOKEN",
    "API_KEY",
    "APIKEY",
    "ACCESS_KEY",
    "PRIVATE_KEY",
    "DB_PASS",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_a_value_that_stands_there() {
        for line in
            ["PASSWORD=geheim", "export DB_PASSWORD='tr0ub4dor'", "API_KEY = \"abcd1234\"", "SECRET_KEY='x1y2z3'"]
        {
            assert!(key(line, true).is_some(), "{line}");
            assert!(key(line, false).is_some(), "{line}");
        }
        for line in [
            "PASSWORD=$1",
            "PASSWORD=",
            "PASSWORD = os.environ['PASSWORD']",
            "PASSWORD = read_password",
            "TOKEN=$(cat token)",
            "# PASSWORD=geheim",
            "print(\"PASSWORD=geheim\")",
            "PASSWORD=\"change me\"",
            "PASSWORD_FILE=/etc/x",
            "if PASSWORD == 'abcdef':",
            "PASSWORD == 'abcdef'",
        ] {
            assert_eq!(key(line, true), None, "{line}");
        }
        assert!(key("  password: hunter2", false).is_some());
        assert_eq!(key("  password: hunter2", true), None);
        assert_eq!(key("my $password = 'hunter2';", true), None);
    }

    #[test]
    fn keys_are_known_by_what_they_say() {
        assert!(has_private_key(b"x\n-----BEGIN RSA PRIVATE KEY-----\nabc"));
        assert!(!has_private_key(b"-----BEGIN CERTIFICATE-----\nabc"));
        assert_eq!(by_name("a.key.example"), None);
        assert!(by_name("id_rsa.pub").is_none() && by_name("id_rsa").is_some());
    }
}
