//! A query as arguments: no NUL, no option.
#![no_main]

use htbin_cgi::argv;
use http::Method;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|query: &str| {
    for word in argv::arguments(&Method::GET, Some(query)) {
        assert!(!word.is_empty() && !word.contains(&0));
        assert_ne!(word.iter().find(|byte| **byte > b' '), Some(&b'-'));
    }
});
