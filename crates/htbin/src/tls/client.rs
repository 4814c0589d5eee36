//! What scripts are told of TLS and of a client's certificate, in the words of Apache's mod_ssl.

use std::{borrow::Cow, fmt::Write as _};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio_rustls::rustls::{CipherSuite, ProtocolVersion, ServerConnection, pki_types::CertificateDer};
use x509_parser::{
    certificate::X509Certificate,
    prelude::FromDer,
    time::ASN1Time,
    x509::{AttributeTypeAndValue, X509Name},
};

/// Names and values.
pub(crate) type Variables = Vec<(&'static str, Cow<'static, str>)>;

/// What there is to say once hands are shaken. `asked`: a certificate was asked for; `pass`: scripts get it whole.
pub(super) fn variables(connection: &ServerConnection, asked: bool, pass: bool) -> Variables {
    let mut variables = Variables::new();
    let version = match connection.protocol_version() {
        Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
        _ => "TLSv1.3",
    };
    variables.push(("SSL_PROTOCOL", version.into()));
    if let Some(suite) = connection.negotiated_cipher_suite() {
        variables.push(("SSL_CIPHER", cipher(suite.suite()).into()));
    }
    if let Some(name) = connection.server_name() {
        variables.push(("SSL_TLS_SNI", name.to_owned().into()));
    }
    match connection.peer_certificates() {
        Some([certificate, ..]) => add_certificate(&mut variables, certificate, pass),
        _ if asked => variables.push(("SSL_CLIENT_VERIFY", "NONE".into())),
        _ => {}
    }
    variables
}

/// rustls has verified it: it is signed by an authority that was named, and it is time for it.
fn add_certificate(variables: &mut Variables, certificate: &CertificateDer<'_>, pass: bool) {
    variables.push(("SSL_CLIENT_VERIFY", "SUCCESS".into()));
    if let Ok((_, parsed)) = X509Certificate::from_der(certificate) {
        let serial = parsed.raw_serial();
        let serial = serial.strip_prefix(&[0]).filter(|rest| !rest.is_empty()).unwrap_or(serial);
        variables.extend([
            ("SSL_CLIENT_M_SERIAL", hexadecimal(serial).into()),
            ("SSL_CLIENT_S_DN", name(parsed.subject()).into()),
            ("SSL_CLIENT_I_DN", name(parsed.issuer()).into()),
            ("SSL_CLIENT_V_START", moment(parsed.validity().not_before).into()),
            ("SSL_CLIENT_V_END", moment(parsed.validity().not_after).into()),
        ]);
        for (variable, short) in PARTS {
            let part = parsed.subject().iter_attributes().find(|it| short_name(it) == Some(short));
            variables.extend(part.map(|part| (variable, text(part).into())));
        }
    }
    if pass {
        variables.push(("SSL_CLIENT_CERT", pem(certificate).into()));
    }
}

/// As in RFC 2253: the last part first, with commas between.
fn name(name: &X509Name<'_>) -> String {
    let mut parts = Vec::new();
    for part in name.iter_rdn() {
        let pair = |it: &AttributeTypeAndValue<'_>| match short_name(it) {
            Some(short) => format!("{short}={}", escaped(&text(it))),
            None => format!("{}=#{}", it.attr_type(), hexadecimal(it.as_slice())),
        };
        parts.push(part.iter().map(pair).collect::<Vec<_>>().join("+"));
    }
    parts.reverse();
    parts.join(",")
}

fn short_name(part: &AttributeTypeAndValue<'_>) -> Option<&'static str> {
    let oid = part.attr_type().to_id_string();
    SHORT_NAMES.iter().find(|(known, _)| *known == oid).map(|(_, short)| *short)
}

/// The text of a part. What is no UTF-8 is shown as if it were Latin-1, which the older kinds mostly are.
fn text(part: &AttributeTypeAndValue<'_>) -> String {
    let bytes = part.as_slice();
    let text = str::from_utf8(bytes).map_or_else(|_| bytes.iter().copied().map(char::from).collect(), str::to_owned);
    // In an environment a NUL would be the end.
    text.chars().map(|it| if it.is_control() { char::REPLACEMENT_CHARACTER } else { it }).collect()
}

/// What has a meaning within a name (RFC 2253 §2.4).
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let last = text.chars().count().saturating_sub(1);
    for (at, letter) in text.chars().enumerate() {
        let is_edge = (at == 0 && matches!(letter, ' ' | '#')) || (at == last && letter == ' ');
        if is_edge || matches!(letter, ',' | '+' | '"' | '\\' | '<' | '>' | ';') {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

/// As OpenSSL writes it: `Nov  1 09:00:00 2026 GMT`.
fn moment(time: ASN1Time) -> String {
    let time = time.to_datetime();
    let month = MONTHS[usize::from(u8::from(time.month())) - 1];
    let (hour, minute, second) = time.to_hms();
    format!("{month} {:2} {hour:02}:{minute:02}:{second:02} {} GMT", time.day(), time.year())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        write!(text, "{byte:02X}").expect("a String takes whatever is written");
        text
    })
}

fn pem(certificate: &[u8]) -> String {
    let text = STANDARD.encode(certificate);
    let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
    for line in text.as_bytes().chunks(64) {
        pem.push_str(str::from_utf8(line).expect("base64 is ASCII"));
        pem.push('\n');
    }
    pem + "-----END CERTIFICATE-----\n"
}

/// As OpenSSL, and so mod_ssl, calls it. In TLS 1.3 both say the same.
fn cipher(suite: CipherSuite) -> &'static str {
    match suite {
        CipherSuite::TLS13_AES_256_GCM_SHA384 => "TLS_AES_256_GCM_SHA384",
        CipherSuite::TLS13_AES_128_GCM_SHA256 => "TLS_AES_128_GCM_SHA256",
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256 => "TLS_CHACHA20_POLY1305_SHA256",
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 => "ECDHE-ECDSA-AES256-GCM-SHA384",
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 => "ECDHE-ECDSA-AES128-GCM-SHA256",
        CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 => "ECDHE-ECDSA-CHACHA20-POLY1305",
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 => "ECDHE-RSA-AES256-GCM-SHA384",
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 => "ECDHE-RSA-AES128-GCM-SHA256",
        CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 => "ECDHE-RSA-CHACHA20-POLY1305",
        other => other.as_str().unwrap_or("unknown"),
    }
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// The parts of names that have a short one, by OpenSSL's spelling.
const SHORT_NAMES: [(&str, &str); 14] = [
    ("2.5.4.3", "CN"),
    ("2.5.4.4", "SN"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "street"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.12", "title"),
    ("2.5.4.42", "GN"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
];
/// The parts of the client's name that have variables of their own.
const PARTS: [(&str, &str); 8] = [
    ("SSL_CLIENT_S_DN_C", "C"),
    ("SSL_CLIENT_S_DN_ST", "ST"),
    ("SSL_CLIENT_S_DN_L", "L"),
    ("SSL_CLIENT_S_DN_O", "O"),
    ("SSL_CLIENT_S_DN_OU", "OU"),
    ("SSL_CLIENT_S_DN_CN", "CN"),
    ("SSL_CLIENT_S_DN_UID", "UID"),
    ("SSL_CLIENT_S_DN_Email", "emailAddress"),
];

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};

    use super::*;

    #[test]
    fn a_certificate_is_told_as_mod_ssl_tells_it() {
        let mut params = CertificateParams::default();
        params.serial_number = Some(vec![0xab, 0x01].into());
        params.not_before = date_time_ymd(2026, 11, 1);
        params.not_after = date_time_ymd(2027, 2, 28);
        for (kind, value) in [
            (DnType::CountryName, "DE"),
            (DnType::OrganizationName, "Meyer, \"Sons\" + <Co>; \\"),
            (DnType::CustomDnType(vec![1, 2, 3, 4]), "x"),
            (DnType::CommonName, "#Jörg\0 "),
        ] {
            params.distinguished_name.push(kind, value);
        }
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        let mut variables = Variables::new();
        add_certificate(&mut variables, certificate.der(), true);
        let value = |name| variables.iter().find(|(it, _)| *it == name).map(|(_, value)| &**value);
        assert_eq!(value("SSL_CLIENT_VERIFY"), Some("SUCCESS"));
        assert_eq!(value("SSL_CLIENT_M_SERIAL"), Some("AB01"));
        let dn = "CN=\\#Jörg\u{fffd}\\ ,1.2.3.4=#78,O=Meyer\\, \\\"Sons\\\" \\+ \\<Co\\>\\; \\\\,C=DE";
        assert_eq!([value("SSL_CLIENT_S_DN"), value("SSL_CLIENT_I_DN")], [Some(dn); 2]);
        assert_eq!(value("SSL_CLIENT_S_DN_CN"), Some("#Jörg\u{fffd} "));
        assert_eq!(value("SSL_CLIENT_V_START"), Some("Nov  1 00:00:00 2026 GMT"));
        assert_eq!(value("SSL_CLIENT_V_END"), Some("Feb 28 00:00:00 2027 GMT"));
        assert_eq!(value("SSL_CLIENT_CERT").map(str::to_owned), Some(certificate.pem().replace("\r\n", "\n")));
        assert_eq!(value("SSL_CLIENT_S_DN_OU"), None);
    }
}
