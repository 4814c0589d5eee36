//! The statements of a program in Python, as far as a line shows them: strings and comments are no statements.

/// Where a statement starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Statement<'t> {
    /// The number of its line, from 1.
    pub(super) line: usize,
    /// Nothing stands around it: no function, no `if`, no `try`.
    pub(super) is_outermost: bool,
    /// From its first letter to the end of the line.
    pub(super) text: &'t str,
}

/// All statements, in order.
pub(super) fn statements(text: &str) -> impl Iterator<Item = Statement<'_>> {
    Reader { text, at: 0, line: 1, depth: 0, starts: true, line_start: 0, is_outermost: true }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    line: usize,
    /// Brackets that are open.
    depth: usize,
    /// A statement may start here.
    starts: bool,
    line_start: usize,
    is_outermost: bool,
}

impl<'t> Iterator for Reader<'t> {
    type Item = Statement<'t>;

    fn next(&mut self) -> Option<Statement<'t>> {
        while let Some(&byte) = self.text.as_bytes().get(self.at) {
            match byte {
                b'#' => self.at = self.end_of_line(self.at),
                b'"' | b'\'' => {
                    self.starts = false;
                    self.skip_string(byte);
                }
                b'\n' => self.new_line(),
                // A line that goes on.
                b'\\' => {
                    self.line += usize::from(self.text.as_bytes().get(self.at + 1) == Some(&b'\n'));
                    self.at += 2;
                }
                b' ' | b'\t' | b'\r' | b'\x0c' => self.at += 1,
                b';' | b':' => {
                    self.starts |= self.depth == 0;
                    self.is_outermost &= byte == b';';
                    self.at += 1;
                }
                // What a backslash skipped may be a part of a letter.
                _ if self.starts && self.text.is_char_boundary(self.at) => return Some(self.start()),
                _ => {
                    match byte {
                        b'(' | b'[' | b'{' => self.depth += 1,
                        b')' | b']' | b'}' => self.depth = self.depth.saturating_sub(1),
                        _ => {}
                    }
                    self.at += 1;
                }
            }
        }
        None
    }
}

impl<'t> Reader<'t> {
    fn start(&mut self) -> Statement<'t> {
        self.starts = false;
        let is_first = self.text[self.line_start..self.at].trim().is_empty();
        if is_first {
            self.is_outermost = self.at == self.line_start;
        }
        let text = &self.text[self.at..self.end_of_line(self.at)];
        Statement { line: self.line, is_outermost: self.is_outermost, text }
    }

    fn new_line(&mut self) {
        self.at += 1;
        self.line += 1;
        if self.depth == 0 {
            self.starts = true;
            self.line_start = self.at;
        }
    }

    fn skip_string(&mut self, mark: u8) {
        let bytes = self.text.as_bytes();
        let is_long = bytes[self.at..].starts_with(&[mark; 3]);
        self.at += if is_long { 3 } else { 1 };
        while let Some(&byte) = bytes.get(self.at) {
            match byte {
                b'\\' => {
                    self.line += usize::from(bytes.get(self.at + 1) == Some(&b'\n'));
                    self.at += 2;
                }
                // A short string that is not closed ends with its line.
                b'\n' if !is_long => return,
                _ if byte == mark && (!is_long || bytes[self.at..].starts_with(&[mark; 3])) => {
                    self.at += if is_long { 3 } else { 1 };
                    return;
                }
                _ => {
                    self.line += usize::from(byte == b'\n');
                    self.at += 1;
                }
            }
        }
    }

    fn end_of_line(&self, from: usize) -> usize {
        memchr::memchr(b'\n', &self.text.as_bytes()[from..]).map_or(self.text.len(), |at| from + at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_comments_and_brackets_are_no_statements() {
        let text = "#!/usr/bin/env python3\nimport os\n\"\"\"\nprint 'no'\n\"\"\"\nx = (1,\n  print)\nif x: import re; y\n  z\n";
        let found: Vec<_> = statements(text).map(|it| (it.line, it.is_outermost, it.text)).collect();
        assert_eq!(
            found,
            [
                (2, true, "import os"),
                (6, true, "x = (1,"),
                (8, true, "if x: import re; y"),
                (8, false, "import re; y"),
                (8, false, "y"),
                (9, false, "z")
            ]
        );
    }

    #[test]
    fn what_is_broken_is_read_to_its_end() {
        for text in ["'", "\"\"\"abc", "\\", "a\\", "\\é x", "((((", "'a\\", "\u{fffd}\\\u{fffd}'", "))):::;;;'"] {
            _ = statements(text).count();
        }
    }
}
