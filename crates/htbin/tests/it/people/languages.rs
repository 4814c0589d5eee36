//! Case 7: scripts in nine languages from one directory.

use std::process::Command;

use super::curl;
use crate::{process::run_ok, server::Server, site::Site};

const SCRIPTS: [(&str, &str); 8] = [
    ("x.sh", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\necho \"sh $QUERY_STRING $(cat)\"\n"),
    (
        "x.awk",
        "#!/usr/bin/gawk -f\nBEGIN { printf \"Content-Type: text/plain\\n\\n\"; getline body; print \"awk \" ENVIRON[\"QUERY_STRING\"] \" \" body }\n",
    ),
    (
        "x.pl",
        "#!/usr/bin/perl\nuse CGI;\nmy $q = CGI->new;\nprint $q->header('text/plain'), 'pl a=', scalar $q->url_param('a'), ' b=', scalar $q->param('b'), \"\\n\";\n",
    ),
    (
        "x.php",
        "#!/usr/bin/php-cgi\n<?php header('Content-Type: text/plain'); echo \"php a={$_GET['a']} b={$_POST['b']}\\n\";\n",
    ),
    (
        "x.py",
        "#!/usr/bin/python3\nimport os, sys\nprint('Content-Type: text/plain\\n')\nprint('py', os.environ['QUERY_STRING'], sys.stdin.read())\n",
    ),
    (
        "x.rb",
        "#!/usr/bin/ruby\nputs \"Content-Type: text/plain\\n\\n\"\nputs \"rb #{ENV['QUERY_STRING']} #{STDIN.read}\"\n",
    ),
    ("x.tcl", "#!/usr/bin/tclsh\nputs \"Content-Type: text/plain\\n\"\nputs \"tcl $env(QUERY_STRING) [read stdin]\"\n"),
    (
        "x.lua",
        "#!/usr/bin/lua5.4\nprint('Content-Type: text/plain\\n')\nprint('lua ' .. os.getenv('QUERY_STRING') .. ' ' .. io.read('a'))\n",
    ),
];

const C: &str = r#"
#include <stdio.h>
#include <stdlib.h>
int main(void) {
  char body[100] = "";
  fread(body, 1, sizeof body - 1, stdin);
  printf("Content-Type: text/plain\r\n\r\nc %s %s\n", getenv("QUERY_STRING"), body);
}
"#;

#[test]
fn case_7_nine_languages_from_one_directory() {
    peer_differs!(Apache: "sets no REDIRECT_STATUS for php-cgi", Lighttpd: "is here without an interpreter for .php");
    let mut site = Site::new().file("x.c", C);
    for (name, script) in SCRIPTS {
        site = site.script(&format!("cgi-bin/{name}"), script);
    }
    run_ok(Command::new("gcc").args(["-w", "-o"]).arg(site.path("cgi-bin/x")).arg(site.path("x.c")));
    let server = Server::start(&site);
    let names = SCRIPTS.map(|(name, _)| name);
    for name in names.iter().chain(&["x"]) {
        let answer = curl(&["--include", "--data", "b=2", &server.url(&format!("/cgi-bin/{name}?a=1"))]);
        let language = name.split('.').nth(1).unwrap_or("c");
        assert!(answer.starts_with("HTTP/1.1 200"), "{name}: {answer}");
        assert!(answer.ends_with(&format!("{language} a=1 b=2\n")), "{name}: {answer}");
    }
}
