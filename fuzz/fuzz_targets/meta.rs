//! A request as meta-variables: every name once, none out of its place, no dropped field back in.
#![no_main]

use std::collections::HashSet;

use htbin_cgi::{MetaVariables, Source};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Version};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (Vec<(&[u8], &[u8])>, &str, &[u8], Option<&[u8]>, Option<u64>)| {
    let (pairs, text, path, path_info, content_length) = input;
    let mut fields = HeaderMap::new();
    for (name, value) in pairs {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
            fields.append(name, value);
        }
    }
    let variables = MetaVariables::new(&Source {
        method: &Method::GET,
        request_uri: text,
        query: Some(text),
        protocol: Version::HTTP_11,
        fields: &fields,
        script_name: path,
        path_info,
        path_translated: path_info,
        script_filename: path,
        document_root: path,
        remote: None,
        local: None,
        secure: false,
        tls: &[],
        content_length,
        remote_user: None,
        pass_auth: false,
        software: "fuzz",
        extra: &[],
    });
    let mut names = HashSet::new();
    for (name, value) in variables.iter() {
        assert!(name.iter().all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_')));
        assert!(!value.contains(&0) && names.insert(name));
        assert!(name != b"HTTP_PROXY" && name != b"HTTP_AUTHORIZATION");
    }
    assert_eq!(names.len(), variables.count());
});
