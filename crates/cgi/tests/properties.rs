//! What holds for every input: where it is cut makes no difference, nothing panics, nothing gets out of its place.

use std::ffi::OsString;

use htbin_cgi::{Error, Head, HeadParser, Limits, MetaVariables, Progress, Response, Source, argv, script_uri};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Version};
use proptest::{collection::vec, prelude::*};

/// What a parser says in the end, and how many octets the head had.
type Answer = Result<(Head, usize), Error>;

/// Parses pieces; the end of the last one is the end of output.
fn parse<'a>(mut parser: HeadParser, pieces: impl Iterator<Item = &'a [u8]>) -> Answer {
    let mut before = 0;
    for piece in pieces {
        if let Progress::Done { head, body_start } = parser.push(piece)? {
            assert!(body_start <= piece.len());
            return Ok((head, before + body_start));
        }
        before += piece.len();
    }
    Err(parser.finish())
}

/// Output that is nearly a head: such input finds more than noise does.
fn output() -> impl Strategy<Value = Vec<u8>> {
    let words: &[&[u8]] = &[
        b"\n",
        b"\r\n",
        b"\n\n",
        b"\r\n\r\n",
        b"\r",
        b":",
        b": ",
        b" ",
        b"\t",
        b"\0",
        b"\xff",
        b"a",
        b"Content-Type: text/html",
        b"Status: 200 OK",
        b"Status: 404",
        b"Location: /a",
        b"Location: http://a/",
        b"Content-Length: 1",
        b"HTTP/1.1 200 OK",
        b"HTTP/",
        b"<!--: spam",
        b"<html>",
        b"X-Y",
        b"Connection: close",
    ];
    prop_oneof![vec(proptest::sample::select(words), 0..24).prop_map(|words| words.concat()), vec(any::<u8>(), 0..120),]
}

fn limits() -> impl Strategy<Value = Limits> {
    (prop_oneof![0..200_usize, Just(64 << 10)], 0..12_usize)
        .prop_map(|(bytes_max, fields_max)| Limits { bytes_max, fields_max })
}

fn parser(limits: Limits, nph: bool) -> HeadParser {
    if nph { HeadParser::nph(limits) } else { HeadParser::new(limits) }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn every_split_point_gives_the_same_answer(output in output(), limits in limits(), nph: bool) {
        let whole = parse(parser(limits, nph), [&output[..]].into_iter());
        for at in 0..=output.len() {
            let (left, right) = output.split_at(at);
            prop_assert_eq!(&parse(parser(limits, nph), [left, right].into_iter()), &whole, "cut at {}", at);
        }
        prop_assert_eq!(&parse(parser(limits, nph), output.chunks(1)), &whole);
        prop_assert_eq!(&parse(parser(limits, nph), output.chunks(3)), &whole);
    }

    #[test]
    fn a_parser_keeps_no_more_than_its_limit(output in output(), limits in limits(), size in 1..50_usize) {
        let mut parser = HeadParser::new(limits);
        let mut failed = None;
        for piece in output.chunks(size) {
            let answer = parser.push(piece);
            prop_assert!(parser.seen().len() <= limits.bytes_max);
            if let Some(error) = failed {
                prop_assert_eq!(&answer, &Err(error), "an error stays");
            }
            failed = answer.err();
            if let Some(error) = &failed {
                prop_assert_eq!(&parser.finish(), error);
            }
        }
    }

    #[test]
    fn an_error_fits_into_one_line(output in output(), limits in limits(), nph: bool) {
        let error = match parse(parser(limits, nph), [&output[..]].into_iter()) {
            Ok((head, _)) => Response::from_head(head).err(),
            Err(error) => Some(error),
        };
        if let Some(error) = error {
            let line = error.to_string();
            prop_assert!(line.len() < 1000 && !line.chars().any(char::is_control), "{}", line);
            prop_assert!(!line.ends_with('.') && line.starts_with(|c: char| c.is_lowercase()), "{}", line);
        }
    }

    #[test]
    fn a_response_cannot_be_split(output in output(), limits in limits()) {
        let Ok((head, _)) = parse(HeadParser::new(limits), [&output[..]].into_iter()) else { return Ok(()) };
        match Response::from_head(head) {
            Ok(Response::Document(document) | Response::ClientRedirect(document) | Response::Nph(document)) => {
                prop_assert!((200..600).contains(&document.status.as_u16()));
                for name in ["status", "connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade"] {
                    // An NPH head may have a field of that name: it means nothing there.
                    prop_assert!(name == "status" || !document.headers.contains_key(name));
                }
                for value in document.headers.values() {
                    prop_assert!(!value.as_bytes().iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)));
                }
                for byte in document.reason.iter().flatten() {
                    prop_assert!(!byte.is_ascii_control() || *byte == b'\t');
                }
            }
            Ok(Response::LocalRedirect { location }) => {
                prop_assert!(location.starts_with('/') && !location.starts_with("//"));
                prop_assert!(location.bytes().all(|byte| byte.is_ascii_graphic()));
            }
            Err(_) => {}
        }
    }

    #[test]
    fn a_location_stays_one_line_of_ascii(value in "[^\\x00-\\x1f\\x7f]{0,40}", other: bool) {
        let output = format!("Location: {value}\n{}\n", if other { "X: y\n" } else { "" });
        let limits = Limits { bytes_max: 1000, fields_max: 9 };
        let (head, _) = parse(HeadParser::new(limits), [output.as_bytes()].into_iter()).unwrap();
        match Response::from_head(head) {
            Ok(Response::LocalRedirect { location }) => {
                prop_assert!(!other && location.starts_with('/') && location.bytes().all(|byte| byte.is_ascii_graphic()));
            }
            Ok(Response::ClientRedirect(document)) => {
                prop_assert!(document.headers["location"].as_bytes().iter().all(u8::is_ascii_graphic));
            }
            other => prop_assert!(matches!(other, Err(Error::Location(_))), "{:?}", other),
        }
    }

    #[test]
    fn arguments_are_never_options(query in "[-+%=a-z0-9 \\x00\\xe4]{0,30}|[-+%0-9a-f]{0,12}|\\PC{0,20}") {
        for word in argv::arguments(&Method::GET, Some(&query)) {
            prop_assert!(!word.is_empty() && !word.contains(&0));
            prop_assert!(word.iter().find(|byte| **byte > b' ') != Some(&b'-'), "{:?}", word);
        }
    }

    #[test]
    fn a_word_comes_back_as_it_was(words in vec(vec(1..=255_u8, 1..9), 1..9)) {
        let codes = |word: &Vec<u8>| word.iter().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat();
        let query = words.iter().map(codes).collect::<Vec<_>>().join("+");
        let option = words.iter().any(|word| word.iter().find(|byte| **byte > b' ') == Some(&b'-'));
        prop_assert_eq!(argv::arguments(&Method::GET, Some(&query)), if option { vec![] } else { words });
    }

    #[test]
    fn the_parts_of_a_split_are_the_path(path in "[/ab.]{0,20}") {
        let mut shorter = 0;
        for split in script_uri::splits(path.as_bytes()) {
            prop_assert_eq!([split.script_path, split.extra_path].concat(), path.as_bytes());
            prop_assert!(split.script_path.len() > shorter && !split.script_path.ends_with(b"/"));
            prop_assert!(split.extra_path.is_empty() || split.extra_path.starts_with(b"/"));
            shorter = split.script_path.len();
        }
        let segments = path.split('/').filter(|segment| !segment.is_empty()).count();
        prop_assert_eq!(script_uri::splits(path.as_bytes()).count(), segments);
    }

    #[test]
    fn no_request_gets_out_of_its_variables(
        fields in vec(("[!#$%&'*+.^_`|~a-zA-Z0-9-]{1,12}|[xX][-_]?[a]|[a-zA-Z-]{4,17}", vec(32..=255_u8, 0..9)), 0..12),
        texts in vec("[^\\x00]{0,12}|\\x00{0,3}[ -~]{0,9}", 4),
        paths in vec(vec(any::<u8>(), 0..9), 5),
        extra in vec(("[A-C=\\x00]{0,2}|SERVER_NAME|HTTP_X_A|PATH_INFO", "[ -~\\x00]{0,5}"), 0..5),
        (secure, pass_auth, content_length) in any::<(bool, bool, Option<u64>)>(),
    ) {
        let mut map = HeaderMap::new();
        for (name, value) in &fields {
            if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value)) {
                map.append(name, value);
            }
        }
        let extra: Vec<(OsString, OsString)> = extra.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        let source = Source {
            method: &Method::POST,
            request_uri: &texts[0],
            query: Some(&texts[1]),
            protocol: Version::HTTP_11,
            fields: &map,
            script_name: &paths[0],
            path_info: Some(&paths[1]),
            path_translated: Some(&paths[2]),
            script_filename: &paths[3],
            document_root: &paths[4],
            remote: None,
            local: None,
            secure,
            tls: &[],
            content_length,
            remote_user: Some((&texts[2], &texts[3])),
            pass_auth,
            software: "test",
            extra: &extra,
        };
        let variables = MetaVariables::new(&source);
        prop_assert_eq!(&MetaVariables::new(&source), &variables, "the same request gives the same block");
        prop_assert_eq!(variables.iter().count(), variables.count());
        let mut names: Vec<&[u8]> = variables.iter().map(|(name, _)| name).collect();
        for name in &names {
            let own = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
            prop_assert!(!name.is_empty() && name.iter().all(own), "{:?}", name.escape_ascii().to_string());
        }
        names.sort_unstable();
        prop_assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "every name comes once");
        prop_assert!(variables.find("HTTP_PROXY").is_none() && variables.find("HTTP_CONTENT_LENGTH").is_none());
        prop_assert!(pass_auth || variables.find("HTTP_AUTHORIZATION").is_none());
        let rebuilt: Vec<u8> =
            variables.iter().flat_map(|(name, value)| [name, b"=", value, b"\0"].concat()).collect();
        prop_assert_eq!(variables.block(), rebuilt);
    }
}
