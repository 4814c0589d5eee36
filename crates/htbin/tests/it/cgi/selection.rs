//! Which path is a script.

use crate::{
    scripts::{HELLO, PROBE, text},
    server::{Server, Start},
    site::Site,
};

#[test]
fn both_script_directories_run() {
    let site = Site::new().script("cgi-bin/hello", HELLO).script("htbin/hello", HELLO);
    let server = Server::start(&site);
    assert_eq!(server.get("/cgi-bin/hello").text(), "hello\n");
    assert_eq!(server.get("/htbin/hello").text(), "hello\n");
}

#[test]
fn nothing_runs_outside_of_them() {
    ours_only!();
    let site = Site::new().script("hello.sh", HELLO).script("sub/cgi-bin/hello.sh", HELLO);
    let server = Server::start(&site);
    assert_eq!(server.get("/hello.sh").expect(200).text(), HELLO);
    assert_eq!(server.get("/sub/cgi-bin/hello.sh").expect(200).text(), HELLO);
}

#[test]
fn scripts_lie_in_subdirectories_too() {
    let site = Site::new().script("cgi-bin/a/b/probe", PROBE);
    let told = Server::start(&site).probe("/cgi-bin/a/b/probe/c");
    assert_eq!((told.var("SCRIPT_NAME"), told.var("PATH_INFO")), (Some("/cgi-bin/a/b/probe"), Some("/c")));
}

#[test]
fn the_extra_path_may_hold_what_the_path_of_a_file_may_not() {
    ours_only!();
    let site = Site::new().script("cgi-bin/probe", PROBE);
    assert_eq!(Server::start(&site).probe("/cgi-bin/probe/a%2Fb").var("PATH_INFO"), Some("/a/b"));
}

#[test]
fn the_name_of_a_script_may_be_encoded() {
    let site = Site::new().script("cgi-bin/a b", PROBE);
    let told = Server::start(&site).probe("/cgi-bin/a%20b/c");
    assert_eq!((told.var("SCRIPT_NAME"), told.var("PATH_INFO")), (Some("/cgi-bin/a b"), Some("/c")));
}

#[test]
fn a_script_without_execute_bit_is_403_and_says_why() {
    ours_only!();
    let site = Site::new().file("cgi-bin/x.sh", HELLO);
    let server = Server::start(&site);
    let reply = server.get("/cgi-bin/x.sh").expect(403);
    assert!(reply.text().contains("not-executable") && reply.text().contains("chmod +x"), "{}", reply.text());
}

#[test]
fn a_hidden_script_does_not_exist() {
    ours_only!();
    let site = Site::new().script("cgi-bin/.hidden", HELLO).script("cgi-bin/.d/x", HELLO);
    let server = Server::start(&site);
    assert_eq!(server.get("/cgi-bin/.hidden").status, 404);
    assert_eq!(server.get("/cgi-bin/.d/x").status, 404);
}

#[test]
fn a_link_to_a_script_within_the_site_runs_it() {
    ours_only!();
    let site = Site::new().script("cgi-bin/real", HELLO).link("cgi-bin/alias", "real");
    assert_eq!(Server::start(&site).get("/cgi-bin/alias").expect(200).text(), "hello\n");
}

#[test]
fn a_link_to_a_program_outside_the_site_does_not_run_it() {
    ours_only!();
    let site = Site::new().link("cgi-bin/env", "/usr/bin/env");
    let reply = Server::start(&site).get("/cgi-bin/env");
    assert!(matches!(reply.status, 403 | 404), "{}", reply.status);
}

#[test]
fn an_index_that_is_executable_runs_in_a_script_directory() {
    ours_only!();
    let site = Site::new().script("cgi-bin/app/index.cgi", PROBE);
    let server = Server::start(&site);
    let told = server.probe("/cgi-bin/app/?a=b");
    assert_eq!(told.var("QUERY_STRING"), Some("a=b"));
    assert_eq!(told.var("SCRIPT_FILENAME"), site.path("cgi-bin/app/index.cgi").to_str());
}

#[test]
fn with_cgi_dir_dot_what_is_executable_runs_wherever_it_lies() {
    ours_only!();
    let site = Site::new().script("hello.sh", HELLO).script("sub/probe.cgi", PROBE).file("page.html", "page");
    let server = Server::with(&site, &["--cgi-dir", "."]);
    assert_eq!(server.get("/hello.sh").text(), "hello\n");
    let told = server.probe("/sub/probe.cgi/more");
    assert_eq!((told.var("SCRIPT_NAME"), told.var("PATH_INFO")), (Some("/sub/probe.cgi"), Some("/more")));
    assert_eq!(server.get("/page.html").expect(200).text(), "page");
}

#[test]
fn another_script_directory_replaces_the_default() {
    ours_only!();
    let site = Site::new().script("run/hello", HELLO).script("cgi-bin/hello", HELLO);
    let server = Server::with(&site, &["--cgi-dir", "/run"]);
    assert_eq!(server.get("/run/hello").expect(200).text(), "hello\n");
    assert_ne!(server.get("/cgi-bin/hello").text(), "hello\n");
}

#[test]
fn a_script_directory_may_lie_outside_the_site() {
    ours_only!();
    let site = Site::new();
    let outside = Site::new().script("sub/probe", PROBE);
    let flag = format!("/apps={}", outside.root().display());
    let server = Server::with(&site, &["--cgi-dir", &flag]);
    let told = server.probe("/apps/sub/probe/x");
    assert_eq!((told.var("SCRIPT_NAME"), told.var("PATH_INFO")), (Some("/apps/sub/probe"), Some("/x")));
    assert_eq!(told.var("SCRIPT_FILENAME"), outside.path("sub/probe").to_str());
    assert_eq!(told.cwd, outside.path("sub").to_str().unwrap());
}

#[test]
fn a_program_is_mounted_at_a_url() {
    ours_only!();
    let site = Site::new();
    let outside = Site::new().script("probe", PROBE);
    let flag = format!("/app={}", outside.path("probe").display());
    let server = Start::new(&site).flags(&["--cgi", &flag]).go();
    let told = server.probe("/app/x/y?z");
    assert_eq!((told.var("SCRIPT_NAME"), told.var("PATH_INFO")), (Some("/app"), Some("/x/y")));
    assert_eq!(server.probe("/app").var("PATH_INFO"), None);
    assert_eq!(server.get("/apple").status, 404);
}

#[test]
fn no_cgi_runs_nothing_and_sends_no_source() {
    ours_only!();
    let site = Site::new().script("cgi-bin/x", text("echo ran # SOURCE"));
    let reply = Server::with(&site, &["--no-cgi"]).get("/cgi-bin/x");
    assert_eq!(reply.status, 403);
    assert!(!reply.text().contains("SOURCE") && !reply.text().contains("ran\n"));
}

#[test]
fn two_servers_that_serve_the_same_site_do_not_disturb_each_other() {
    let site = Site::new().script("cgi-bin/hello", HELLO);
    let (one, other) = (Server::start(&site), Server::start(&site));
    assert_eq!(one.get("/cgi-bin/hello").text(), "hello\n");
    drop(one);
    assert_eq!(other.get("/cgi-bin/hello").text(), "hello\n");
}
