//! What a client says of itself in Authorization (RFC 7617): a user and a password, or something that is none.

use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::STANDARD_NO_PAD};
use http::{HeaderMap, header};

/// A user and a password, both text without control characters: safe in a log and in a variable.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Credentials {
    pub(super) user: Box<str>,
    pub(super) password: Box<str>,
}

/// None if the client says nothing, or something for others than us; why not if it is nothing one can understand.
pub(super) fn read(fields: &HeaderMap) -> Result<Option<Credentials>, &'static str> {
    let mut all = fields.get_all(header::AUTHORIZATION).iter();
    let Some(field) = all.next() else { return Ok(None) };
    if all.next().is_some() {
        return Err("Authorization stands there more than once");
    }
    let Some((scheme, encoded)) = field.as_bytes().split_at_checked(SCHEME.len()) else { return Ok(None) };
    if !scheme.eq_ignore_ascii_case(SCHEME) {
        return Ok(None);
    }
    let encoded = encoded.trim_ascii();
    if encoded.len() > ENCODED_BYTES_MAX {
        return Err("a name and a password that are longer than any");
    }
    let decoded = if encoded.ends_with(b"=") { STANDARD.decode(encoded) } else { STANDARD_NO_PAD.decode(encoded) };
    let decoded = decoded.map_err(|_| "Basic is not followed by base64")?;
    let text = String::from_utf8(decoded).map_err(|_| "the name and the password are not UTF-8")?;
    if text.chars().any(char::is_control) {
        return Err("a control character in the name or the password");
    }
    let (user, password) = text.split_once(':').ok_or("no colon between the name and the password")?;
    if user.len() > USER_BYTES_MAX || password.len() > PASSWORD_BYTES_MAX {
        return Err("a name and a password that are longer than any");
    }
    Ok(Some(Credentials { user: user.into(), password: password.into() }))
}

const SCHEME: &[u8] = b"Basic ";
/// Of a user's name; in a file too.
pub const USER_BYTES_MAX: usize = 255;
/// SHA-crypt takes the longer the longer a password is.
pub(super) const PASSWORD_BYTES_MAX: usize = 256;
const ENCODED_BYTES_MAX: usize = (USER_BYTES_MAX + 1 + PASSWORD_BYTES_MAX).div_ceil(3) * 4;

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn told(value: &[u8]) -> Result<Option<(String, String)>, &'static str> {
        let mut fields = HeaderMap::new();
        fields.insert(header::AUTHORIZATION, HeaderValue::from_bytes(value).expect("a value"));
        read(&fields).map(|told| told.map(|told| (told.user.into(), told.password.into())))
    }

    fn basic(text: impl AsRef<[u8]>) -> Result<Option<(String, String)>, &'static str> {
        told(format!("Basic {}", STANDARD.encode(text)).as_bytes())
    }

    fn pair(user: &str, password: &str) -> (String, String) {
        (user.into(), password.into())
    }

    #[test]
    fn a_name_and_a_password() {
        assert_eq!(told(b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), Ok(Some(pair("Aladdin", "open sesame"))));
        assert_eq!(told(b"bAsIc   QWxhZGRpbjpvcGVuIHNlc2FtZQ"), Ok(Some(pair("Aladdin", "open sesame"))));
        assert_eq!(told(b"Basic dGVzdDoxMjPCow=="), Ok(Some(pair("test", "123£"))));
        assert_eq!(basic("a:b:c"), Ok(Some(pair("a", "b:c"))));
        assert_eq!(basic(":"), Ok(Some(pair("", ""))));
        assert_eq!(told(b"Bearer abc"), Ok(None));
        assert_eq!(told(b"Basi"), Ok(None));
        assert_eq!(read(&HeaderMap::new()).map(|told| told.is_none()), Ok(true));
    }

    #[test]
    fn what_is_none() {
        for wrong in [
            &b"Basic "[..],
            b"Basic !!!!",
            b"Basic QWxh ZGRpbjpvcGVu",
            b"Basic QWxhZGRpbg==QQ==",
            b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZR==",
            b"Basic \xff\xfe",
            b"Basic QWxhZGRpbg==",
        ] {
            assert!(told(wrong).is_err(), "{}", wrong.escape_ascii());
        }
        for wrong in [&b"ada\r\nX-Evil: 1:secret"[..], b"ada\0:secret", b"ada:sec\x1bret", b"\xffada:secret", b"ada"] {
            assert!(basic(wrong).is_err(), "{}", wrong.escape_ascii());
        }
        let mut twice = HeaderMap::new();
        twice.append(header::AUTHORIZATION, HeaderValue::from_static("Basic YTpi"));
        twice.append(header::AUTHORIZATION, HeaderValue::from_static("Basic YTpi"));
        assert!(read(&twice).is_err());
    }

    #[test]
    fn what_is_too_long_is_not_even_decoded() {
        assert!(basic(format!("{}:{}", "u".repeat(255), "p".repeat(256))).is_ok_and(|told| told.is_some()));
        for (user, password) in [(256, 1), (1, 257), (1_000_000, 1), (1, 1_000_000)] {
            assert!(basic(format!("{}:{}", "u".repeat(user), "p".repeat(password))).is_err());
        }
    }
}
