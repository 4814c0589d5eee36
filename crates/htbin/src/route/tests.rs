//! Which rule answers for which host and path.

use super::*;

fn request(host: &str, path: &str) -> Parts {
    let request = http::Request::get(path).header(http::header::HOST, host).body(()).expect("it is a request");
    request.into_parts().0
}

fn rule(pattern: Pattern, root: &str) -> RuleSettings {
    let site = site::Settings { root: root.into(), ..site::Settings::default() };
    let settings = Settings::single(site, layers::Settings::default(), handle::cgi::Rules::tests());
    RuleSettings { pattern, ..settings.last().clone() }
}

fn host(names: &[&str], rules: Vec<RuleSettings>) -> HostSettings {
    let names = names.iter().map(|name| name.parse().expect("it is a name")).collect();
    HostSettings { names, rules }
}

fn found(routes: &Routes, host: &str, path: &str) -> String {
    let rule = routes.find(&request(host, path)).expect("it is a path");
    rule.action.site().expect("it is a site").root().display().to_string()
}

#[test]
fn an_exact_name_goes_before_the_longest_pattern_and_that_before_the_nameless() {
    let all = |root| vec![rule(Pattern::All, root)];
    let hosts = vec![
        host(&["*.example.org"], all("/usr")),
        host(&[], all("/")),
        host(&["www.example.org"], all("/etc")),
        host(&["*.b.example.org"], all("/tmp")),
    ];
    let routes = Routes::open(&Settings { proxies: layers::proxies::Settings::default(), hosts })
        .expect("these are there on every machine");
    for (name, root) in [
        ("www.example.org", "/etc"),
        ("WWW.Example.ORG.:8080", "/etc"),
        ("a.example.org", "/usr"),
        ("a.b.example.org", "/tmp"),
        ("example.org", "/"),
        ("xexample.org", "/"),
        ("[::1]:8000", "/"),
        ("", "/"),
    ] {
        assert_eq!(found(&routes, name, "/"), root, "{name}");
    }
}

#[test]
fn the_first_rule_that_fits_answers() {
    let rules = vec![
        rule(Pattern::prefix("/a/b"), "/etc"),
        rule(Pattern::Suffix(b".php"[..].into()), "/usr"),
        rule(Pattern::glob("/u/*/x/**").expect("it is a glob"), "/tmp"),
        rule(Pattern::prefix("/a"), "/var"),
        rule(Pattern::All, "/"),
    ];
    let routes =
        Routes::open(&Settings { proxies: layers::proxies::Settings::default(), hosts: vec![host(&[], rules)] })
            .expect("these are there");
    for (path, root) in [
        ("/a/b", "/etc"),
        ("//%61///b/c.php", "/etc"),
        ("/a/bc", "/var"),
        ("/x.php/info", "/usr"),
        ("/x.phpx", "/"),
        ("/u/me/x/y/z", "/tmp"),
        ("/u/me/too/x/y", "/"),
    ] {
        assert_eq!(found(&routes, "h", path), root, "{path}");
    }
    assert!(routes.find(&request("h", "/%00")).is_err());
}

#[test]
fn names_of_hosts() {
    for name in ["a", "a.example", "*.example.org", "[::1]", "127.0.0.1", "A.b."] {
        assert!(name.parse::<HostName>().is_ok(), "{name}");
    }
    for name in ["", "*", "a b", "*.*", "a:80", "a/b", "*.", ".a", "http://a"] {
        assert!(name.parse::<HostName>().is_err(), "{name}");
    }
}
