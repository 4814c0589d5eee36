//! The names a source file uses, read from its tokens and not from its syntax tree, so that what stands inside
//! a macro call counts like everything else.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A path as it stands in the source, keywords included: they are paths of one word.
pub(crate) struct Name {
    /// Its words. What started with `self` or `super` starts with `crate` here; `*` is a word.
    pub(crate) path: Vec<String>,
    /// Where it stands.
    pub(crate) line: usize,
    /// Stands inside `#[…]`.
    pub(crate) in_attribute: bool,
    /// Is called as a macro.
    pub(crate) is_macro: bool,
}

impl Name {
    /// Does the path start with these words?
    pub(crate) fn starts_with(&self, words: &[&str]) -> bool {
        self.path.len() >= words.len() && self.path.iter().zip(words).all(|(ours, theirs)| ours == theirs)
    }

    /// Does the path end with these words?
    pub(crate) fn ends_with(&self, words: &[&str]) -> bool {
        self.path.iter().rev().zip(words.iter().rev()).filter(|(ours, theirs)| ours == theirs).count() == words.len()
    }

    /// The path as one would write it.
    pub(crate) fn written(&self) -> String {
        self.path.join("::")
    }
}

/// Every name in a source text that is the module `module` of its crate.
pub(crate) fn of(text: &str, module: &[String]) -> Vec<Name> {
    let tokens = text.parse().expect("syn has read this text before");
    let mut found = Vec::new();
    Reader { module: module.to_vec(), prefix: Vec::new(), in_attribute: false }.read(tokens, &mut found);
    found
}

/// Where in the file we are.
#[derive(Clone)]
struct Reader {
    module: Vec<String>,
    /// Inside `use a::b::{…}`: `["a", "b"]`.
    prefix: Vec<String>,
    in_attribute: bool,
}

impl Reader {
    fn read(&self, tokens: TokenStream, found: &mut Vec<Name>) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut rest = tokens.as_slice();
        while let Some(first) = rest.first() {
            let taken = match rest {
                [TokenTree::Ident(word), TokenTree::Ident(name), TokenTree::Group(content), ..] if word == "mod" => {
                    let mut inner = self.clone();
                    inner.module.push(name.to_string());
                    inner.read(content.stream(), found);
                    3
                }
                // The new name of an import is ours to choose.
                [TokenTree::Ident(word), TokenTree::Ident(_), ..] if word == "as" && !self.prefix.is_empty() => 2,
                [TokenTree::Punct(hash), TokenTree::Group(content), ..]
                    if hash.as_char() == '#' && content.delimiter() == Delimiter::Bracket =>
                {
                    Self { in_attribute: true, ..self.clone() }.read(content.stream(), found);
                    2
                }
                _ => match first {
                    TokenTree::Ident(_) => self.read_path(rest, found),
                    TokenTree::Group(content) => {
                        Self { prefix: Vec::new(), ..self.clone() }.read(content.stream(), found);
                        1
                    }
                    _ => 1,
                },
            };
            rest = &rest[taken..];
        }
    }

    /// Takes one path off the front, and what its braces import; says how many tokens that were.
    fn read_path(&self, tokens: &[TokenTree], found: &mut Vec<Name>) -> usize {
        let line = tokens[0].span().start().line;
        let mut path = self.prefix.clone();
        path.push(tokens[0].to_string());
        let mut taken = 1;
        while let [TokenTree::Punct(a), TokenTree::Punct(b), next, ..] = &tokens[taken..] {
            if a.as_char() != ':' || b.as_char() != ':' {
                break;
            }
            match next {
                TokenTree::Ident(word) => path.push(word.to_string()),
                TokenTree::Punct(star) if star.as_char() == '*' => path.push("*".to_owned()),
                TokenTree::Group(content) if content.delimiter() == Delimiter::Brace => {
                    Self { prefix: path, ..self.clone() }.read(content.stream(), found);
                    return taken + 3;
                }
                _ => break,
            }
            taken += 3;
        }
        let is_macro = matches!(&tokens[taken..],
            [TokenTree::Punct(bang), TokenTree::Group(_), ..] if bang.as_char() == '!');
        found.push(Name { path: self.resolve(path), line, in_attribute: self.in_attribute, is_macro });
        taken
    }

    /// `self` and `super` become what they stand for.
    fn resolve(&self, mut path: Vec<String>) -> Vec<String> {
        if path.len() > 1 && path.last().is_some_and(|word| word == "self") {
            path.pop();
        }
        let ups = path.iter().take_while(|word| *word == "super" || *word == "self").count();
        if ups == 0 {
            return path;
        }
        let supers = path[..ups].iter().filter(|word| *word == "super").count();
        let kept = self.module.len().saturating_sub(supers);
        let mut absolute = vec!["crate".to_owned()];
        absolute.extend_from_slice(&self.module[..kept]);
        absolute.extend_from_slice(&path[ups..]);
        absolute
    }
}
