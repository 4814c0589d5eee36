//! A head in one piece, in two and octet by octet: three times the same answer.
#![no_main]

use htbin_cgi::{Error, Head, HeadParser, Limits, Progress};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u16, u8, bool, usize, &[u8])| {
    let (bytes_max, fields_max, nph, cut, output) = input;
    let limits = Limits { bytes_max: bytes_max.into(), fields_max: fields_max.into() };
    let parser = || if nph { HeadParser::nph(limits) } else { HeadParser::new(limits) };
    let (left, right) = output.split_at(cut % (output.len() + 1));
    let whole = parse(parser(), [output].into_iter());
    assert_eq!(parse(parser(), [left, right].into_iter()), whole);
    assert_eq!(parse(parser(), output.chunks(1)), whole);
});

/// The head and how many octets it had.
fn parse<'a>(mut parser: HeadParser, pieces: impl Iterator<Item = &'a [u8]>) -> Result<(Head, usize), Error> {
    let mut before = 0;
    for piece in pieces {
        if let Progress::Done { head, body_start } = parser.push(piece)? {
            return Ok((head, before + body_start));
        }
        before += piece.len();
    }
    Err(parser.finish())
}
