//! What a head means: never a response that splits, never a status out of range.
#![no_main]

use htbin_cgi::{HeadParser, Limits, Progress, Response};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|output: &[u8]| {
    let mut parser = HeadParser::new(Limits { bytes_max: 64 << 10, fields_max: 100 });
    let Ok(Progress::Done { head, .. }) = parser.push(output) else { return };
    match Response::from_head(head) {
        Ok(Response::Document(document) | Response::ClientRedirect(document) | Response::Nph(document)) => {
            assert!((200..600).contains(&document.status.as_u16()));
            assert!(
                !document.headers.contains_key("transfer-encoding") && !document.headers.contains_key("connection")
            );
            assert_eq!(document.content_length.is_some(), document.headers.contains_key("content-length"));
            assert!(document.reason.iter().flatten().all(|byte| !byte.is_ascii_control() || *byte == b'\t'));
        }
        Ok(Response::LocalRedirect { location }) => {
            assert!(location.starts_with('/') && !location.starts_with("//"));
            assert!(location.bytes().all(|byte| byte.is_ascii_graphic()));
        }
        Err(error) => assert!(!error.to_string().chars().any(char::is_control)),
    }
});
