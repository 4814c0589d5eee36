//! §6.3, clause by clause: what is a head, and what is wrong with what is none.

use htbin_cgi::{Error, Head, HeadParser, Limits, Progress};

const LIMITS: Limits = Limits { bytes_max: 64 << 10, fields_max: 100 };

/// The head of this output, and its body; an error also if it ends before its head does.
fn parse(output: &[u8]) -> Result<(Head, &[u8]), Error> {
    let mut parser = HeadParser::new(LIMITS);
    match parser.push(output)? {
        Progress::Done { head, body_start } => Ok((head, &output[body_start..])),
        Progress::More => Err(parser.finish()),
    }
}

/// Names and values in order.
fn fields(head: &Head) -> Vec<(&str, &[u8])> {
    head.fields.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect()
}

/// What the error says.
fn complaint(output: &[u8]) -> String {
    parse(output).expect_err("the head is wrong").to_string()
}

#[test]
fn s6_3_lines_end_in_lf_or_crlf() {
    for output in [
        "Content-Type: text/html\n\nbody",
        "Content-Type: text/html\r\n\r\nbody",
        "Content-Type: text/html\r\n\nbody",
        "Content-Type: text/html\n\r\nbody",
    ] {
        let (head, body) = parse(output.as_bytes()).unwrap();
        assert_eq!(fields(&head), [("content-type", &b"text/html"[..])], "{output:?}");
        assert_eq!(body, b"body");
        assert_eq!(head.status_line, None);
    }
}

#[test]
fn s6_3_white_space_around_a_value_is_none_of_it() {
    let (head, _) = parse(b"A:1\nB: 2\nC:\t 3 \t\nD: a b \nE:\nF:   \n\n").unwrap();
    assert_eq!(fields(&head), [("a", &b"1"[..]), ("b", b"2"), ("c", b"3"), ("d", b"a b"), ("e", b""), ("f", b"")]);
}

#[test]
fn s6_3_names_have_no_case() {
    let (head, _) = parse(b"CONTENT-type: text/html\nX_a!#$%&'*+-.^`|~9: v\n\n").unwrap();
    assert_eq!(head.fields["content-type"], "text/html");
    assert_eq!(head.fields["x_a!#$%&'*+-.^`|~9"], "v");
}

#[test]
fn values_keep_their_octets() {
    let (head, _) = parse(b"X: a\tb:\xe4\xff \"c\"\n\n").unwrap();
    assert_eq!(fields(&head), [("x", &b"a\tb:\xe4\xff \"c\""[..])]);
}

#[test]
fn repeated_fields_are_kept_in_order() {
    let (head, _) = parse(b"Set-Cookie: a=1\nX: x\nSet-Cookie: b=2\n\n").unwrap();
    assert_eq!(head.fields.get_all("set-cookie").iter().collect::<Vec<_>>(), ["a=1", "b=2"]);
}

#[test]
fn a_body_may_start_with_anything() {
    for body in [&b"\n\nA: b\n\n"[..], b"\0\r\xff", b"HTTP/1.1 200 OK\n\n", b""] {
        let output = [b"A: b\n\n", body].concat();
        assert_eq!(parse(&output).unwrap().1, body);
    }
}

#[test]
fn the_first_line_of_a_cgitb_page_is_dropped() {
    let (head, body) = parse(b"<!--: spam\nContent-Type: text/html\n\n<body>").unwrap();
    assert_eq!(fields(&head), [("content-type", &b"text/html"[..])]);
    assert_eq!(body, b"<body>");
    // The script had begun its head when it failed.
    let (head, _) = parse(b"Content-Type: text/plain\n<!--: spam\nContent-Type: text/html\n\n").unwrap();
    assert_eq!(head.fields.len(), 2);
    // Nothing else that is no field passes.
    assert!(parse(b"<!--: ham\nContent-Type: text/html\n\n").is_err());
}

#[test]
fn nothing_at_all() {
    assert_eq!(parse(b""), Err(Error::Empty));
}

#[test]
fn no_empty_line_before_the_end_of_output() {
    for output in [
        "Content-Type: text/html",
        "Content-Type: text/html\n",
        "Content-Type: text/html\r",
        "Content-Type: text/html\r\n",
        "Content-Type: text/html\n\r",
        "Content-Type: text/html\nContent-Le",
        "<!--: spam\n",
    ] {
        assert_eq!(parse(output.as_bytes()), Err(Error::Unterminated), "{output:?}");
    }
}

#[test]
fn no_field_before_the_empty_line() {
    for output in ["\n", "\r\n", "\nContent-Type: text/html\n\n", "<!--: spam\n\n"] {
        assert_eq!(parse(output.as_bytes()), Err(Error::NoFields), "{output:?}");
    }
}

#[test]
fn a_body_without_a_head() {
    for output in [
        "<html>\n<body>",
        "<html>",
        "Hello",
        "Hello, world\n",
        "Traceback (most recent call last):\n",
        "<!DOCTYPE html PUBLIC \"-//W3C//DTD HTML 4.01//EN\" \"http://www.w3.org/TR/html4/strict.dtd\">\n",
        "\u{feff}Content-Type: text/html\n\n",
        ": no name\n\n",
        "{\"json\": true}\n",
    ] {
        assert!(matches!(parse(output.as_bytes()), Err(Error::BodyBeforeHead(_))), "{output:?}");
    }
    assert_eq!(
        complaint(b"<html>\n"),
        "the output starts with `<html>`, which is no head; print a Content-Type field and an empty line first"
    );
}

#[test]
fn a_body_right_after_the_fields() {
    assert_eq!(
        complaint(b"Content-Type: text/html\n<html>\n"),
        "line 2 of the head has no colon: `<html>`; print an empty line after the last field"
    );
    assert_eq!(
        complaint(b"Content-Type: text/html\n<a href=\"http://a\">\n"),
        "line 2 of the head has no valid field name: `<a href=\"http://a\">`; print an empty line after the last field"
    );
    // The same where the output ends before the line does.
    assert!(matches!(parse(b"A: b\n<html>"), Err(Error::NoColon { line: 2, .. })));
    assert!(matches!(parse(b"A: b\n: c\n\n"), Err(Error::Name { line: 2, .. })));
}

#[test]
fn white_space_before_the_colon_is_refused() {
    assert!(matches!(parse(b"Content-Type : text/html\n\n"), Err(Error::SpaceBeforeColon { line: 1, .. })));
    assert!(matches!(parse(b"A: b\nC\t: d\n\n"), Err(Error::SpaceBeforeColon { line: 2, .. })));
}

#[test]
fn folded_and_indented_lines_are_refused() {
    assert!(matches!(parse(b"A: b\n c\n\n"), Err(Error::Indented { line: 2, .. })));
    assert!(matches!(parse(b"A: b\n\tC: d\n\n"), Err(Error::Indented { line: 2, .. })));
    assert!(matches!(parse(b"  Content-Type: text/html\n\n"), Err(Error::Indented { line: 1, .. })));
    assert!(matches!(parse(b"A: b\n  \n\n"), Err(Error::Indented { line: 2, .. })));
}

#[test]
fn control_characters_are_refused() {
    for byte in (0..0x20).chain([0x7f]).filter(|byte| !matches!(byte, b'\t' | b'\n')) {
        let output = [b"A: b", &[byte][..], b"c\n\n"].concat();
        assert!(matches!(parse(&output), Err(Error::Control { line: 1, byte: found, .. }) if found == byte), "{byte}");
    }
    assert!(matches!(parse(b"A: b\r\r\n\r\n"), Err(Error::Control { byte: b'\r', .. })));
    assert_eq!(
        complaint(b"A: b\rSet-Cookie: c\n\n"),
        "line 1 of the head has the control character 0x0d: `A: b\\rSet-Cookie: c`; a field may not have one"
    );
    for name in ["A\0B", "A\rB", "A B", "A\u{e4}", "A(B)"] {
        let output = format!("X: y\n{name}: c\n\n");
        assert!(matches!(parse(output.as_bytes()), Err(Error::Name { line: 2, .. })), "{name:?}");
    }
}

#[test]
fn a_head_of_exactly_the_limit_passes() {
    let output = b"A: b\n\nbody";
    let parse = |bytes_max, fields_max| HeadParser::new(Limits { bytes_max, fields_max }).push(output);
    assert!(matches!(parse(6, 1), Ok(Progress::Done { body_start: 6, .. })));
    assert_eq!(parse(5, 1), Err(Error::TooLarge { bytes_max: 5 }));
    assert_eq!(parse(0, 1), Err(Error::TooLarge { bytes_max: 0 }));
    assert_eq!(parse(6, 0), Err(Error::TooManyFields { fields_max: 0 }));
}

#[test]
fn a_head_that_never_ends_is_refused_at_the_limit() {
    let mut parser = HeadParser::new(Limits { bytes_max: 100, fields_max: 1000 });
    for _ in 0..20 {
        assert_eq!(parser.push(b"A: b\n"), Ok(Progress::More));
    }
    assert_eq!(parser.push(b""), Ok(Progress::More));
    assert_eq!(parser.push(b"A"), Err(Error::TooLarge { bytes_max: 100 }));
    assert_eq!(parser.seen().len(), 100);
    let mut parser = HeadParser::new(Limits { bytes_max: 1 << 30, fields_max: 3 });
    assert_eq!(parser.push(&b"A: b\n".repeat(4)), Err(Error::TooManyFields { fields_max: 3 }));
}

#[test]
fn what_was_seen_can_be_shown() {
    let mut parser = HeadParser::new(LIMITS);
    assert_eq!(parser.seen(), b"");
    assert_eq!(parser.push(b"A: b\nC"), Ok(Progress::More));
    assert_eq!(parser.push(b"<d>\n"), Err(Error::NoColon { line: 2, text: excerpt(b"C<d>") }));
    assert_eq!(parser.seen(), b"A: b\nC<d>\n");
    let mut parser = HeadParser::new(LIMITS);
    assert!(parser.push(b"<html>\n").is_err());
    assert_eq!(parser.seen(), b"<html>\n");
}

/// The excerpt that an error about this text has.
fn excerpt(text: &[u8]) -> htbin_cgi::error::Excerpt {
    match parse(&[b"A: b\n", text, b"\n"].concat()) {
        Err(Error::NoColon { text, .. }) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_body_starts_where_the_last_piece_says() {
    let mut parser = HeadParser::new(LIMITS);
    assert_eq!(parser.push(b"A: b\r"), Ok(Progress::More));
    assert_eq!(parser.push(b"\n\r"), Ok(Progress::More));
    assert!(matches!(parser.push(b"\nbody"), Ok(Progress::Done { body_start: 1, .. })));
    // Then the parser is as new.
    assert_eq!(parser.seen(), b"");
    assert!(matches!(parser.push(b"A: b\n\n"), Ok(Progress::Done { body_start: 6, .. })));
}

#[test]
fn octet_by_octet_is_linear() {
    // 4 MiB of one line: quadratic would take hours.
    let mut parser = HeadParser::new(Limits { bytes_max: 4 << 20, fields_max: 1 });
    for _ in 0..4 << 20 {
        assert_eq!(parser.push(b"x"), Ok(Progress::More));
    }
    assert_eq!(parser.push(b"x"), Err(Error::TooLarge { bytes_max: 4 << 20 }));
}

#[test]
fn s5_output_that_starts_with_http_is_nph() {
    let (head, body) = parse(b"HTTP/1.0 404 Not here\r\nX: y\r\n\r\nbody").unwrap();
    let line = head.status_line.clone().unwrap();
    assert_eq!((line.status.as_u16(), &line.reason[..]), (404, &b"Not here"[..]));
    assert_eq!(fields(&head), [("x", &b"y"[..])]);
    assert_eq!(body, b"body");
    // It may have no field at all.
    assert!(parse(b"HTTP/1.1 200 OK\n\nbody").is_ok());
    // Only the first line is one.
    assert!(matches!(parse(b"A: b\nHTTP/1.1 200 OK\n\n"), Err(Error::NoColon { line: 2, .. })));
    assert!(matches!(parse(b"HTTP/1.1 OK\n\n"), Err(Error::StatusLine(_))));
}

#[test]
fn s5_2_an_nph_script_starts_with_a_status_line() {
    let parse = |output: &[u8]| {
        let mut parser = HeadParser::nph(LIMITS);
        parser.push(output).map(|progress| match progress {
            Progress::More => Err(parser.finish()),
            done @ Progress::Done { .. } => Ok(done),
        })
    };
    assert!(matches!(parse(b"HTTP/1.0 200 OK\n\n"), Ok(Ok(Progress::Done { body_start: 17, .. }))));
    assert!(matches!(parse(b"Content-Type: text/html\n\n"), Err(Error::NoStatusLine(_))));
    assert!(matches!(parse(b"\n"), Err(Error::NoStatusLine(_))));
    assert!(matches!(parse(b"Hello"), Ok(Err(Error::NoStatusLine(_)))));
    assert!(matches!(parse(b"HTTP/1.1"), Ok(Err(Error::StatusLine(_)))));
    assert!(matches!(parse(b""), Ok(Err(Error::Empty))));
    // After one head it wants the same of the next.
    let mut parser = HeadParser::nph(LIMITS);
    assert!(parser.push(b"HTTP/1.0 200 OK\n\n").is_ok());
    assert!(matches!(parser.push(b"A: b\n\n"), Err(Error::NoStatusLine(_))));
}
