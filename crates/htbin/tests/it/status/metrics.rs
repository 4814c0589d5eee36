//! The metrics, read by a strict reader of the text format 0.0.4: what Prometheus would refuse, it refuses.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    scripts::{HELLO, sh},
    server::Server,
    site::Site,
};

/// A line with a value.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    pub(super) name: String,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) value: f64,
}

#[test]
fn metrics_are_what_prometheus_reads() {
    ours_only!();
    let site = Site::new().script("cgi-bin/hello", HELLO).script("cgi-bin/dies", sh("exit 1")).file("a.txt", "abc");
    let server = Server::with(&site, &["--max-scripts", "9"]);
    for path in ["/cgi-bin/hello", "/cgi-bin/hello?x", "/cgi-bin/dies", "/a.txt", "/nothing"] {
        server.get(path);
    }
    super::told_when(&server, "all of them", |status| status["exchanges"].as_array().unwrap().len() == 5);
    let reply = server.get("/.htbin/metrics").expect(200);
    assert_eq!(reply.field("Content-Type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let samples = samples(&reply.text());
    let value = |name: &str, labels: &[(&str, &str)]| {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let of = samples.iter().find(|sample| sample.name == name && sample.labels == labels);
        of.unwrap_or_else(|| panic!("no {name} {labels:?} in {samples:#?}")).value
    };
    let is = |name: &str, labels: &[(&str, &str)], expected: f64| {
        assert!((value(name, labels) - expected).abs() < 1e-9, "{name} {labels:?} is {}", value(name, labels));
    };
    is("htbin_requests_total", &[("code", "200")], 3.0);
    is("htbin_requests_total", &[("code", "404")], 1.0);
    is("htbin_requests_total", &[("code", "502")], 1.0);
    is("htbin_scripts_running", &[], 0.0);
    is("htbin_scripts_running_max", &[], 9.0);
    is("htbin_scripts_queued", &[], 0.0);
    let (hello, dies) = (site.path("cgi-bin/hello"), site.path("cgi-bin/dies"));
    let (hello, dies) = (("script", hello.to_str().unwrap()), ("script", dies.to_str().unwrap()));
    is("htbin_script_runs_total", &[hello], 2.0);
    is("htbin_script_failures_total", &[hello], 0.0);
    is("htbin_script_failures_total", &[dies], 1.0);
    is("htbin_script_duration_seconds_count", &[hello], 2.0);
    assert!(value("htbin_script_duration_seconds_sum", &[hello]) > 0.0);
    assert!(value("process_start_time_seconds", &[]) > 1.7e9);
}

#[test]
fn the_reader_is_strict() {
    let good = "# HELP a_total A.\n# TYPE a_total counter\na_total{x=\"\\\"\\\\\\n\"} 1\n";
    assert_eq!(samples(good)[0].labels["x"], "\"\\\n");
    for bad in [
        "a_total 1\n",
        "# HELP a_total A.\n# TYPE a_total counter\na_total 1",
        "# HELP a A.\n# TYPE a counter\na 1\n",
        "# HELP a_total A.\n# TYPE a_total counter\na_total{x=\"1\"} 1\na_total{x=\"1\"} 2\n",
        "# HELP a_total A.\n# TYPE a_total counter\na_total{x=\"\n\"} 1\n",
        "# HELP a_total A.\n# TYPE a_total counter\na_total{x=1} 1\n",
        "# HELP a_total A.\n# TYPE a_total counter\na_total one\n",
        "# HELP h H.\n# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n",
        "# HELP h H.\n# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_sum 1\nh_count 2\n",
    ] {
        let read = std::panic::catch_unwind(|| samples(bad));
        assert!(read.is_err(), "{bad:?} was read as {read:?}");
    }
}

/// All samples; panics at whatever breaks the format or its conventions.
pub(super) fn samples(text: &str) -> Vec<Sample> {
    assert!(text.ends_with('\n'), "the last line has an end");
    let (mut all, mut families, mut seen) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    let (mut family, mut kind, mut helped) = (String::new(), String::new(), String::new());
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect("a name and a help");
            assert!(families.insert(name.to_owned()) && !help.is_empty(), "{name} stands once");
            name.clone_into(&mut helped);
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, which) = rest.split_once(' ').expect("a name and a type");
            assert!(matches!(which, "counter" | "gauge" | "histogram"), "{line}");
            assert_eq!(name, helped, "HELP comes before TYPE");
            assert_eq!(name.ends_with("_total"), which == "counter", "counters and nothing else end in _total: {name}");
            (family, kind) = (name.to_owned(), which.to_owned());
        } else {
            let sample = sample(line);
            let suffix = sample.name.strip_prefix(&family).unwrap_or_else(|| panic!("{line} is not of {family:?}"));
            let is_of_it =
                if kind == "histogram" { matches!(suffix, "_bucket" | "_sum" | "_count") } else { suffix.is_empty() };
            assert!(is_of_it && !family.is_empty(), "{line} is not of {family:?}");
            assert!(seen.insert((sample.name.clone(), sample.labels.clone())), "{line} stands twice");
            all.push(sample);
        }
    }
    histograms(&all);
    all
}

/// Buckets grow, and the last one has all.
fn histograms(samples: &[Sample]) {
    let mut before: BTreeMap<_, (f64, f64)> = BTreeMap::new();
    for sample in samples.iter().filter(|sample| sample.name.ends_with("_bucket")) {
        let mut labels = sample.labels.clone();
        let bound = labels.remove("le").expect("a bucket has a bound");
        let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse().expect("a bound is a number") };
        let last = before.entry((sample.name.replace("_bucket", ""), labels)).or_insert((f64::MIN, 0.0));
        assert!(bound > last.0 && sample.value >= last.1, "{sample:?} is not in order");
        *last = (bound, sample.value);
    }
    for ((name, labels), (bound, count)) in before {
        let of = |suffix| samples.iter().find(|it| it.name == format!("{name}{suffix}") && it.labels == labels);
        assert!(bound.is_infinite() && of("_sum").is_some(), "{name} {labels:?} is not whole");
        assert!(of("_count").is_some_and(|all| (all.value - count).abs() < 0.5), "{name} {labels:?} counts wrong");
    }
}

fn sample(line: &str) -> Sample {
    let is_name = |name: &str| {
        !name.is_empty()
            && name.bytes().all(|octet| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'_')
    };
    let (name, mut rest) = line.split_at(line.find(['{', ' ']).expect("a name ends"));
    assert!(is_name(name), "{line}");
    let mut labels = BTreeMap::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        while let Some((label, after)) = rest.split_once("=\"").filter(|_| !rest.starts_with('}')) {
            assert!(is_name(label.trim_start_matches(',')) && label.starts_with(',') != labels.is_empty(), "{line}");
            let (value, after) = quoted(after);
            labels.insert(label.trim_start_matches(',').to_owned(), value);
            rest = after;
        }
        rest = rest.strip_prefix('}').expect("labels end");
    }
    let value = rest.strip_prefix(' ').expect("a blank before the value").parse().expect("a value is a number");
    Sample { name: name.to_owned(), labels, value }
}

/// A value up to its quote, and what follows it.
fn quoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.push(match letters.next().map(|(_, letter)| letter) {
                Some('n') => '\n',
                Some(letter @ ('"' | '\\')) => letter,
                other => panic!("\\{other:?} stands for nothing"),
            }),
            letter => value.push(letter),
        }
    }
    panic!("no quote ends {text:?}")
}
