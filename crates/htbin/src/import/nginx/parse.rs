//! nginx's grammar: directives of words that end with a semicolon or a block.

use std::path::Path;

use crate::import::{
    DEPTH_MAX, Error,
    model::Model,
    source::{At, Files, included},
};

/// A directive with its block.
#[derive(Debug, Clone)]
pub(super) struct Directive {
    pub(super) at: At,
    pub(super) name: String,
    pub(super) words: Vec<String>,
    pub(super) block: Vec<Directive>,
}

impl Directive {
    pub(super) fn first(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// As it stands in the file, nearly.
    pub(super) fn shown(&self) -> String {
        format!("{} {}", self.name, self.words.join(" "))
    }
}

/// What a file holds with all that it includes.
pub(super) fn parse(file: &Path, files: &mut Files, model: &mut Model) -> Result<Vec<Directive>, Error> {
    let base = file.parent().unwrap_or(Path::new("/")).to_owned();
    one(file, &base, 0, files, model)
}

fn one(file: &Path, base: &Path, depth: usize, files: &mut Files, model: &mut Model) -> Result<Vec<Directive>, Error> {
    files.read(file, |text, at, files| {
        let mut reader = Reader { letters: text.chars().peekable(), at, base, files, model };
        reader.block(depth, true)
    })
}

struct Reader<'a> {
    letters: std::iter::Peekable<std::str::Chars<'a>>,
    at: At,
    base: &'a Path,
    files: &'a mut Files,
    model: &'a mut Model,
}

enum Token {
    Word(String),
    End,
    Open,
    Close,
}

impl Reader<'_> {
    fn block(&mut self, depth: usize, is_file: bool) -> Result<Vec<Directive>, Error> {
        if depth > DEPTH_MAX {
            return Err(Error::too_much(&self.at, format!("{DEPTH_MAX} blocks within blocks")));
        }
        let (mut found, mut words, mut at) = (Vec::new(), Vec::new(), self.at.clone());
        loop {
            match self.token()? {
                Some(Token::Word(word)) => {
                    if words.is_empty() {
                        at = self.at.clone();
                    }
                    words.push(word);
                }
                Some(end @ (Token::End | Token::Open)) => {
                    if words.is_empty() {
                        return Err(Error::syntax(&self.at, "a directive without a name"));
                    }
                    self.files.count(&at)?;
                    let name = words.remove(0);
                    let mut directive =
                        Directive { at: at.clone(), name, words: std::mem::take(&mut words), block: vec![] };
                    if matches!(end, Token::Open) {
                        directive.block = self.block(depth + 1, false)?;
                    }
                    if directive.name == "include" {
                        found.extend(self.include(&directive, depth + 1)?);
                    } else {
                        found.push(directive);
                    }
                }
                Some(Token::Close) if !is_file && words.is_empty() => return Ok(found),
                None if is_file && words.is_empty() => return Ok(found),
                Some(Token::Close) => return Err(Error::syntax(&self.at, "a '}' that nothing has opened")),
                None => return Err(Error::syntax(&self.at, "the file ends within a directive or a block")),
            }
        }
    }

    fn include(&mut self, directive: &Directive, depth: usize) -> Result<Vec<Directive>, Error> {
        if depth > DEPTH_MAX {
            return Err(Error::too_much(&directive.at, format!("{DEPTH_MAX} blocks within blocks")));
        }
        let name = directive.first();
        if ["mime.types", "fastcgi_params", "fastcgi.conf"].iter().any(|known| name.ends_with(known)) {
            self.model.needless(&directive.shown());
            return Ok(Vec::new());
        }
        let Some(paths) = included(self.base, name) else {
            self.model.leave(&directive.at, &directive.shown(), "there is no such file here");
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        for path in paths {
            found.extend(one(&path, self.base, depth, self.files, self.model)?);
        }
        Ok(found)
    }

    fn next(&mut self) -> Option<char> {
        let letter = self.letters.next();
        if letter == Some('\n') {
            self.at.line += 1;
        }
        letter
    }

    fn token(&mut self) -> Result<Option<Token>, Error> {
        loop {
            match self.letters.peek() {
                None => return Ok(None),
                Some('#') => while self.letters.next_if(|it| *it != '\n').is_some() {},
                Some(it) if it.is_whitespace() => _ = self.next(),
                Some(';') => return Ok(self.next().map(|_| Token::End)),
                Some('{') => return Ok(self.next().map(|_| Token::Open)),
                Some('}') => return Ok(self.next().map(|_| Token::Close)),
                Some('"' | '\'') => return self.quoted().map(|word| Some(Token::Word(word))),
                Some(_) => return Ok(Some(Token::Word(self.bare()))),
            }
        }
    }

    fn quoted(&mut self) -> Result<String, Error> {
        let (quote, mut word) = (self.next(), String::new());
        loop {
            match self.next() {
                None => return Err(Error::syntax(&self.at, "a quote that does not end")),
                letter if letter == quote => return Ok(word),
                Some('\\') => match self.next() {
                    Some(letter @ ('"' | '\'' | '\\')) => word.push(letter),
                    Some(letter) => word.extend(['\\', letter]),
                    None => {}
                },
                Some(letter) => word.push(letter),
            }
        }
    }

    fn bare(&mut self) -> String {
        let mut word = String::new();
        loop {
            let is_variable = word.ends_with('$') && self.letters.peek() == Some(&'{');
            if is_variable {
                while let Some(letter) = self.letters.next_if(|it| *it != '}' && !it.is_whitespace()) {
                    word.push(letter);
                }
                word.extend(self.letters.next_if(|it| *it == '}'));
                continue;
            }
            match self.letters.peek() {
                None | Some(';' | '{' | '}') => return word,
                Some(it) if it.is_whitespace() => return word,
                Some('\\') => {
                    word.extend(self.next());
                    word.extend(self.next());
                }
                Some(_) => word.extend(self.next()),
            }
        }
    }
}
