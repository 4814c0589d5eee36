//! Which values are secrets, and what is shown in their place.

use percent_encoding::percent_decode_str;

/// The value of a variable as it may be shown: nothing of passwords, tokens, keys and cookies but that they are there.
pub fn masked(name: &str, value: &str) -> String {
    match name {
        "HTTP_COOKIE" => pairs(value, "; ", |_| true),
        "QUERY_STRING" => pairs(value, "&", is_secret),
        "REQUEST_URI" | "HTTP_REFERER" => match value.split_once('?') {
            Some((path, query)) => format!("{path}?{}", pairs(query, "&", is_secret)),
            None => value.to_owned(),
        },
        _ if is_secret(name) => MASK.to_owned(),
        _ => value.to_owned(),
    }
}

/// `name=value` by `name=value`, the values masked whose names are those of secrets.
fn pairs(value: &str, separator: &str, is_secret: fn(&str) -> bool) -> String {
    let shown = value.split(separator).map(|pair| match pair.split_once('=') {
        Some((name, _)) if is_secret(&percent_decode_str(name).decode_utf8_lossy()) => format!("{name}={MASK}"),
        None if is_secret("") => MASK.to_owned(),
        _ => pair.to_owned(),
    });
    shown.collect::<Vec<_>>().join(separator)
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase().replace('-', "_");
    // SSH_AUTH_SOCK and AUTH_TYPE are none; AUTHORIZATION is.
    SECRETS.iter().any(|secret| name.contains(secret)) || name.split('_').any(|word| WORDS.contains(&word))
}

/// What stands in the place of a secret.
pub const MASK: &str = "(hidden)";
/// Wherever they stand in a name.
const SECRETS: [&str; 9] =
    ["PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "AUTHORIZATION", "CREDENTIAL", "COOKIE", "SESSIONID"];
/// Only as a word of its own: a KEYWORD is none.
const WORDS: [&str; 6] = ["KEY", "PWD", "PASS", "APIKEY", "CSRF", "SIGNATURE"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_and_nothing_else() {
        for (name, value, shown) in [
            ("HTTP_AUTHORIZATION", "Basic eHg6eXk=", "(hidden)"),
            ("DB_PASSWORD", "x", "(hidden)"),
            ("API_KEY", "x", "(hidden)"),
            ("HTTP_X_API_KEY", "x", "(hidden)"),
            ("KEYWORD", "x", "x"),
            ("SERVER_NAME", "a", "a"),
            ("HTTP_COOKIE", "a=1; b=2", "a=(hidden); b=(hidden)"),
            ("HTTP_COOKIE", "bare", "(hidden)"),
            ("QUERY_STRING", "name=Ada&token=1&to%6ben=2&x", "name=Ada&token=(hidden)&to%6ben=(hidden)&x"),
            ("REQUEST_URI", "/a?password=1&b=2", "/a?password=(hidden)&b=2"),
            ("REQUEST_URI", "/a", "/a"),
        ] {
            assert_eq!(masked(name, value), shown, "{name}");
        }
    }
}
