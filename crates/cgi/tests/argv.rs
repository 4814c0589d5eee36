//! §4.4, clause by clause: when a query becomes arguments, and when it must not.

use htbin_cgi::{Error, Fault, argv};
use http::Method;

fn arguments(query: &str) -> Vec<Vec<u8>> {
    argv::arguments(&Method::GET, Some(query))
}

#[test]
fn s4_4_words_are_split_at_plus_and_decoded() {
    for (query, words) in [
        ("word", &["word"][..]),
        ("two+words", &["two", "words"]),
        ("a%20b+c%2Bd", &["a b", "c+d"]),
        ("%c3%a4", &["ä"]),
        ("a%3Db", &["a=b"]),
        ("x-y", &["x-y"]),
        ("$(touch%20x)+;ls+`id`", &["$(touch x)", ";ls", "`id`"]),
        ("()%20{%20:;}", &["() { :;}"]),
    ] {
        assert_eq!(arguments(query), words.iter().map(|word| word.as_bytes()).collect::<Vec<_>>(), "{query}");
    }
    assert_eq!(arguments("%FF"), [[0xff]]);
}

#[test]
fn s4_4_a_form_gives_none() {
    for query in ["a=b", "=", "a+b=c", "name=jame&last=curry", "-s=1"] {
        assert_eq!(argv::parse(&Method::GET, Some(query)), Ok(vec![]), "{query}");
    }
}

#[test]
fn s4_4_an_empty_query_gives_none() {
    assert_eq!(argv::parse(&Method::GET, Some("")), Ok(vec![]));
    assert_eq!(argv::parse(&Method::GET, None), Ok(vec![]));
}

#[test]
fn s4_4_only_get_and_head_give_any() {
    assert_eq!(argv::arguments(&Method::HEAD, Some("a")), [b"a"]);
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
        assert_eq!(argv::parse(&method, Some("a")), Ok(vec![]), "{method}");
    }
}

#[test]
fn cve_2012_1823_a_word_that_starts_with_a_hyphen_gives_none() {
    for query in ["-s", "%2Ds", "%2ds", "a+-s", "-d+allow_url_include%3don", "%20-s", "%09%0a-s", "--", "-"] {
        let answer = argv::parse(&Method::GET, Some(query));
        assert_eq!(answer, Err(Error::ArgumentIsOption), "{query}");
        assert_eq!(answer.unwrap_err().fault(), Fault::Client);
        assert!(arguments(query).is_empty(), "{query}");
    }
}

#[test]
fn s4_4_what_cannot_be_decoded_gives_none() {
    for query in ["a%", "a%2", "a%zz", "%+20", "a%00b", "a++b", "+", "a+", "+a", "%g0", "%2%30"] {
        assert_eq!(argv::parse(&Method::GET, Some(query)), Err(Error::ArgumentNotValid), "{query}");
    }
}

#[test]
fn words_are_limited_in_number_and_size() {
    assert_eq!(arguments(&vec!["a"; 1024].join("+")).len(), 1024);
    assert_eq!(argv::parse(&Method::GET, Some(&vec!["a"; 1025].join("+"))), Err(Error::ArgumentsTooLarge));
    assert_eq!(arguments(&"a".repeat(32 << 10)).len(), 1);
    assert_eq!(argv::parse(&Method::GET, Some(&"a".repeat((32 << 10) + 1))), Err(Error::ArgumentsTooLarge));
}
