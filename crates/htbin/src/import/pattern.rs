//! The regular expressions that people write into configurations of servers, as far as htbin's routes can say the same.

/// What a regular expression of paths comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    /// This path alone.
    Exact(String),
    /// This path and all below it. What follows it is captured as `$1`: from its slash on, or behind that.
    Prefix(String, Rest),
    /// Paths with a name that ends so.
    Suffix(Vec<String>),
}

/// What `$1` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    None,
    WithSlash,
    BehindSlash,
}

/// The shape of a regular expression, if it is simple enough.
pub(super) fn shape(regex: &str) -> Option<Shape> {
    if let Some(rest) = regex.strip_prefix("^/") {
        return prefix(rest);
    }
    let rest =
        ["^.+", "^.*", ".+", ".*", "[^/]+", "[^/]"].iter().find_map(|it| regex.strip_prefix(it)).unwrap_or(regex);
    let rest = rest.strip_prefix("\\.")?;
    let ends = ["(/|$)", "(?:/|$)", "(/.*)?$", "(/.+)?$", "$"];
    let names = ends.iter().find_map(|end| rest.strip_suffix(end)).unwrap_or(rest);
    let group = names.strip_prefix("(?:").or_else(|| names.strip_prefix('('));
    let names: Vec<String> = match group {
        Some(group) => group.strip_suffix(')')?.split('|').map(|name| format!(".{name}")).collect(),
        None => vec![format!(".{names}")],
    };
    let is_plain = |name: &String| name.len() > 1 && name[1..].bytes().all(|it| it.is_ascii_alphanumeric());
    names.iter().all(is_plain).then_some(Shape::Suffix(names))
}

fn prefix(regex: &str) -> Option<Shape> {
    let (literal, tail) = literal(regex);
    let path = format!("/{literal}");
    let trimmed = if path.len() > 1 { path.trim_end_matches('/').to_owned() } else { path.clone() };
    let ends_with_slash = path.ends_with('/');
    let rest = match tail {
        "$" | "/?$" => return Some(Shape::Exact(path)),
        "" | ".*" | ".*$" | "(/|$)" | "(?:/|$)" => Rest::None,
        "(.*)" | "(.*)$" | "(.+)$" | "(.+)" if ends_with_slash => Rest::BehindSlash,
        "(.*)" | "(.*)$" | "(/.*)?$" | "(/.*)$" | "(/.*)?" if !ends_with_slash => Rest::WithSlash,
        _ => return None,
    };
    Some(Shape::Prefix(if trimmed.is_empty() { "/".into() } else { trimmed }, rest))
}

/// The letters that a regular expression begins with, and what follows them.
fn literal(regex: &str) -> (String, &str) {
    let (mut text, mut rest) = (String::new(), regex);
    while let Some(letter) = rest.chars().next() {
        let (literal, length) = match letter {
            '\\' => match rest[1..].chars().next() {
                Some(escaped) if !escaped.is_ascii_alphanumeric() => (escaped, 1 + escaped.len_utf8()),
                _ => break,
            },
            // A dot that stands for itself, as it mostly is meant.
            '.' if rest[1..].starts_with(|next: char| next.is_ascii_alphanumeric()) => ('.', 1),
            '.' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '^' | '$' => break,
            letter => (letter, letter.len_utf8()),
        };
        // A letter that may be left out or repeated is none that stands for itself.
        if rest[length..].starts_with(['*', '+', '?', '{']) {
            break;
        }
        text.push(literal);
        rest = &rest[length..];
    }
    (text, rest)
}

/// Where to send the client, as htbin has it; nothing if it has no words for that.
pub(super) fn target(to: &str, rest: Rest) -> Option<String> {
    if to.contains(['{', '}', '%']) || !to.is_ascii() || to.contains(|it: char| it.is_ascii_control() || it == ' ') {
        return None;
    }
    let filled = match rest {
        Rest::None => to.to_owned(),
        Rest::WithSlash => to.replace("$1", "{rest}"),
        Rest::BehindSlash => to.replace("/$1", "{rest}"),
    };
    // A question mark at the end takes the query away, which htbin keeps.
    (!filled.contains('$') && !filled.ends_with('?')).then_some(filled)
}

/// A path as a glob that fits it alone.
pub(super) fn glob(path: &str) -> String {
    path.chars().flat_map(|it| "*?[]{}\\!".contains(it).then_some('\\').into_iter().chain([it])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        let prefix = |path: &str, rest| Some(Shape::Prefix(path.into(), rest));
        for (regex, expected) in [
            ("^/cgi-bin/", prefix("/cgi-bin", Rest::None)),
            ("^/cgi-bin(/|$)", prefix("/cgi-bin", Rest::None)),
            ("^/old/(.*)$", prefix("/old", Rest::BehindSlash)),
            ("^/old(/.*)?$", prefix("/old", Rest::WithSlash)),
            ("^/(.*)$", prefix("/", Rest::BehindSlash)),
            ("^/a\\.b$", Some(Shape::Exact("/a.b".into()))),
            ("\\.php$", Some(Shape::Suffix(vec![".php".into()]))),
            ("\\.(cgi|pl)$", Some(Shape::Suffix(vec![".cgi".into(), ".pl".into()]))),
            ("[^/]\\.php(/|$)", Some(Shape::Suffix(vec![".php".into()]))),
            ("^/a[0-9]$", None),
            ("^/ab*$", None),
            ("^/(a|b)/", None),
            ("foo", None),
        ] {
            assert_eq!(shape(regex), expected, "{regex}");
        }
    }

    #[test]
    fn targets() {
        assert_eq!(target("/new/$1", Rest::BehindSlash).as_deref(), Some("/new{rest}"));
        assert_eq!(target("/new$1", Rest::WithSlash).as_deref(), Some("/new{rest}"));
        assert_eq!(target("/new?x=$1", Rest::BehindSlash), None);
        assert_eq!(target("/{x}", Rest::None), None);
        assert_eq!(glob("/a*b"), "/a\\*b");
    }
}
