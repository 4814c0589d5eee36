//! Where in a page the script goes, found while the page passes: before its last `</body>`, for which no more than a
//! kilobyte is held back.

use bytes::{Bytes, BytesMut};

/// The script, and what is held back of a page.
pub(super) struct Place {
    element: Bytes,
    /// From a `</body>`, or from what may become one, to what came last.
    held: BytesMut,
}

impl Place {
    pub(super) fn new(element: Bytes) -> Self {
        Self { element, held: BytesMut::new() }
    }

    /// Takes the next piece; what can go out now.
    pub(super) fn push(&mut self, piece: Bytes) -> Option<Bytes> {
        if self.held.is_empty() && last_tag(&piece).or_else(|| half_tag(&piece)).is_none() {
            return (!piece.is_empty()).then_some(piece);
        }
        self.held.extend_from_slice(&piece);
        // With so much behind it the page goes on, and this was no end.
        let end = last_tag(&self.held).filter(|at| self.held.len() - at <= HELD_BYTES_MAX);
        let from = end.or_else(|| half_tag(&self.held));
        let out = self.held.split_to(from.unwrap_or(self.held.len())).freeze();
        (!out.is_empty()).then_some(out)
    }

    /// What is held back, without the script.
    pub(super) fn give_up(&mut self) -> Option<Bytes> {
        let held = self.held.split().freeze();
        (!held.is_empty()).then_some(held)
    }

    /// The page is over: the script, and what was held back.
    pub(super) fn finish(mut self) -> Vec<Bytes> {
        let held = self.held.split().freeze();
        // What only may have become an end stays before the script.
        let at = if is_tag(&held) { 0 } else { held.len() };
        let pieces = [held.slice(..at), self.element, held.slice(at..)];
        pieces.into_iter().filter(|piece| !piece.is_empty()).collect()
    }
}

/// Where the last `</body` stands.
fn last_tag(bytes: &[u8]) -> Option<usize> {
    memchr::memrchr_iter(b'<', bytes).find(|at| is_tag(&bytes[*at..]))
}

/// Where the beginning of one stands, at the very end.
fn half_tag(bytes: &[u8]) -> Option<usize> {
    let from = bytes.len().saturating_sub(TAG.len() - 1);
    let at = from + memchr::memrchr(b'<', &bytes[from..])?;
    let half = &bytes[at..];
    TAG[..half.len()].eq_ignore_ascii_case(half).then_some(at)
}

fn is_tag(bytes: &[u8]) -> bool {
    bytes.len() >= TAG.len() && bytes[..TAG.len()].eq_ignore_ascii_case(TAG)
}

const TAG: &[u8] = b"</body";
const HELD_BYTES_MAX: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes out if a page comes in pieces of this size.
    fn passed(page: &str, size: usize) -> String {
        let mut place = Place::new(Bytes::from_static(b"[S]"));
        let mut out = Vec::new();
        for piece in page.as_bytes().chunks(size) {
            out.extend(place.push(Bytes::copy_from_slice(piece)));
            assert!(place.held.len() <= HELD_BYTES_MAX + TAG.len(), "{}", place.held.len());
        }
        out.extend(place.finish());
        String::from_utf8(out.concat()).unwrap()
    }

    #[test]
    fn before_the_last_end_of_the_body_however_it_is_cut() {
        let long = format!("<p>a</body>{}</BODY ></html>\n", "x".repeat(3000));
        for (page, expected) in [
            ("<p>a</body></html>", "<p>a[S]</body></html>".to_owned()),
            ("<p>a</BoDy\n>", "<p>a[S]</BoDy\n>".into()),
            ("<p>a", "<p>a[S]".into()),
            ("", "[S]".into()),
            ("<p>a</bo", "<p>a</bo[S]".into()),
            ("<p>a<", "<p>a<[S]".into()),
            ("a</body>b</body>c", "a</body>b[S]</body>c".into()),
            ("</body>a<b>c", "[S]</body>a<b>c".into()),
            (&long, long.replace("</BODY", "[S]</BODY")),
        ] {
            for size in 1..=40 {
                assert_eq!(passed(page, size), expected, "in pieces of {size}");
            }
            assert_eq!(passed(page, 10_000), expected);
        }
    }

    #[test]
    fn an_end_too_far_from_the_end_is_none() {
        let page = format!("a</body>{}", "x".repeat(HELD_BYTES_MAX * 2));
        for size in [1, 7, 64, 1000] {
            assert_eq!(passed(&page, size), format!("{page}[S]"), "in pieces of {size}");
        }
    }

    #[test]
    fn what_a_script_flushes_is_not_held() {
        let mut place = Place::new(Bytes::from_static(b"[S]"));
        assert_eq!(place.push(Bytes::from_static(b"<p>one</p>\n")).unwrap(), "<p>one</p>\n");
        assert_eq!(place.push(Bytes::from_static(b"two</bod")).unwrap(), "two");
        assert_eq!(place.push(Bytes::from_static(b"kin>")).unwrap(), "</bodkin>");
    }
}
