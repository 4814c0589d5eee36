//! The page of a refusal. What the operator alone may know is on it only when debugging is on.

use askama::Template;
use serde::Serialize;

use super::{Form, Page, printable};
use crate::{exchange::ExchangeId, refusal::Refusal};

/// The page of a refusal; with `debug` the reason, the detail and the script's stderr too.
///
/// Without `debug` two reasons of one status and sentence cannot be told apart: a hidden file looks like none.
pub fn refusal(refusal: &Refusal, id: ExchangeId, debug: bool, form: Form) -> Page {
    let view = View {
        status: refusal.status().as_u16(),
        phrase: refusal.status().canonical_reason().unwrap_or("Refused"),
        sentence: refusal.sentence(),
        exchange: id.to_string(),
        debug: debug.then(|| Debug {
            reason: refusal.word(),
            detail: refusal.detail.as_deref().map(printable),
            stderr: refusal.stderr.as_deref().map(printable),
        }),
    };
    let text = match form {
        Form::Html => view.render().unwrap_or_else(|_| view.plain()),
        Form::Json => serde_json::to_string(&view).unwrap_or_default() + "\n",
        Form::Plain => view.plain(),
    };
    Page { form, text }
}

#[derive(Template, Serialize)]
#[template(path = "refusal.html")]
struct View {
    status: u16,
    #[serde(rename = "title")]
    phrase: &'static str,
    #[serde(rename = "message")]
    sentence: &'static str,
    exchange: String,
    #[serde(flatten)]
    debug: Option<Debug>,
}

#[derive(Serialize)]
struct Debug {
    reason: &'static str,
    detail: Option<String>,
    stderr: Option<String>,
}

impl View {
    fn plain(&self) -> String {
        let mut parts = vec![format!("{} {}: {}", self.status, self.phrase, self.sentence)];
        if let Some(debug) = &self.debug {
            parts.extend(debug.detail.as_deref().map(|detail| format!("Why: {detail} ({})", debug.reason)));
            parts.extend(
                debug.stderr.as_deref().map(|it| format!("What the script wrote to stderr:\n{}", it.trim_end())),
            );
        }
        parts.push(format!("Exchange {}\n", self.exchange));
        parts.join("\n\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::Reason;

    fn sample() -> Refusal {
        let mut refusal = Refusal::with_detail(Reason::NoHead, "cgi-bin/<b>.py ended with status 1");
        refusal.stderr = Some("Traceback:\n\tfile <x>\u{1b}[2J\n".into());
        refusal
    }

    fn text(debug: bool, form: Form) -> String {
        refusal(&sample(), ExchangeId(42), debug, form).text
    }

    #[test]
    fn strangers_learn_the_sentence_only() {
        for form in [Form::Html, Form::Json, Form::Plain] {
            let text = text(false, form);
            assert!(text.contains("The script ended before it answered.") && text.contains("0000002a"), "{text}");
            assert!(!text.contains("status 1") && !text.contains("Traceback") && !text.contains("no-head"), "{text}");
        }
        let told = |reason: Reason| refusal(&reason.into(), ExchangeId(1), false, Form::Html).text;
        assert_eq!(told(Reason::Hidden), told(Reason::NotFound));
    }

    #[test]
    fn debugging_tells_all_and_escapes_it() {
        let html = text(true, Form::Html);
        assert!(html.contains("no-head") && html.contains("Traceback:\n\tfile &#60;x&#62;\u{fffd}[2J"), "{html}");
        assert!(!html.contains("<b>"), "{html}");
        let json: serde_json::Value = serde_json::from_str(&text(true, Form::Json)).unwrap();
        assert_eq!(json["status"], 502);
        assert_eq!(json["detail"], "cgi-bin/<b>.py ended with status 1");
        let known = |form| refusal(&Reason::NotFound.into(), ExchangeId(1), true, form).text;
        let plain = "404 Not Found: There is nothing at this address.\n\nExchange 00000001\n";
        assert_eq!(known(Form::Plain), plain, "where nothing more is known nothing is said");
        assert!(!known(Form::Html).contains("Why"), "{}", known(Form::Html));
        let plain = text(true, Form::Plain);
        assert!(plain.starts_with("502 Bad Gateway: The script ended before it answered.\n\nWhy: cgi-bin/"), "{plain}");
        assert!(!plain.contains('\u{1b}'), "{plain}");
    }
}
