//! The page of a directory. Names come from the disk: they may be no text at all, or text that means mischief.

use askama::Template;
use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

use super::{Form, Page, printable};
use crate::{
    path,
    site::{Entry, Kind},
};

/// What a listing shows.
#[derive(Debug, Clone)]
pub struct Listing {
    /// The decoded URL path of the directory; starts and ends with a slash.
    pub url: Vec<u8>,
    /// What lies in it, in the order in which it is shown.
    pub entries: Vec<Entry>,
    /// There is more than `entries`.
    pub more: bool,
    /// What it is sorted by.
    pub sort: Sort,
    /// Which way.
    pub order: Order,
}

/// What a listing is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Name, upper and lower case alike.
    Name,
    /// Size.
    Size,
    /// Time of the last change.
    Time,
}

/// Which way a listing is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Upwards.
    Ascending,
    /// Downwards.
    Descending,
}

/// The page of a directory, times in this time zone (JSON: UTC).
pub fn listing(listing: &Listing, zone: &TimeZone, form: Form) -> Page {
    let text = match form {
        Form::Html => View::of(listing, zone).render().unwrap_or_else(|_| plain(listing)),
        Form::Json => json(listing),
        Form::Plain => plain(listing),
    };
    Page { form, text }
}

#[derive(Template)]
#[template(path = "listing.html")]
struct View {
    title: String,
    trail: Vec<Step>,
    name: String,
    summary: String,
    columns: [Column; 3],
    up: Option<String>,
    rows: Vec<Row>,
    cut_at: Option<String>,
}

/// A directory on the way from the root.
struct Step {
    name: String,
    href: String,
}

struct Column {
    name: &'static str,
    href: String,
    sorted: Option<&'static str>,
}

struct Row {
    class: &'static str,
    href: Option<String>,
    name: String,
    size: String,
    time: Option<Time>,
}

struct Time {
    exact: String,
    day: String,
    clock: String,
}

impl View {
    fn of(listing: &Listing, zone: &TimeZone) -> Self {
        let url = path::encode(&listing.url);
        let mut trail = trail(&listing.url);
        let here = trail.pop().map_or_else(|| "Home".to_owned(), |step| step.name);
        Self {
            title: format!("Index of {}", name(&listing.url)),
            up: trail.last().map(|step| step.href.clone()),
            trail,
            name: here,
            summary: summary(&listing.entries),
            columns: [("Name", Sort::Name), ("Size", Sort::Size), ("Modified", Sort::Time)]
                .map(|(name, sort)| column(name, sort, listing, &url)),
            rows: listing.entries.iter().map(|entry| row(entry, &url, zone)).collect(),
            cut_at: listing.more.then(|| grouped(listing.entries.len() as u64)),
        }
    }
}

/// The directories from the root to this one.
fn trail(url: &[u8]) -> Vec<Step> {
    let mut trail = vec![Step { name: "Home".into(), href: "/".into() }];
    let mut end = 1;
    for segment in url[1..].split(|octet| *octet == b'/').filter(|segment| !segment.is_empty()) {
        end += segment.len() + 1;
        trail.push(Step { name: name(segment), href: path::encode(&url[..end]) });
    }
    trail
}

/// A link that sorts by this column: the other way if it already is, else the way one wants first.
fn column(name: &'static str, sort: Sort, listing: &Listing, url: &str) -> Column {
    let sorted = (sort == listing.sort).then_some(listing.order);
    let ascending = match sorted {
        Some(order) => order == Order::Descending,
        None => sort == Sort::Name,
    };
    let word = match sort {
        Sort::Name => "name",
        Sort::Size => "size",
        Sort::Time => "time",
    };
    Column {
        name,
        href: format!("{url}?sort={word}&order={}", if ascending { "asc" } else { "desc" }),
        sorted: sorted.map(|order| if order == Order::Ascending { "ascending" } else { "descending" }),
    }
}

fn row(entry: &Entry, url: &str, zone: &TimeZone) -> Row {
    let slash = if is_directory(entry) { "/" } else { "" };
    Row {
        class: match entry.kind {
            Kind::Directory => "",
            Kind::Scripts => "s",
            Kind::File => "f",
            Kind::Script => "x",
        },
        href: href(entry, url),
        name: name(&entry.name) + slash,
        size: if is_directory(entry) { String::new() } else { size(entry.size) },
        time: Timestamp::from_second(entry.mtime).ok().map(|time| {
            let local = time.to_zoned(zone.clone());
            Time {
                exact: time.to_string(),
                day: local.strftime("%Y-%m-%d").to_string(),
                clock: local.strftime("%H:%M").to_string(),
            }
        }),
    }
}

/// Where an entry is; a script directory is nowhere to be looked at.
fn href(entry: &Entry, url: &str) -> Option<String> {
    let slash = if is_directory(entry) { "/" } else { "" };
    (entry.kind != Kind::Scripts).then(|| format!("{url}{}{slash}", path::encode(&entry.name)))
}

fn summary(entries: &[Entry]) -> String {
    let directories = entries.iter().filter(|entry| is_directory(entry)).count();
    let files = entries.len() - directories;
    let count = |number: usize, one: &str, many: &str| match number {
        1 => format!("1 {one}"),
        _ => format!("{} {many}", grouped(number as u64)),
    };
    match (directories, files) {
        (0, 0) => "This directory is empty.".into(),
        (_, 0) => count(directories, "directory", "directories"),
        _ => {
            let total = size(entries.iter().fold(0, |total, entry| total.saturating_add(entry.size)));
            let files = format!("{} · {total}", count(files, "file", "files"));
            if directories == 0 {
                files
            } else {
                format!("{} · {files}", count(directories, "directory", "directories"))
            }
        }
    }
}

#[derive(Serialize)]
struct Item {
    name: String,
    #[serde(rename = "type")]
    kind: &'static str,
    size: Option<u64>,
    mtime: Option<String>,
    /// Where it is: a name that is no UTF-8 could not be made into a link by the client.
    href: Option<String>,
}

fn json(listing: &Listing) -> String {
    let url = path::encode(&listing.url);
    let item = |entry: &Entry| Item {
        name: String::from_utf8_lossy(&entry.name).into_owned(),
        kind: if is_directory(entry) { "directory" } else { "file" },
        size: (!is_directory(entry)).then_some(entry.size),
        mtime: Timestamp::from_second(entry.mtime).ok().map(|time| time.to_string()),
        href: href(entry, &url),
    };
    serde_json::to_string(&listing.entries.iter().map(item).collect::<Vec<_>>()).unwrap_or_default() + "\n"
}

fn plain(listing: &Listing) -> String {
    let line = |entry: &Entry| name(&entry.name) + if is_directory(entry) { "/\n" } else { "\n" };
    listing.entries.iter().map(line).collect()
}

fn is_directory(entry: &Entry) -> bool {
    matches!(entry.kind, Kind::Directory | Kind::Scripts)
}

/// A name as text, on one line.
fn name(name: &[u8]) -> String {
    printable(&String::from_utf8_lossy(name)).replace(['\n', '\t'], "\u{fffd}")
}

/// Three digits at most, and a unit of 1024 of the one before.
pub(super) fn size(octets: u64) -> String {
    if octets < 1024 {
        return format!("{octets} B");
    }
    let mut value = octets as f64 / 1024.0;
    let mut units = ["KiB", "MiB", "GiB", "TiB", "PiB"].iter();
    let mut unit = units.next().expect("there are five");
    while value >= 999.5 {
        let Some(next) = units.next() else { break };
        value /= 1024.0;
        unit = next;
    }
    if value < 9.95 { format!("{value:.1} {unit}") } else { format!("{value:.0} {unit}") }
}

/// A number with a comma before each three digits.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(url: &str, names: &[(&[u8], Kind, u64)]) -> Listing {
        let entries = names
            .iter()
            .map(|(name, kind, size)| Entry { name: name.to_vec(), kind: *kind, size: *size, mtime: 1_000_000_000 })
            .collect();
        Listing { url: url.into(), entries, more: false, sort: Sort::Name, order: Order::Ascending }
    }

    fn html(sample: &Listing) -> String {
        listing(sample, &TimeZone::UTC, Form::Html).text
    }

    #[test]
    fn names_are_escaped_and_encoded() {
        let page = html(&sample(
            "/a b/",
            &[(b"<script>\"'&", Kind::File, 1), (b"\xff\n?#%", Kind::Directory, 0), (b"javascript:x", Kind::File, 1)],
        ));
        assert!(
            page.contains(r#"<a href="/a%20b/%3Cscript%3E%22%27%26"><bdi>&#60;script&#62;&#34;&#39;&#38;</bdi></a>"#),
            "{page}"
        );
        assert!(page.contains("<a href=\"/a%20b/%FF%0A%3F%23%25/\"><bdi>\u{fffd}\u{fffd}?#%/</bdi></a>"), "{page}");
        assert!(page.contains(r#"href="/a%20b/javascript%3Ax""#), "{page}");
    }

    #[test]
    fn the_way_up_and_the_way_sorted() {
        let page = html(&sample("/one/two/", &[]));
        assert!(
            page.contains(
                r#"<li><a href="/"><bdi>Home</bdi></a></li><li><a href="/one/"><bdi>one</bdi></a></li></ol>"#
            )
        );
        assert!(page.contains(r#"class="u"><a href="/one/">Parent directory"#), "{page}");
        assert!(page.contains(r#"aria-sort="ascending"><a href="/one/two/?sort=name&#38;order=desc">Name"#), "{page}");
        assert!(page.contains(r#"<th scope="col"><a href="/one/two/?sort=size&#38;order=desc">Size"#), "{page}");
        assert!(page.contains("This directory is empty."));
        assert!(!html(&sample("/", &[])).contains("Parent directory"));
    }

    #[test]
    fn a_script_directory_is_named_without_a_link() {
        let page = html(&sample("/", &[(b"cgi-bin", Kind::Scripts, 0), (b"form.py", Kind::Script, 2048)]));
        assert!(page.contains("<bdi>cgi-bin/</bdi>") && !page.contains("href=\"/cgi-bin/\""), "{page}");
        assert!(page.contains("1 directory · 1 file · 2.0 KiB"), "{page}");
        assert!(
            page.contains(r#"<time datetime="2001-09-09T01:46:40Z">2001-09-09<span class="clock"> 01:46"#),
            "{page}"
        );
    }

    #[test]
    fn what_is_cut_says_so() {
        let cut = Listing { more: true, ..sample("/", &[(b"a", Kind::File, 1)]) };
        assert!(html(&cut).contains("Only 1 entries are shown"));
        assert_eq!(grouped(10_000), "10,000");
        assert_eq!(grouped(999), "999");
    }

    #[test]
    fn json_and_plain() {
        let sample = sample("/d/", &[(b"a b", Kind::File, 5), (b"sub", Kind::Directory, 0)]);
        let json: serde_json::Value = serde_json::from_str(&listing(&sample, &TimeZone::UTC, Form::Json).text).unwrap();
        assert_eq!(
            json,
            serde_json::json!([
                {"name": "a b", "type": "file", "size": 5, "mtime": "2001-09-09T01:46:40Z", "href": "/d/a%20b"},
                {"name": "sub", "type": "directory", "size": null, "mtime": "2001-09-09T01:46:40Z", "href": "/d/sub/"},
            ])
        );
        assert_eq!(listing(&sample, &TimeZone::UTC, Form::Plain).text, "a b\nsub/\n");
    }

    #[test]
    fn sizes_have_three_digits_at_most() {
        for (octets, expected) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (10_189, "10 KiB"),
            (1_023_000, "999 KiB"),
            (1_023_999, "1.0 MiB"),
            (5 << 30, "5.0 GiB"),
            (u64::MAX, "16384 PiB"),
        ] {
            assert_eq!(size(octets), expected, "{octets}");
        }
    }
}
