//! Apache's grammar: a directive a line, sections between tags. What IfModule and its like hold is taken as if it were there.

use std::{collections::BTreeMap, path::PathBuf};

use crate::import::{
    DEPTH_MAX, Error,
    model::Model,
    source::{At, Files, included},
};

/// A directive, or a section with its directives.
#[derive(Debug, Clone)]
pub(super) struct Directive {
    pub(super) at: At,
    /// In lower case.
    pub(super) name: String,
    pub(super) words: Vec<String>,
    pub(super) section: Vec<Directive>,
    shown: String,
}

impl Directive {
    pub(super) fn words(&self) -> Vec<&str> {
        self.words.iter().map(String::as_str).collect()
    }

    /// As it stands in the file.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }
}

/// Reads lines.
pub(super) struct Reader<'m> {
    pub(super) base: PathBuf,
    /// `Define`, and what Debian's envvars has.
    pub(super) variables: BTreeMap<String, String>,
    pub(super) model: &'m mut Model,
}

impl Reader<'_> {
    /// The directives of a file with those of all that it includes.
    pub(super) fn file(
        &mut self,
        path: &std::path::Path,
        files: &mut Files,
        depth: usize,
    ) -> Result<Vec<Directive>, Error> {
        files.read(path, |text, at, files| {
            let mut lines = Lines { lines: text.lines(), at };
            self.section(&mut lines, "", files, depth)
        })
    }

    fn section(
        &mut self,
        lines: &mut Lines<'_>,
        of: &str,
        files: &mut Files,
        depth: usize,
    ) -> Result<Vec<Directive>, Error> {
        if depth > DEPTH_MAX {
            return Err(Error::too_much(&lines.at, format!("{DEPTH_MAX} sections within sections")));
        }
        let mut found = Vec::new();
        while let Some((at, line)) = lines.next() {
            files.count(&at)?;
            let line = self.filled(&line);
            if let Some(end) = line.strip_prefix("</") {
                let end = end.trim_end().trim_end_matches('>').trim().to_ascii_lowercase();
                return if end == of {
                    Ok(found)
                } else {
                    Err(Error::syntax(&at, format!("</{end}> ends no section")))
                };
            }
            let is_section = line.starts_with('<');
            let bare = line.strip_prefix('<').map_or(&*line, |it| it.trim_end().strip_suffix('>').unwrap_or(it));
            let mut words = words(bare);
            if words.is_empty() {
                continue;
            }
            let name = words.remove(0).to_ascii_lowercase();
            let mut directive = Directive { at, name, words, section: vec![], shown: line.clone() };
            if is_section {
                directive.section = self.section(lines, &directive.name, files, depth + 1)?;
            }
            self.add(directive, files, depth, &mut found)?;
        }
        if of.is_empty() { Ok(found) } else { Err(Error::syntax(&lines.at, format!("<{of}> does not end"))) }
    }

    fn add(
        &mut self,
        directive: Directive,
        files: &mut Files,
        depth: usize,
        found: &mut Vec<Directive>,
    ) -> Result<(), Error> {
        match (directive.name.as_str(), &directive.words()[..]) {
            ("include" | "includeoptional", [pattern]) => match included(&self.base, pattern) {
                Some(paths) if depth < DEPTH_MAX => {
                    for path in paths {
                        found.extend(self.file(&path, files, depth + 1)?);
                    }
                }
                _ if directive.name == "includeoptional" => {}
                _ => self.model.leave(&directive.at, directive.shown(), "there is no such file here"),
            },
            ("define", [name, value @ ..]) => {
                self.variables.insert((*name).to_owned(), value.first().copied().unwrap_or_default().to_owned());
            }
            ("serverroot", [root]) => self.base = root.into(),
            ("ifmodule" | "ifversion", [name, ..]) if !name.starts_with('!') => found.extend(directive.section),
            ("ifdefine", [name]) => {
                let (name, wanted) = name.strip_prefix('!').map_or((*name, true), |name| (name, false));
                if self.variables.contains_key(name) == wanted {
                    found.extend(directive.section);
                }
            }
            ("ifmodule" | "ifversion", _) => {}
            _ => found.push(directive),
        }
        Ok(())
    }

    /// The line with what `${NAME}` stands for.
    fn filled(&self, line: &str) -> String {
        let (mut out, mut rest) = (String::new(), line);
        while let Some((before, behind)) = rest.split_once("${") {
            out.push_str(before);
            let Some((name, behind)) = behind.split_once('}') else {
                out.push_str("${");
                rest = behind;
                continue;
            };
            match self.variables.get(name) {
                // What grows with each variable would grow without end.
                Some(value) if out.len() < LINE_BYTES_MAX => out.push_str(value),
                _ => out.extend(["${", name, "}"]),
            }
            rest = behind;
        }
        out + rest
    }
}

struct Lines<'t> {
    lines: std::str::Lines<'t>,
    at: At,
}

impl Lines<'_> {
    /// The next line that says something, joined with those that continue it.
    fn next(&mut self) -> Option<(At, String)> {
        loop {
            let at = self.at.clone();
            let mut line = self.lines.next()?.trim().to_owned();
            self.at.line += 1;
            while let Some(start) = line.strip_suffix('\\') {
                let Some(more) = self.lines.next() else { break };
                self.at.line += 1;
                line = format!("{start} {}", more.trim());
                if line.len() > LINE_BYTES_MAX {
                    break;
                }
            }
            if !line.is_empty() && !line.starts_with('#') {
                return Some((at, line));
            }
        }
    }
}

/// Words between white space, or in quotes.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut letters) = (Vec::new(), line.chars().peekable());
    loop {
        while letters.next_if(|it| it.is_whitespace()).is_some() {}
        let Some(first) = letters.peek().copied() else { return words };
        let quote = letters.next_if(|it| "\"'".contains(*it));
        let mut word = String::new();
        while let Some(letter) = letters.next_if(|it| quote.map_or(!it.is_whitespace(), |quote| *it != quote)) {
            let escaped = (letter == '\\').then(|| letters.next_if(|it| Some(*it) == quote || *it == '\\')).flatten();
            word.push(escaped.unwrap_or(letter));
        }
        if quote.is_some() {
            letters.next();
        }
        debug_assert!(quote.is_none_or(|it| it == first), "a word begins with its quote");
        words.push(word);
    }
}

const LINE_BYTES_MAX: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_quotes() {
        assert_eq!(
            words(r#"Header set "A b" 'c "d"' e\f "g\"h""#),
            ["Header", "set", "A b", "c \"d\"", "e\\f", "g\"h"]
        );
        assert_eq!(words("a \"b"), ["a", "b"]);
        assert!(words("  ").is_empty());
    }
}
