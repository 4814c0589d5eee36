//! What answers for a directory: its listing, sorted as the query says.

use std::cmp::Ordering;

use http::{Response, StatusCode, header, request};
use jiff::tz::TimeZone;

use super::file::{Asked, asked, options};
use crate::{
    body::Body,
    page::{self, Form, Listing, Order, Sort},
    refusal::{Reason, Refusal},
    site::{Directory, Entry, Kind},
};

/// Answers GET, HEAD and OPTIONS for a directory. The query may hold `sort=name|size|time` and `order=asc|desc`;
/// `Accept` chooses between HTML, JSON and plain text.
///
/// # Errors
/// As for a file; and [`Reason::Unreadable`] when the disk fails.
pub async fn answer(directory: Directory, request: &request::Parts) -> Result<Response<Body>, Refusal> {
    let asked = asked(&request.method)?;
    if asked == Asked::Options {
        return Ok(options());
    }
    let form = Form::wanted(&request.headers, Form::Html);
    let (sort, order) = sorting(request.uri.query().unwrap_or_default());
    // Ten thousand names are ten thousand looks at the disk: no worker shall wait for that.
    let page = tokio::task::spawn_blocking(move || -> Result<_, Refusal> {
        let (mut entries, more) = directory.entries(ENTRIES_MAX)?;
        entries.sort_by(|one, other| compare(one, other, sort, order));
        let listing = Listing { url: directory.url(), entries, more, sort, order };
        Ok((page::listing(&listing, &TimeZone::system(), form), more))
    });
    let (page, more) = page.await.map_err(|fault| Refusal::with_detail(Reason::Internal, fault.to_string()))??;
    let length = page.text.len();
    let mut response = page.into_response(StatusCode::OK);
    if more {
        // An array cannot say that it is not all.
        response.headers_mut().insert("x-entries-cut-at", ENTRIES_MAX.into());
    }
    if asked == Asked::Head {
        response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
        *response.body_mut() = Body::empty();
    }
    Ok(response)
}

/// What the query says; what it does not say well counts as not said.
fn sorting(query: &str) -> (Sort, Order) {
    let mut sorting = (Sort::Name, Order::Ascending);
    for pair in query.split('&') {
        match pair {
            "sort=name" => sorting.0 = Sort::Name,
            "sort=size" => sorting.0 = Sort::Size,
            "sort=time" => sorting.0 = Sort::Time,
            "order=asc" => sorting.1 = Order::Ascending,
            "order=desc" => sorting.1 = Order::Descending,
            _ => {}
        }
    }
    sorting
}

/// Directories first, whichever way; of equals the name decides.
fn compare(one: &Entry, other: &Entry, sort: Sort, order: Order) -> Ordering {
    let is_file = |entry: &Entry| matches!(entry.kind, Kind::File | Kind::Script);
    let by = match sort {
        Sort::Name => Ordering::Equal,
        Sort::Size => one.size.cmp(&other.size),
        Sort::Time => one.mtime.cmp(&other.mtime),
    };
    let by = by.then_with(|| by_name(&one.name, &other.name));
    is_file(one).cmp(&is_file(other)).then(if order == Order::Ascending { by } else { by.reverse() })
}

/// Upper and lower case alike, unless nothing else differs.
fn by_name(one: &[u8], other: &[u8]) -> Ordering {
    let lower = |name: &[u8]| name.iter().map(u8::to_ascii_lowercase).collect::<Vec<_>>();
    lower(one).cmp(&lower(other)).then_with(|| one.cmp(other))
}

/// How many names one listing holds.
const ENTRIES_MAX: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        path::UrlPath,
        site::{Settings, Site, Target},
    };

    fn sorted(query: &str) -> String {
        let entry = |name: &str, kind, size, mtime| Entry { name: name.into(), kind, size, mtime };
        let mut entries = [
            entry("b", Kind::File, 1, 30),
            entry("A", Kind::File, 3, 10),
            entry("c", Kind::Script, 2, 20),
            entry("z", Kind::Directory, 0, 1),
            entry("y", Kind::Scripts, 0, 2),
        ];
        let (sort, order) = sorting(query);
        entries.sort_by(|one, other| compare(one, other, sort, order));
        entries.iter().map(|entry| char::from(entry.name[0])).collect()
    }

    #[test]
    fn sorted_as_the_query_says() {
        assert_eq!(sorted(""), "yzAbc");
        assert_eq!(sorted("sort=name&order=desc"), "zycbA");
        assert_eq!(sorted("sort=size"), "yzbcA");
        assert_eq!(sorted("sort=size&order=desc"), "zyAcb");
        assert_eq!(sorted("sort=time&order=desc&x"), "yzbcA");
        assert_eq!(sorted("sort=colour&order=up"), "yzAbc");
    }

    async fn ask(method: &str, accept: &str) -> Response<Body> {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("a.txt"), "x").unwrap();
        let settings = Settings { root: root.path().into(), listing: true, ..Settings::default() };
        let path = UrlPath::parse("/").unwrap();
        let Ok(Target::Directory(directory)) = Site::open(settings).unwrap().resolve(&path) else { panic!("none") };
        let request = http::Request::builder().method(method).uri("/?sort=size").header("accept", accept);
        answer(directory, &request.body(()).unwrap().into_parts().0).await.unwrap()
    }

    #[tokio::test]
    async fn the_answer_cannot_be_made_to_do_more_than_to_show() {
        let response = ask("GET", "text/html").await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        assert!(response.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none';"));
        assert_eq!(ask("GET", "application/json").await.headers()["content-type"], "application/json");
        assert_eq!(ask("OPTIONS", "*/*").await.status(), 204);
    }

    #[tokio::test]
    async fn head_says_the_length_of_the_page() {
        let (get, head) = (ask("GET", "*/*").await, ask("HEAD", "*/*").await);
        let length: u64 = head.headers()["content-length"].to_str().unwrap().parse().unwrap();
        assert_eq!(get.body().length(), Some(length));
        assert_eq!(head.body().length(), Some(0));
    }
}
