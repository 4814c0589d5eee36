//! Which of the three forms of a page the client wants (RFC 9110 §12.5.1).

use http::{HeaderMap, header};

/// How a page is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For browsers.
    Html,
    /// For programs.
    Json,
    /// For terminals.
    Plain,
}

impl Form {
    /// What `Accept` prefers of the forms it names; `otherwise` when it names none, or a wildcard is worth more.
    ///
    /// `fetch` and curl send `*/*`: that is no wish, and gets `otherwise`.
    pub fn wanted(headers: &HeaderMap, otherwise: Self) -> Self {
        let mut best = (0, otherwise);
        for range in
            headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).flat_map(|it| it.split(','))
        {
            let mut parts = range.split(';').map(str::trim);
            let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
            // Of forms worth the same: HTML before JSON before text before a wildcard.
            let (form, rank) = match media_type.as_str() {
                "text/html" => (Self::Html, 3),
                "application/json" => (Self::Json, 2),
                "text/plain" => (Self::Plain, 1),
                "*/*" => (otherwise, 0),
                _ => continue,
            };
            let worth = parts
                .find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")))
                .map_or(1000, thousandths);
            if worth > 0 && worth * 4 + rank > best.0 {
                best = (worth * 4 + rank, form);
            }
        }
        best.1
    }

    /// The value of `Content-Type`.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Html => "text/html; charset=utf-8",
            Self::Json => "application/json",
            Self::Plain => "text/plain; charset=utf-8",
        }
    }
}

/// A weight (RFC 9110 §12.4.2) in thousandths; what is none counts nothing.
fn thousandths(weight: &str) -> u32 {
    match weight.parse::<f32>() {
        Ok(weight) if (0.0..=1.0).contains(&weight) => (weight * 1000.0) as u32,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(accept: &str) -> Form {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        Form::wanted(&headers, Form::Plain)
    }

    #[test]
    fn what_clients_send() {
        for (accept, form) in [
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Form::Html),
            ("*/*", Form::Plain),
            ("", Form::Plain),
            ("application/json", Form::Json),
            ("application/json, text/plain, */*", Form::Json),
            ("text/plain", Form::Plain),
            ("Text/HTML;level=1; q=0.5, application/json;q=0.4", Form::Html),
            ("text/html;q=0, application/json;q=0.1", Form::Json),
            ("text/html;q=2", Form::Plain),
            ("text/html, */*", Form::Html),
            ("image/png", Form::Plain),
        ] {
            assert_eq!(wanted(accept), form, "{accept}");
        }
        assert_eq!(Form::wanted(&HeaderMap::new(), Form::Html), Form::Html);
    }
}
