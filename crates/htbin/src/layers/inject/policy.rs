//! What a page's Content-Security-Policy says of the script of `--live`. A policy of somebody else's is obeyed; our own
//! pages allow the script by its hash, and nothing more.

use http::{HeaderMap, HeaderValue, header};

use crate::live::SCRIPT_HASH;

/// May the script run, and listen, under all policies of these fields?
pub(super) fn allows(fields: &HeaderMap) -> bool {
    let values = fields.get_all(header::CONTENT_SECURITY_POLICY);
    values.iter().all(|value| value.to_str().is_ok_and(|value| value.split(',').all(one_allows)))
}

fn one_allows(policy: &str) -> bool {
    let sources = |names: &[&str]| names.iter().find_map(|name| directive(policy, name));
    let scripts = sources(&["script-src-elem", "script-src", "default-src"]).is_none_or(|sources| {
        let is_strict =
            |source: &str| ["'nonce-", "'sha256-", "'sha384-", "'sha512-"].iter().any(|it| source.starts_with(it));
        let has_hash = sources.contains(&SCRIPT_HASH);
        // A nonce or a hash beside it takes away what 'unsafe-inline' says (CSP 3, §6.7.3.2).
        let is_free = sources.iter().any(|source| source.eq_ignore_ascii_case("'unsafe-inline'"));
        has_hash || is_free && !sources.iter().any(|source| is_strict(source) || *source == "'strict-dynamic'")
    });
    let events = sources(&["connect-src", "default-src"])
        .is_none_or(|sources| sources.iter().any(|source| *source == "*" || source.eq_ignore_ascii_case("'self'")));
    let sandbox = directive(policy, "sandbox")
        .is_none_or(|allowed| allowed.contains(&"allow-scripts") && allowed.contains(&"allow-same-origin"));
    scripts && events && sandbox
}

/// The words of a directive; the first of a name counts.
fn directive<'a>(policy: &'a str, name: &str) -> Option<Vec<&'a str>> {
    policy.split(';').find_map(|directive| {
        let mut words = directive.split_ascii_whitespace();
        words.next().filter(|found| found.eq_ignore_ascii_case(name)).map(|_| words.collect())
    })
}

/// Lets the script into a page of our own.
pub(super) fn extend(fields: &mut HeaderMap) {
    let Some(policy) = fields.get(header::CONTENT_SECURITY_POLICY).and_then(|value| value.to_str().ok()) else {
        return;
    };
    let mut extended = policy.to_owned();
    for (name, source) in [("script-src", SCRIPT_HASH), ("connect-src", "'self'")] {
        extended = with_source(&extended, name, source);
    }
    if let Ok(value) = HeaderValue::try_from(extended) {
        fields.insert(header::CONTENT_SECURITY_POLICY, value);
    }
}

fn with_source(policy: &str, name: &str, source: &str) -> String {
    match directive(policy, name) {
        None => format!("{policy}; {name} {source}"),
        Some(sources) if sources.contains(&source) => policy.to_owned(),
        Some(_) => {
            let extended = policy.split(';').map(|it| {
                let is_it = it.split_ascii_whitespace().next() == Some(name);
                if is_it { format!("{it} {source}") } else { it.to_owned() }
            });
            extended.collect::<Vec<_>>().join(";")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(policies: &[&str]) -> HeaderMap {
        let pair = |policy: &&str| (header::CONTENT_SECURITY_POLICY, HeaderValue::from_str(policy).unwrap());
        policies.iter().map(pair).collect()
    }

    #[test]
    fn a_policy_that_forbids_the_script_is_obeyed() {
        for policies in [
            &[][..],
            &["img-src 'self'"],
            &["default-src 'self' 'unsafe-inline'"],
            &["script-src 'unsafe-inline'; connect-src *"],
            &["default-src 'none'; script-src-elem 'unsafe-inline'; connect-src 'self'"],
            &["sandbox allow-scripts allow-same-origin"],
        ] {
            assert!(allows(&fields(policies)), "{policies:?}");
        }
        for policies in [
            &["default-src 'self'"][..],
            &["script-src 'unsafe-inline' 'nonce-abc'"],
            &["default-src 'unsafe-inline'"],
            &["script-src 'unsafe-inline'", "script-src 'self'"],
            &["script-src 'unsafe-inline', script-src 'none'"],
            &["connect-src https://api.example"],
            &["sandbox allow-scripts"],
        ] {
            assert!(!allows(&fields(policies)), "{policies:?}");
        }
    }

    #[test]
    fn our_own_policy_lets_in_this_script_alone() {
        let extended = |policy| {
            let mut fields = fields(&[policy]);
            extend(&mut fields);
            assert!(allows(&fields), "{fields:?}");
            fields[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned()
        };
        assert_eq!(
            extended("default-src 'none'"),
            format!("default-src 'none'; script-src {SCRIPT_HASH}; connect-src 'self'")
        );
        assert_eq!(
            extended("default-src 'none'; script-src 'sha256-a'; connect-src 'self'"),
            format!("default-src 'none'; script-src 'sha256-a' {SCRIPT_HASH}; connect-src 'self'")
        );
    }
}
