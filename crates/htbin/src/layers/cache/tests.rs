//! Answers that come and are stored, or not, without a server around them.

use std::pin::Pin;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use http::{Request, StatusCode};
use tokio::sync::mpsc;

use super::*;
use crate::body::Part;

type Fields<'a> = &'a [(&'a str, &'a str)];

const ANYBODY: Asker = Asker { is_secure: false, is_known: false };
const FRESH: (&str, &str) = ("cache-control", "max-age=60");
/// It was old when it came.
const STALE: Fields<'_> = &[FRESH, ("age", "60"), ("etag", "\"one\"")];

fn ask(method: &str, path: &str, fields: Fields<'_>) -> Parts {
    let mut request = Request::builder().method(method).uri(path).header("host", "example.org");
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn get(fields: Fields<'_>) -> Parts {
    ask("GET", "/", fields)
}

fn says(fields: Fields<'_>, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::builder();
    for (name, value) in fields {
        response = response.header(*name, *value);
    }
    response.body(body.into()).unwrap()
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Self::full(text)
    }
}

async fn text(response: Response<Body>) -> String {
    let mut all = Vec::new();
    match response.into_body() {
        Body::Stream { mut chunks, .. } => {
            while let Some(chunk) = chunks.next().await {
                all.extend_from_slice(&chunk.unwrap());
            }
        }
        Body::One(Some(Part::Bytes(octets))) => all.extend_from_slice(&octets),
        Body::One(None) => {}
        _ => panic!("nothing here makes such a body"),
    }
    String::from_utf8(all).unwrap()
}

fn status(response: &Response<Body>) -> &str {
    response.headers()["cache-status"].to_str().unwrap()
}

async fn go(settings: &Settings, request: &Parts) -> Ticket {
    match enter(settings, request, ANYBODY).await {
        Entered::Go(ticket) => ticket,
        Entered::Answer(response) | Entered::Renew(response, _) => panic!("it is stored: {}", status(&response)),
    }
}

/// The script is asked, and says this.
async fn fill(settings: &Settings, request: &Parts, response: Response<Body>) -> Response<Body> {
    go(settings, request).await.leave(request, response)
}

async fn hit(settings: &Settings, request: &Parts) -> Response<Body> {
    match enter(settings, request, ANYBODY).await {
        Entered::Answer(response) => response,
        _ => panic!("it is not stored"),
    }
}

fn is_stored(settings: &Settings, request: &Parts) -> bool {
    answer_now(settings, request, false).is_some()
}

/// What a script says to this.
async fn comes_back(request: Fields<'_>, answer: Fields<'_>) -> bool {
    let settings = Settings::default();
    fill(&settings, &get(request), says(answer, "it")).await;
    is_stored(&settings, &get(request))
}

#[tokio::test]
async fn what_is_fresh_is_given_again() {
    let settings = Settings::default();
    let fields = [FRESH, ("etag", "\"one\""), ("content-type", "text/plain"), ("content-length", "5")];
    assert!(!is_stored(&settings, &get(&[])));
    let first = fill(&settings, &get(&[]), says(&fields, "hello")).await;
    assert_eq!(status(&first), "htbin; fwd=uri-miss; stored; ttl=60");
    assert_eq!(text(first).await, "hello");
    let (second, _) = answer_now(&settings, &get(&[]), false).unwrap();
    assert_eq!(status(&second), "htbin; hit; ttl=60");
    assert_eq!(
        (&second.headers()["age"], &second.headers()["content-type"]),
        (&"0".parse().unwrap(), &"text/plain".parse().unwrap())
    );
    assert!(second.headers().contains_key("date"));
    assert_eq!(text(second).await, "hello");
    // Neither another address nor another scheme.
    assert!(!is_stored(&settings, &ask("GET", "/?", &[])));
    assert!(answer_now(&settings, &get(&[]), true).is_none());
}

#[tokio::test]
async fn head_and_conditions_are_answered_from_it() {
    let settings = Settings::default();
    let fields = [
        FRESH,
        ("etag", "W/\"one\""),
        ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("content-type", "text/plain"),
    ];
    fill(&settings, &get(&[]), says(&fields, "hello")).await;
    let head = hit(&settings, &ask("HEAD", "/", &[])).await;
    assert_eq!(head.headers()["content-length"], "5");
    assert_eq!(head.body().length(), Some(0));
    for (condition, is_known) in [
        (("if-none-match", "\"one\""), true),
        (("if-none-match", "\"x\", W/\"one\""), true),
        (("if-none-match", "\"two\""), false),
        (("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT"), true),
        (("if-modified-since", "Sun, 06 Nov 1994 08:49:36 GMT"), false),
    ] {
        let response = hit(&settings, &get(&[condition])).await;
        assert_eq!(response.status() == StatusCode::NOT_MODIFIED, is_known, "{condition:?}");
        assert_eq!(response.headers().contains_key("content-type"), !is_known);
        assert_eq!(response.headers()["etag"], "W/\"one\"");
    }
}

/// They all ask, and all of them wait.
fn crowd<'a>(
    settings: &'a Settings,
    request: &'a Parts,
    size: usize,
) -> Vec<Pin<Box<dyn Future<Output = Entered> + 'a>>> {
    let mut crowd: Vec<Pin<Box<dyn Future<Output = Entered>>>> = Vec::new();
    (0..size).for_each(|_| crowd.push(Box::pin(enter(settings, request, ANYBODY))));
    assert!(crowd.iter_mut().all(|waiting| waiting.now_or_never().is_none()));
    crowd
}

#[tokio::test]
async fn a_crowd_starts_one_script() {
    let settings = Settings::default();
    let request = get(&[]);
    let first = go(&settings, &request).await;
    let crowd = crowd(&settings, &request, 199);
    first.leave(&request, says(&[FRESH], "it"));
    for entered in crowd {
        let Entered::Answer(response) = entered.await else { panic!("a second script is started") };
        assert_eq!(status(&response), "htbin; fwd=uri-miss; collapsed; ttl=60");
        assert_eq!(text(response).await, "it");
    }
}

#[tokio::test]
async fn nobody_waits_for_what_is_not_stored() {
    let settings = Settings::default();
    let request = get(&[]);
    let first = go(&settings, &request).await;
    let crowd = crowd(&settings, &request, 199);
    let first = first.leave(&request, says(&[("cache-control", "private")], "it"));
    assert_eq!(status(&first), "htbin; fwd=uri-miss");
    // All of them go, though none of them has come back.
    let mut gone = Vec::new();
    for entered in crowd {
        gone.push(entered.await);
    }
    assert!(gone.iter().all(|entered| matches!(entered, Entered::Go(_))));
    // And so does who comes later; but what can be stored then, is.
    let (one, other) = (go(&settings, &request).await, go(&settings, &request).await);
    one.leave(&request, says(&[FRESH], "it"));
    drop(other);
    assert!(is_stored(&settings, &request));
}

#[tokio::test]
async fn who_leaves_is_replaced_by_one() {
    let settings = Settings::default();
    let request = get(&[]);
    let first = go(&settings, &request).await;
    let mut crowd = crowd(&settings, &request, 9);
    drop(first);
    let mut gone: Vec<_> = crowd.iter_mut().filter_map(FutureExt::now_or_never).collect();
    assert_eq!(gone.len(), 1);
    let Some(Entered::Go(second)) = gone.pop() else { panic!("nothing is stored yet") };
    second.leave(&request, says(&[FRESH], "it"));
    assert!(is_stored(&settings, &request));
}

fn stream() -> (mpsc::UnboundedSender<std::io::Result<Bytes>>, Body) {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let chunks = futures_util::stream::poll_fn(move |context| receiver.poll_recv(context));
    (sender, Body::Stream { chunks: Box::pin(chunks), length: None })
}

#[tokio::test]
async fn a_reader_who_is_slow_or_gone_holds_up_nobody() {
    let settings = Settings::default();
    let request = get(&[]);
    let first = go(&settings, &request).await;
    let (script, body) = stream();
    let unread = first.leave(&request, says(&[FRESH], body));
    script.send(Ok("one ".into())).unwrap();
    script.send(Ok("two".into())).unwrap();
    drop(script);
    assert_eq!(text(hit(&settings, &request).await).await, "one two");
    assert_eq!(text(unread).await, "one two");
}

#[tokio::test]
async fn what_is_too_long_goes_on_and_is_not_stored() {
    let settings = Settings::new(1 << 20, 4);
    for length in [4, 5] {
        let request = ask("GET", if length == 4 { "/short" } else { "/long" }, &[]);
        let (script, body) = stream();
        let response = fill(&settings, &request, says(&[FRESH], body)).await;
        (0..length).for_each(|_| script.send(Ok("x".into())).unwrap());
        drop(script);
        assert_eq!(text(response).await.len(), length);
        assert_eq!(is_stored(&settings, &request), length == 4);
    }
    let whole = ask("GET", "/whole", &[]);
    assert_eq!(text(fill(&settings, &whole, says(&[FRESH], "hello")).await).await, "hello");
    assert!(!is_stored(&settings, &whole));
}

#[tokio::test]
async fn a_part_is_not_taken_for_the_whole() {
    let settings = Settings::default();
    let (script, body) = stream();
    let response = fill(&settings, &get(&[]), says(&[FRESH], body)).await;
    script.send(Ok("half".into())).unwrap();
    script.send(Err(std::io::Error::other("killed"))).unwrap();
    let Body::Stream { mut chunks, .. } = response.into_body() else { panic!("it is a stream") };
    assert_eq!(chunks.next().await.unwrap().unwrap(), "half");
    assert_eq!(chunks.next().await.unwrap().unwrap_err().to_string(), "killed");
    assert!(!is_stored(&settings, &get(&[])));
}

#[tokio::test]
async fn s4_3_the_script_says_whether_it_is_still_the_one() {
    let settings = Settings::default();
    fill(&settings, &get(&[]), says(STALE, "hello")).await;
    assert!(!is_stored(&settings, &get(&[])));
    // What the client has is compared here, so the script hears of what is stored.
    let request = get(&[("if-none-match", "\"other\"")]);
    let ticket = go(&settings, &request).await;
    let asked = ticket.request(&request).unwrap();
    assert_eq!(asked.headers["if-none-match"], "\"one\"");
    let mut news = says(&[("cache-control", "max-age=70"), ("x-new", "1")], Body::empty());
    *news.status_mut() = StatusCode::NOT_MODIFIED;
    let response = ticket.leave(&request, news);
    assert_eq!(status(&response), "htbin; fwd=stale; fwd-status=304; stored; ttl=70");
    assert_eq!((response.status(), &response.headers()["x-new"]), (StatusCode::OK, &"1".parse().unwrap()));
    assert_eq!(text(response).await, "hello");
    assert_eq!(text(hit(&settings, &get(&[])).await).await, "hello");
}

#[tokio::test]
async fn rfc5861_3_old_ones_while_they_are_renewed() {
    let settings = Settings::default();
    let request = get(&[]);
    let old = [("cache-control", "max-age=60, stale-while-revalidate=60"), ("age", "60")];
    fill(&settings, &request, says(&old, "old")).await;
    let Entered::Renew(response, ticket) = enter(&settings, &request, ANYBODY).await else { panic!("it is renewed") };
    assert_eq!(status(&response), "htbin; hit; ttl=0");
    assert_eq!(text(response).await, "old");
    // One renews it; the others do not wait.
    assert_eq!(text(hit(&settings, &request).await).await, "old");
    ticket.leave(&request, says(&[FRESH], "new"));
    assert_eq!(text(hit(&settings, &request).await).await, "new");
}

#[tokio::test]
async fn rfc5861_4_old_ones_where_the_script_fails() {
    let settings = Settings::default();
    let request = get(&[]);
    let old = [("cache-control", "max-age=60, stale-if-error=60"), ("age", "60")];
    fill(&settings, &request, says(&old, "old")).await;
    let response = go(&settings, &request).await.leave_failed(&request).unwrap();
    assert_eq!(text(response).await, "old");
    let mut failure = says(&[], "failure");
    *failure.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    let response = go(&settings, &request).await.leave(&request, failure);
    assert_eq!(status(&response), "htbin; fwd=stale; fwd-status=500; ttl=0");
    assert_eq!(text(response).await, "old");
    // Nothing is said of failures here.
    let other = ask("GET", "/other", &[]);
    fill(&settings, &other, says(STALE, "old")).await;
    assert!(go(&settings, &other).await.leave_failed(&other).is_none());
}

#[tokio::test]
async fn s4_4_what_a_request_may_have_changed_is_gone() {
    let settings = Settings::default();
    let fill_both = async || {
        for path in ["/", "/list"] {
            fill(&settings, &ask("GET", path, &[]), says(&[FRESH], "old")).await;
        }
    };
    let stored = || ["/", "/list"].map(|path| is_stored(&settings, &ask("GET", path, &[])));
    fill_both().await;
    let post = ask("POST", "/", &[]);
    let mut failure = says(&[], "");
    *failure.status_mut() = StatusCode::FORBIDDEN;
    fill(&settings, &post, failure).await;
    assert_eq!(stored(), [true, true]);
    fill(&settings, &post, says(&[("location", "http://other.example/list")], "")).await;
    assert_eq!(stored(), [false, true]);
    fill(&settings, &post, says(&[("location", "/list")], "")).await;
    assert_eq!(stored(), [false, false]);
    fill_both().await;
    fill(&settings, &post, says(&[("content-location", "http://EXAMPLE.org/list")], "")).await;
    assert_eq!(stored(), [false, false]);
}

#[tokio::test]
async fn what_was_fetched_before_a_change_is_not_stored_after_it() {
    let settings = Settings::default();
    let (request, post) = (get(&[]), ask("POST", "/", &[]));
    let before = go(&settings, &request).await;
    fill(&settings, &post, says(&[], "")).await;
    // Who comes after the change does not wait for what was before.
    let after = go(&settings, &request).await;
    assert_eq!(text(before.leave(&request, says(&[FRESH], "old"))).await, "old");
    assert!(!is_stored(&settings, &request));
    after.leave(&request, says(&[FRESH], "new"));
    assert_eq!(text(hit(&settings, &request).await).await, "new");
}

#[tokio::test]
async fn s4_1_each_gets_its_own() {
    let settings = Settings::default();
    let vary = [FRESH, ("vary", "Accept-Language")];
    for (language, body) in [("de", "hallo"), ("en", "hello")] {
        fill(&settings, &get(&[("accept-language", language)]), says(&vary, body)).await;
    }
    assert_eq!(text(hit(&settings, &get(&[("accept-language", "de")])).await).await, "hallo");
    assert_eq!(text(hit(&settings, &get(&[("accept-language", "en")])).await).await, "hello");
    let other = go(&settings, &get(&[("accept-language", "fr")])).await;
    assert_eq!(status(&other.leave(&get(&[]), says(&[], ""))), "htbin; fwd=vary-miss");
    let huge = "x".repeat(60_000);
    assert!(comes_back(&[("accept-language", &huge)], &vary).await);
    assert!(!comes_back(&[], &[FRESH, ("vary", "*")]).await);
}

#[tokio::test]
async fn nobody_can_fill_it_for_others() {
    let settings = Settings::default();
    // A page that says its own address as it was told.
    let evil = get(&[("x-forwarded-host", "evil.example")]);
    fill(&settings, &evil, says(&[FRESH], "evil.example")).await;
    assert!(is_stored(&settings, &evil));
    assert!(!is_stored(&settings, &get(&[])));
    // A GET whose meaning is in its body, and a part.
    for field in [("content-length", "5"), ("transfer-encoding", "chunked"), ("range", "bytes=0-1")] {
        let response = fill(&settings, &get(&[field]), says(&[FRESH], "evil")).await;
        assert_eq!(status(&response), "htbin; fwd=bypass");
        assert!(!is_stored(&settings, &get(&[])));
    }
    // Another host.
    let mut request = get(&[]);
    request.headers.insert("host", "evil.example".parse().unwrap());
    fill(&settings, &request, says(&[FRESH], "evil.example")).await;
    assert!(!is_stored(&settings, &get(&[])));
}

#[tokio::test]
async fn s3_5_what_is_made_for_a_person_is_for_nobody_else() {
    let who = ("cookie", "session=1");
    assert!(!comes_back(&[who], &[FRESH]).await);
    assert!(!comes_back(&[], &[FRESH, ("set-cookie", "session=1")]).await);
    assert!(comes_back(&[who], &[("cache-control", "public, max-age=60")]).await);
    // Who is known without a field of the request is no other.
    let known = Asker { is_known: true, ..ANYBODY };
    let settings = Settings::default();
    let Entered::Go(ticket) = enter(&settings, &get(&[]), known).await else { panic!("nothing is stored") };
    ticket.leave(&get(&[]), says(&[FRESH], "hello, you"));
    assert!(!is_stored(&settings, &get(&[])));
    // Nor is a person given what was made for nobody.
    let settings = Settings::default();
    fill(&settings, &get(&[]), says(&[FRESH], "who are you?")).await;
    assert!(!is_stored(&settings, &get(&[who])));
    assert_eq!(text(fill(&settings, &get(&[who]), says(&[FRESH], "hello, you")).await).await, "hello, you");
    assert!(matches!(enter(&settings, &get(&[]), known).await, Entered::Go(_)));
    assert_eq!(text(hit(&settings, &get(&[])).await).await, "who are you?");
}

#[tokio::test]
async fn memory_is_bounded() {
    let settings = Settings::new(1 << 20, 1 << 20);
    assert_eq!(settings.entry_bytes_max, 1 << 16);
    let body = || Body::full(vec![b'x'; 30_000]);
    for number in 0..200 {
        fill(&settings, &ask("GET", &format!("/{number}"), &[]), says(&[FRESH], body())).await;
        assert!(settings.store.bytes() <= 1 << 20);
    }
    assert!(settings.store.bytes() > 1 << 18, "it is used");
    // One address does not take it all.
    for number in 0..50 {
        let request = get(&[("x-forwarded-host", &format!("{number}.example"))]);
        fill(&settings, &request, says(&[FRESH], body())).await;
        assert!(is_stored(&settings, &request), "the latest one is there");
        assert!(settings.store.bytes() <= 1 << 20);
    }
    assert!((0..200).any(|number| is_stored(&settings, &ask("GET", &format!("/{number}"), &[]))));
}
