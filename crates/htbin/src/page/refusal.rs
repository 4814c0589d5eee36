//! The page of a refusal. What the operator alone may know is on it only when debugging is on.

use askama::Template;
use serde::Serialize;

use super::{
    Form, Page,
    failure::{Details, Shown},
};
use crate::{exchange::ExchangeId, refusal::Refusal};

/// The page of a refusal; with `details` all that is known, for who may see it.
///
/// Without them two reasons of one status and sentence cannot be told apart: a hidden file looks like none.
pub fn refusal(refusal: &Refusal, id: ExchangeId, details: Option<&Details<'_>>, form: Form) -> Page {
    let view = View {
        status: refusal.status().as_u16(),
        phrase: refusal.status().canonical_reason().unwrap_or("Refused"),
        sentence: refusal.sentence(),
        exchange: id.to_string(),
        shown: details.map(|details| Shown::new(refusal, details)),
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
    shown: Option<Shown>,
}

impl View {
    fn plain(&self) -> String {
        let mut parts = vec![format!("{} {}: {}", self.status, self.phrase, self.sentence)];
        parts.extend(self.shown.iter().flat_map(Shown::plain));
        parts.push(format!("Exchange {}\n", self.exchange));
        parts.join("\n\n")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use htbin_spawn::Exit;

    use super::*;
    use crate::{
        diagnosis::{Event, Evidence, Limits, Runner, Subject},
        exchange::Timeline,
        failure::{Failure, Run},
        refusal::Reason,
    };

    /// A script that says something and ends, with mischief in all that is not ours.
    fn sample() -> Failure {
        let runner = Runner { name: "nobody".into(), uid: 65534, groups: vec![] };
        let subject = Subject {
            program: "/no/such/<b>.py".into(),
            interpreter: None,
            search_path: "/bin".into(),
            runner: Arc::new(runner),
            limits: Limits::default(),
        };
        let stderr = Some("Traceback:\n\tfile <x>\u{1b}[2J\n".into());
        let event = Event::Head(htbin_cgi::Error::NoFields);
        let run = Run {
            output: b"<i>\x1b]\nmore\n".to_vec(),
            variables: vec![("QUERY_STRING".into(), "a=<u>&b='".into())],
            arguments: vec!["<s>".into()],
            directory: "/no/such".into(),
            script_name: "/<b>.py".into(),
            path_info: None,
            body_bytes: Some(3),
            body: None,
            start: None,
            timeline: Timeline::default(),
        };
        Failure { subject, evidence: Evidence { event, exit: Some(Exit::Code(3)), stderr }, run: Some(run) }
    }

    fn text(debug: bool, form: Form) -> String {
        let failure = sample();
        let examined = failure.examine();
        let details = Details { failure: Some(&failure), examined: Some(&examined), near: &[] };
        let refused = Refusal::new(Reason::NoHead).of_failure(failure.clone());
        refusal(&refused, ExchangeId(42), debug.then_some(&details), form).text
    }

    #[test]
    fn strangers_learn_the_sentence_only() {
        for form in [Form::Html, Form::Json, Form::Plain] {
            let text = text(false, form);
            assert!(text.contains("The script ended before it answered.") && text.contains("0000002a"), "{text}");
            assert!(!text.contains("status 1") && !text.contains("Traceback") && !text.contains("no-head"), "{text}");
        }
        let told = |reason: Reason| refusal(&reason.into(), ExchangeId(1), None, Form::Html).text;
        assert_eq!(told(Reason::Hidden), told(Reason::NotFound));
    }

    #[test]
    fn debugging_tells_all_and_escapes_it() {
        let html = text(true, Form::Html);
        assert!(html.contains("empty-head") && html.contains("Traceback:\n\tfile &#60;x&#62;\u{fffd}[2J"), "{html}");
        assert!(["<b>", "<i>", "<u>", "<s>", "\u{1b}"].iter().all(|mischief| !html.contains(mischief)), "{html}");
        assert!(html.contains("<mark><span class=\"number\">1</span>&#60;i&#62;"), "{html}");
        let json: serde_json::Value = serde_json::from_str(&text(true, Form::Json)).unwrap();
        assert_eq!((&json["status"], &json["reason"]), (&502.into(), &"no-head".into()));
        assert_eq!(json["diagnosis"]["code"], "empty-head");
        assert_eq!(json["run"]["variables"][0][1], "a=<u>&b='");
        let plain = text(true, Form::Plain);
        assert!(plain.starts_with("502 Bad Gateway: The script ended before it answered.\n\nWhy: "), "{plain}");
        assert!(plain.contains("\nFix: ") && plain.contains("\n>    1  <i>"), "{plain}");
        assert!(!plain.contains('\u{1b}'), "{plain}");
    }

    #[test]
    fn where_nothing_more_is_known_nothing_is_said() {
        let details = Details::default();
        let known = |form| refusal(&Reason::NotFound.into(), ExchangeId(1), Some(&details), form).text;
        let plain = "404 Not Found: There is nothing at this address.\n\nExchange 00000001\n";
        assert_eq!(known(Form::Plain), plain);
        assert!(!known(Form::Html).contains("Why"), "{}", known(Form::Html));
    }
}
