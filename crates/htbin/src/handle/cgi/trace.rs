//! The trace that a script belongs to (W3C Trace Context): handed on as HTTP_TRACEPARENT, with an exchange of ours between
//! the client's span and the script's. Nothing is exported (adr/0020).

use http::{HeaderMap, HeaderName, HeaderValue};
use rustix::rand::{GetRandomFlags, getrandom};

/// What becomes of the fields `traceparent` and `tracestate` of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Trace {
    /// Scripts get them as they came, or not at all.
    #[default]
    AsItCame,
    /// The client's trace goes on; where there is none, or none that is well formed, a new one begins.
    Continued,
    /// A new one begins with each exchange: clients are strangers.
    New,
}

impl Trace {
    /// The fields for a script, if they are others than those that came.
    pub(super) fn fields(self, came: &HeaderMap) -> Option<HeaderMap> {
        if self == Self::AsItCame {
            return None;
        }
        let mut fields = came.clone();
        let known = parent(came).filter(|_| self == Self::Continued);
        if known.is_none() {
            // It says more of a trace that ends here (§3.3: only together with its parent).
            fields.remove(TRACESTATE);
        }
        let [high, low, span] = random();
        let text = match known {
            Some((trace, flags)) => format!("00-{trace}-{span:016x}-{:02x}", flags & SAMPLED),
            None => format!("00-{high:016x}{low:016x}-{span:016x}-{SAMPLED:02x}"),
        };
        fields.insert(TRACEPARENT, HeaderValue::from_str(&text).ok()?);
        Some(fields)
    }
}

/// The trace and the flags that the client sent, if they are well formed (§3.2.2).
fn parent(fields: &HeaderMap) -> Option<(&str, u8)> {
    let mut all = fields.get_all(TRACEPARENT).iter();
    let (text, None) = (all.next()?.to_str().ok()?, all.next()) else { return None };
    let mut parts = text.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_hex =
        |text: &str, count| text.len() == count && text.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'));
    let is_null = |text: &str| text.bytes().all(|it| it == b'0');
    // A later version may have more parts; this one has not.
    let is_known = is_hex(version, 2) && version != "ff" && (version != "00" || parts.next().is_none());
    let is_whole = is_hex(trace, 32) && !is_null(trace) && is_hex(span, 16) && !is_null(span) && is_hex(flags, 2);
    (is_known && is_whole).then_some(())?;
    Some((trace, u8::from_str_radix(flags, 16).ok()?))
}

/// Three random numbers, none of them 0, which stands for none.
fn random() -> [u64; 3] {
    let mut octets = [0; 24];
    // So few come at once, or none before the kernel has any; then the numbers are no secret, only less rare.
    _ = getrandom(&mut octets, GetRandomFlags::empty());
    let number = |at: usize| octets[at..].first_chunk().copied().map_or(1, u64::from_ne_bytes).max(1);
    [number(0), number(8), number(16)]
}

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
/// Somebody upstream may have recorded it: libraries in scripts go by this flag.
const SAMPLED: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENTS: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn given(trace: Trace, parents: &[&str]) -> (String, bool) {
        let mut fields = HeaderMap::new();
        for parent in parents {
            fields.append(TRACEPARENT, parent.parse().expect("a value"));
        }
        fields.insert(TRACESTATE, HeaderValue::from_static("a=b"));
        let fields = trace.fields(&fields).expect("there is something to say");
        assert_eq!(fields.get_all(TRACEPARENT).iter().count(), 1);
        let text = fields[TRACEPARENT].to_str().expect("it is text").to_owned();
        assert!(parent(&fields).is_some(), "{text}");
        (text, fields.contains_key(TRACESTATE))
    }

    #[test]
    fn the_clients_trace_goes_on_with_a_span_of_ours() {
        let (text, has_state) = given(Trace::Continued, &[CLIENTS]);
        assert!(text.starts_with("00-0af7651916cd43dd8448eb211c80319c-") && text.ends_with("-01") && has_state);
        assert!(!text.contains("b7ad6b7169203331"), "{text}");
        assert!(given(Trace::Continued, &[&CLIENTS.replace("-01", "-00")]).0.ends_with("-00"));
        let later = "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more";
        assert!(given(Trace::Continued, &[later]).0.starts_with("00-0af7651916cd43dd8448eb211c80319c-"));
    }

    #[test]
    fn strangers_and_nonsense_get_a_new_one() {
        let is_new = |trace, parents: &[&str]| {
            let (text, has_state) = given(trace, parents);
            !has_state && text.ends_with("-01") && !text.contains("0af7651916cd43dd8448eb211c80319c")
        };
        assert!(is_new(Trace::New, &[CLIENTS]) && is_new(Trace::Continued, &[]));
        assert!(is_new(Trace::Continued, &[CLIENTS, CLIENTS]));
        for broken in [
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "",
        ] {
            assert!(is_new(Trace::Continued, &[broken]), "{broken}");
        }
        assert_eq!(Trace::AsItCame.fields(&HeaderMap::new()), None);
    }
}
