//! lighttpd's grammar: keys with values, and conditions with blocks.

use std::{collections::BTreeMap, iter::Peekable, path::Path, str::Chars};

use crate::import::{
    DEPTH_MAX, Error,
    model::Model,
    source::{At, Files, included},
};

/// A statement.
#[derive(Debug, Clone)]
pub(super) enum Statement {
    /// `key = value`.
    Set(Set),
    /// `$HTTP["host"] == "name" { … }`.
    Condition(Condition),
}

#[derive(Debug, Clone)]
pub(super) struct Set {
    pub(super) at: At,
    pub(super) key: String,
    pub(super) value: Value,
}

#[derive(Debug, Clone)]
pub(super) struct Condition {
    pub(super) at: At,
    /// `HTTP["host"]`; nothing: whatever was not so before.
    pub(super) field: String,
    pub(super) operator: String,
    pub(super) value: String,
    pub(super) block: Vec<Statement>,
    /// It stands behind `else`.
    pub(super) is_else: bool,
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(String),
    List(Vec<(Option<String>, Value)>),
}

impl Value {
    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The texts of a list, or one alone.
    pub(super) fn texts(&self) -> Vec<&str> {
        match self {
            Self::Text(text) => vec![text],
            Self::List(list) => list.iter().filter_map(|(_, value)| value.text()).collect(),
        }
    }

    /// The pairs of a list.
    pub(super) fn pairs(&self) -> Vec<(&str, &Value)> {
        match self {
            Self::Text(_) => Vec::new(),
            Self::List(list) => list.iter().filter_map(|(key, value)| Some((key.as_deref()?, value))).collect(),
        }
    }
}

impl Condition {
    pub(super) fn shown(&self) -> String {
        format!("${} {} \"{}\"", self.field, self.operator, self.value)
    }
}

/// What a file holds with all that it includes.
pub(super) fn parse(file: &Path, files: &mut Files, model: &mut Model) -> Result<Vec<Statement>, Error> {
    let base = file.parent().unwrap_or(Path::new("/")).to_owned();
    one(file, &base, &mut BTreeMap::new(), 0, (files, model))
}

fn one(
    file: &Path,
    base: &Path,
    variables: &mut BTreeMap<String, Value>,
    depth: usize,
    (files, model): (&mut Files, &mut Model),
) -> Result<Vec<Statement>, Error> {
    files.read(file, |text, at, files| {
        let mut reader = Reader { letters: text.chars().peekable(), at, base, variables, files, model };
        reader.block(depth, true)
    })
}

struct Reader<'a> {
    letters: Peekable<Chars<'a>>,
    at: At,
    base: &'a Path,
    variables: &'a mut BTreeMap<String, Value>,
    files: &'a mut Files,
    model: &'a mut Model,
}

impl Reader<'_> {
    fn block(&mut self, depth: usize, is_file: bool) -> Result<Vec<Statement>, Error> {
        self.check(depth)?;
        let mut found = Vec::new();
        loop {
            self.blanks(true);
            let at = self.at.clone();
            self.files.count(&at)?;
            match self.letters.peek() {
                None if is_file => return Ok(found),
                None => return Err(Error::syntax(&at, "a block that does not end")),
                Some('}') if !is_file => {
                    self.next();
                    return Ok(found);
                }
                Some('$') => found.push(self.condition(false, depth)?),
                Some(_) => self.statement(&mut found, depth)?,
            }
        }
    }

    fn statement(&mut self, found: &mut Vec<Statement>, depth: usize) -> Result<(), Error> {
        let (at, key) = (self.at.clone(), self.word());
        self.blanks(false);
        match key.as_str() {
            "" => return Err(Error::syntax(&at, "neither a key nor a condition")),
            "else" | "elsif" | "elseif" => {
                self.blanks(true);
                if self.letters.peek() != Some(&'{') {
                    self.letters.next_if(|it| *it == 'i');
                    self.letters.next_if(|it| *it == 'f');
                    self.blanks(true);
                    found.push(self.condition(true, depth)?);
                    return Ok(());
                }
                self.next();
                let block = self.block(depth + 1, false)?;
                let (field, operator, value) = (String::new(), "else".into(), String::new());
                found.push(Statement::Condition(Condition { at, field, operator, value, block, is_else: true }));
            }
            "include" => {
                let name = self.value(depth)?.text().unwrap_or_default().to_owned();
                self.check(depth + 1)?;
                let Some(paths) = included(self.base, &name) else {
                    self.model.leave(&at, &format!("include \"{name}\""), "there is no such file here");
                    return Ok(());
                };
                for path in paths {
                    found.extend(one(&path, self.base, self.variables, depth + 1, (self.files, self.model))?);
                }
            }
            "include_shell" => {
                let program = self.value(depth)?.text().unwrap_or_default().to_owned();
                self.model.leave(
                    &at,
                    &format!("include_shell \"{program}\""),
                    "nothing is run to translate; include what it prints",
                );
            }
            "global" => {
                self.blanks(true);
                if self.next() == Some('{') {
                    found.extend(self.block(depth + 1, false)?);
                }
            }
            _ => {
                let set = self.set(at, key, depth)?;
                self.keep(set, found);
            }
        }
        Ok(())
    }

    /// A list that is added to is one with what was there.
    fn keep(&mut self, set: Set, found: &mut Vec<Statement>) {
        if let Some(name) = set.key.strip_prefix("var.") {
            self.variables.insert(name.to_owned(), set.value);
        } else {
            found.push(Statement::Set(set));
        }
    }

    fn set(&mut self, at: At, key: String, depth: usize) -> Result<Set, Error> {
        let mut operator = String::new();
        while let Some(letter) = self.letters.next_if(|it| "+:=".contains(*it)) {
            operator.push(letter);
        }
        if !matches!(operator.as_str(), "=" | "+=" | ":=") {
            return Err(Error::syntax(&at, format!("no value for {}", key.escape_debug())));
        }
        Ok(Set { at, key, value: self.value(depth)? })
    }

    fn condition(&mut self, is_else: bool, depth: usize) -> Result<Statement, Error> {
        let at = self.at.clone();
        self.next();
        let mut field = String::new();
        while let Some(letter) = self.letters.next_if(|it| !it.is_whitespace() && !"=!^".contains(*it)) {
            field.push(letter);
        }
        self.blanks(true);
        let mut operator = String::new();
        while let Some(letter) = self.letters.next_if(|it| "=!~^$".contains(*it)) {
            operator.push(letter);
        }
        let value = self.value(depth)?.text().unwrap_or_default().to_owned();
        self.blanks(true);
        if self.next() != Some('{') {
            return Err(Error::syntax(&at, "a condition without a block"));
        }
        let block = self.block(depth + 1, false)?;
        Ok(Statement::Condition(Condition { at, field, operator, value, block, is_else }))
    }

    /// Terms with `+` between them.
    fn value(&mut self, depth: usize) -> Result<Value, Error> {
        let mut value = self.term(depth)?;
        loop {
            self.blanks(false);
            if self.letters.next_if(|it| *it == '+').is_none() {
                return Ok(value);
            }
            value = match (value, self.term(depth)?) {
                (Value::Text(one), Value::Text(other)) if one.len() < TEXT_BYTES_MAX => Value::Text(one + &other),
                (Value::List(one), Value::List(other)) => Value::List(one.into_iter().chain(other).collect()),
                (value, _) => value,
            };
        }
    }

    fn term(&mut self, depth: usize) -> Result<Value, Error> {
        self.check(depth)?;
        self.blanks(true);
        match self.letters.peek() {
            Some('"') => self.quoted().map(Value::Text),
            Some('(') => self.list(depth + 1),
            Some(_) => {
                let word = self.word();
                if word.is_empty() {
                    return Err(Error::syntax(&self.at, "no value"));
                }
                let name = word.strip_prefix("var.").unwrap_or(&word);
                Ok(self.variables.get(name).cloned().unwrap_or(Value::Text(word)))
            }
            None => Err(Error::syntax(&self.at, "the file ends where a value was to come")),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value, Error> {
        self.next();
        let mut list = Vec::new();
        loop {
            self.blanks(true);
            if self.letters.next_if(|it| *it == ')').is_some() {
                return Ok(Value::List(list));
            }
            self.files.count(&self.at)?;
            let value = self.value(depth)?;
            self.blanks(true);
            if self.letters.next_if(|it| *it == '=').is_some() {
                self.letters.next_if(|it| *it == '>');
                let key = value.text().map(str::to_owned);
                list.push((key, self.value(depth)?));
            } else {
                list.push((None, value));
            }
            self.blanks(true);
            self.letters.next_if(|it| *it == ',');
        }
    }

    fn quoted(&mut self) -> Result<String, Error> {
        self.next();
        let mut text = String::new();
        loop {
            match self.next() {
                Some('"') => return Ok(text),
                Some('\\') if self.letters.peek() == Some(&'"') => text.extend(self.next()),
                Some(letter) => text.push(letter),
                None => return Err(Error::syntax(&self.at, "a quote that does not end")),
            }
        }
    }

    fn word(&mut self) -> String {
        let mut word = String::new();
        while let Some(letter) = self.letters.next_if(|it| it.is_ascii_alphanumeric() || "._-".contains(*it)) {
            word.push(letter);
        }
        word
    }

    /// White space and comments; over the ends of lines, or up to one.
    fn blanks(&mut self, over_lines: bool) {
        while let Some(letter) = self.letters.peek() {
            match letter {
                '#' => while self.letters.next_if(|it| *it != '\n').is_some() {},
                '\n' if !over_lines => return,
                it if it.is_whitespace() => _ = self.next(),
                _ => return,
            }
        }
    }

    fn next(&mut self) -> Option<char> {
        let letter = self.letters.next();
        if letter == Some('\n') {
            self.at.line += 1;
        }
        letter
    }

    fn check(&self, depth: usize) -> Result<(), Error> {
        if depth > DEPTH_MAX {
            Err(Error::too_much(&self.at, format!("{DEPTH_MAX} blocks within blocks")))
        } else {
            Ok(())
        }
    }
}

/// Of a text that is put together.
const TEXT_BYTES_MAX: usize = 64 << 10;
