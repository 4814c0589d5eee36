//! The command line, word by word.

use std::{collections::BTreeSet, path::Path, time::Duration};

use super::*;

fn words(line: &[&str]) -> Vec<OsString> {
    std::iter::once("htbin").chain(line.iter().copied()).map(OsString::from).collect()
}

fn read(line: &[&str], variables: &[(&str, &str)]) -> Result<Invocation, Error> {
    parse(words(line), variables.iter().map(|(name, value)| (name.into(), value.into())))
}

fn flags_in(line: &[&str], variables: &[(&str, &str)]) -> Flags {
    match read(line, variables) {
        Ok(Invocation::Serve(flags) | Invocation::Demo(flags)) => *flags,
        other => panic!("{line:?}: {other:?}"),
    }
}

fn flags(line: &[&str]) -> Flags {
    flags_in(line, &[])
}

/// The first paragraph of the error.
fn error_in(line: &[&str], variables: &[(&str, &str)]) -> String {
    let error = read(line, variables).expect_err(&format!("{line:?} {variables:?}"));
    assert_eq!(error.exit_code(), 2, "{line:?}");
    error.to_string().split("\n\n").next().unwrap_or_default().to_owned()
}

fn place(line: &[&str]) -> (Option<u16>, Option<String>) {
    let flags = flags(line);
    (flags.listen.port, flags.site.directory.map(|it| it.display().to_string()))
}

#[test]
fn clap_finds_no_fault_with_the_flags() {
    command().debug_assert();
}

#[test]
fn port_and_directory_stand_in_any_order() {
    let both = (Some(9000), Some("/srv".to_owned()));
    for line in [
        &["9000", "/srv"][..],
        &["/srv", "9000"],
        &["--port", "9000", "/srv"],
        &["--port=9000", "-d", "/srv"],
        &["-d", "/srv", "9000"],
        &["9000", "--directory=/srv"],
        &["-p", "9000", "/srv"],
        &["-p9000", "/srv"],
        &["--cgi", "9000", "/srv"],
        &["/srv", "--cgi", "9000"],
        &["/srv", "9000", "--cgi"],
        &["--", "/srv", "9000"],
        &["9000", "9000", "-d", "/srv"],
        &["-v", "9000", "--no-listing", "/srv"],
    ] {
        assert_eq!(place(line), both, "{line:?}");
    }
    assert_eq!(place(&[]), (None, None));
    assert_eq!(place(&["0"]), (Some(0), None));
    assert_eq!(place(&["./8000"]), (None, Some("./8000".into())));
    assert_eq!(place(&["8000x"]), (None, Some("8000x".into())));
    assert_eq!(place(&["-d", "8000"]), (None, Some("8000".into())));
}

#[test]
fn pythons_spelling_works_to_the_letter() {
    // The forms of `python -m http.server --help` and of its documentation, up to 3.14.
    let line = ["--cgi", "--bind", "127.0.0.1", "--directory", "/tmp/", "--protocol", "HTTP/1.1", "8000"];
    let all = flags(&line);
    assert_eq!((all.listen.port, all.listen.bind), (Some(8000), vec!["127.0.0.1".to_owned()]));
    assert_eq!(all.site.directory.as_deref(), Some(Path::new("/tmp/")));
    assert_eq!(flags(&["-b", "::", "-d", "/tmp", "-p", "HTTP/1.0"]).listen.bind, ["::"]);
    assert_eq!(flags(&["9000"]).listen.port, Some(9000));
    assert_eq!(flags(&["--bind", "::1"]).listen.bind, ["::1"]);
    let cgi = flags(&["--cgi"]);
    assert_eq!((cgi.scripts.cgi, cgi.scripts.no_cgi), (vec![String::new()], false));
}

#[test]
fn cgi_takes_a_value_only_if_it_is_a_mount() {
    let mounts = |line: &[&str]| {
        let flags = flags(line);
        let given: Vec<String> = flags.scripts.cgi.into_iter().filter(|it| !it.is_empty()).collect();
        (given.join(" "), flags.listen.port, flags.site.directory)
    };
    assert_eq!(mounts(&["--cgi", "/git=/usr/lib/git"]), ("/git=/usr/lib/git".into(), None, None));
    assert_eq!(mounts(&["--cgi=/git=/usr/lib/git", "80"]), ("/git=/usr/lib/git".into(), Some(80), None));
    assert_eq!(mounts(&["--cgi", "/a=b", "--cgi", "/c=d"]), ("/a=b /c=d".into(), None, None));
    assert_eq!(mounts(&["--cgi", "/srv"]), (String::new(), None, Some("/srv".into())));
    assert_eq!(mounts(&["--cgi", "./a=b"]), (String::new(), None, Some("./a=b".into())));
    assert_eq!(mounts(&["--cgi", "--", "/a=b"]), (String::new(), None, Some("/a=b".into())));
    assert_eq!(mounts(&["--", "--cgi"]), (String::new(), None, Some("--cgi".into())));
}

#[test]
fn the_last_of_two_opposites_wins() {
    assert!(flags(&["--debug", "--no-debug"]).scripts.no_debug);
    assert!(flags(&["--no-debug", "--debug"]).scripts.debug);
    assert!(!flags(&["--no-debug", "--debug"]).scripts.no_debug);
    assert!(!flags(&["--debug", "--no-debug"]).scripts.debug);
    let warm = |line: &[&str]| (flags(line).warm.warm, flags(line).warm.no_warm);
    assert_eq!(warm(&["--warm", "--no-warm"]), (false, true));
    assert_eq!(warm(&["--no-warm", "--warm"]), (true, false));
    let said = |line: &[&str]| (flags(line).output.quiet, flags(line).output.verbose);
    assert_eq!(said(&["-q", "-v"]), (false, 1));
    assert_eq!(said(&["-v", "-q"]), (true, 0));
    assert_eq!(said(&["-vv", "-q", "-v"]), (false, 1));
    assert_eq!(said(&["-q", "-v", "-v"]), (false, 2));
    assert!(command().render_long_help().to_string().contains("the last one counts"));
    assert_eq!(flags(&["--timeout", "1", "--timeout", "2"]).limits.timeout, Duration::from_secs(2));
}

#[test]
fn scripts_are_on_or_off() {
    let told = "--cgi and --no-cgi contradict each other: scripts are on or off; leave one out";
    for line in [&["--cgi", "--no-cgi"][..], &["--no-cgi", "--cgi"], &["--no-cgi", "--cgi=/a=b"]] {
        assert_eq!(error_in(line, &[]), format!("error: {told}"));
    }
    let both = [("HTBIN_CGI", "1"), ("HTBIN_NO_CGI", "1")];
    assert_eq!(error_in(&[], &both), format!("error: HTBIN_* in the environment: {told}"));
    assert!(flags_in(&["--no-cgi"], &both).scripts.no_cgi);
    assert!(!flags_in(&["--cgi"], &both).scripts.no_cgi);
    assert!(flags_in(&[], &[("HTBIN_CGI", "0"), ("HTBIN_NO_CGI", "1")]).scripts.no_cgi);
}

#[test]
fn what_may_be_repeated_is_kept_in_order() {
    let flags = flags(&[
        "-b",
        "127.0.0.1",
        "--bind=/run/a.sock",
        "-b",
        "::1,::2",
        "--cgi-dir",
        "/x",
        "--cgi-dir",
        "/y=/srv/y",
        "--interpreter",
        ".py=python3",
        "--interpreter",
        ".php=php-cgi",
        "--env",
        "A=1,2",
        "--env",
        "B=",
        "--pass-env",
        "HOME,USER",
        "-H",
        "A: b, c",
        "--header=D: e",
        "--index",
        "a.html,b.cgi",
    ]);
    assert_eq!(flags.listen.bind, ["127.0.0.1", "/run/a.sock", "::1", "::2"]);
    assert_eq!(flags.scripts.cgi_dir, ["/x", "/y=/srv/y"]);
    assert_eq!(flags.scripts.interpreter, [".py=python3", ".php=php-cgi"]);
    assert_eq!(flags.scripts.env, ["A=1,2", "B="]);
    assert_eq!(flags.scripts.pass_env, ["HOME", "USER"]);
    assert_eq!(flags.site.header, ["A: b, c", "D: e"]);
    assert_eq!(flags.site.index, ["a.html", "b.cgi"]);
}

#[test]
fn optional_values_need_an_equals_sign() {
    let all = flags(&["--spa", "--cors", "-o", "8000"]);
    assert_eq!(all.site.spa.as_deref(), Some("index.html"));
    assert_eq!(all.site.cors.as_deref(), Some("*"));
    assert_eq!(all.listen.open.as_deref(), Some("/"));
    assert_eq!(all.listen.port, Some(8000));
    let all = flags(&["--spa=app.html", "--cors=https://a.example", "--open=/x", "8000"]);
    assert_eq!(all.site.spa.as_deref(), Some("app.html"));
    assert_eq!(all.site.cors.as_deref(), Some("https://a.example"));
    assert_eq!(all.listen.open.as_deref(), Some("/x"));
    assert_eq!(flags(&["-o=/x"]).listen.open.as_deref(), Some("/x"));
}

#[test]
fn defaults_are_those_of_the_manual() {
    let all = flags(&[]);
    assert_eq!(all.limits.timeout, Duration::from_secs(60));
    assert_eq!(all.limits.idle_timeout, Duration::from_secs(60));
    assert_eq!((all.limits.max_scripts, all.limits.queue), (None, 512));
    assert_eq!(all.limits.queue_time, Duration::from_secs(30));
    assert_eq!((all.limits.max_body, all.limits.max_head), (1 << 30, 64 << 10));
    let none = value::UNLIMITED;
    assert_eq!((all.limits.memory, all.limits.cpu), (none, none));
    assert_eq!((all.limits.nproc, all.limits.max_output), (none, none));
    assert_eq!(all.clients.head_time, Duration::from_secs(20));
    assert_eq!(all.clients.keep_alive, Duration::from_secs(75));
    assert_eq!(all.clients.body_idle, Duration::from_secs(30));
    assert_eq!(all.clients.send_idle, Duration::from_secs(60));
    assert_eq!(all.clients.stop_time, Duration::from_secs(30));
    assert_eq!(all.clients.max_fields, 100);
    assert_eq!(all.output.log_format, LogFormat::Common);
    assert_eq!(all.site.index, ["index.html", "index.cgi", "index.py", "index.pl"]);
    assert!(all.listen.bind.is_empty() && all.scripts.cgi.is_empty() && all.scripts.cgi_dir.is_empty());
}

#[test]
fn help_tells_the_default_that_clap_holds() {
    for argument in command().get_arguments() {
        let defaults: Vec<_> = argument.get_default_values().iter().map(|it| it.to_string_lossy()).collect();
        if argument.get_long().is_some() && argument.get_num_args().is_some_and(|number| number.takes_values()) {
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            let told = format!("[{}]", defaults.join(","));
            assert!(defaults.is_empty() || help.ends_with(&told), "{}: '{help}' lacks {told}", argument.get_id());
        }
    }
}

#[test]
fn short_help_fits_a_terminal() {
    let help = command().term_width(80).render_help().to_string();
    let long: Vec<&str> = help.lines().filter(|line| line.chars().count() > 80).collect();
    assert!(long.is_empty(), "{long:#?}");
    assert!(help.lines().count() <= 64, "{} lines", help.lines().count());
}

#[test]
fn help_and_version_are_no_failures() {
    for line in [&["-h"][..], &["--help"], &["-V"], &["--version"], &["demo", "-h"], &["man", "--help"]] {
        assert_eq!(
            read(line, &[("HTBIN_PORT", "nonsense")]).expect_err("it is clap's answer").exit_code(),
            0,
            "{line:?}"
        );
    }
}

#[test]
fn commands_stand_first_and_only_there() {
    assert!(matches!(read(&["man"], &[]), Ok(Invocation::Man(Page::Htbin))));
    assert!(matches!(read(&["completions", "zsh"], &[]), Ok(Invocation::Completions(Shell::Zsh))));
    let Ok(Invocation::Demo(demo)) = read(&["demo", "-v", "9000"], &[]) else { panic!("the demo") };
    assert_eq!((demo.listen.port, demo.output.verbose), (Some(9000), 1));
    let Ok(Invocation::Lint(lint)) = read(&["lint", "--fix", "a", "b"], &[]) else { panic!("lint") };
    assert_eq!((lint.fix, lint.json, lint.paths), (true, false, vec!["a".into(), "b".into()]));
    let Ok(Invocation::New(new)) = read(&["new", "a.cgi", "--lang", "perl"], &[]) else { panic!("new") };
    assert_eq!((new.name, new.lang), ("a.cgi".into(), Some(Language::Perl)));
    for word in ["demo", "run", "man", "completions", "lint", "new", "passwd"] {
        let below = format!("./{word}");
        for line in [&[below.as_str()][..], &["9000", word], &["-v", word], &["-d", word], &["--", word]] {
            let Ok(Invocation::Serve(flags)) = read(line, &[]) else { panic!("{line:?}") };
            assert!(flags.site.directory.is_some_and(|it| it.ends_with(word)), "{line:?}");
        }
    }
}

#[test]
fn lint_goes_by_what_a_server_would() {
    let lint = |line: &[&str], variables: &[(&str, &str)]| match read(line, variables) {
        Ok(Invocation::Lint(lint)) => lint.flags,
        other => panic!("{other:?}"),
    };
    let words = ["lint", "--user", "ada", "--cgi-dir", "/tools,/more=/srv", "--interpreter", ".py=python3"];
    let flags = lint(&words, &[("HTBIN_PORT", "nonsense"), ("HTBIN_USER", "bob")]);
    assert_eq!(flags.listen.user.as_deref(), Some("ada"));
    assert_eq!(flags.scripts.cgi_dir, ["/tools", "/more=/srv"]);
    assert_eq!(flags.scripts.interpreter, [".py=python3"]);
    let flags = lint(&["lint"], &[("HTBIN_USER", "bob"), ("HTBIN_CGI_DIR", "/tools")]);
    assert_eq!((flags.listen.user.as_deref(), &flags.scripts.cgi_dir[..]), (Some("bob"), &["/tools".into()][..]));
    assert!(read(&["lint", "--port", "1"], &[]).is_err() && read(&["new"], &[]).is_err());
}

#[test]
fn errors_say_what_where_and_the_fix() {
    for (line, text) in [
        (&["70000"][..], "error: 70000 is no port: ports are 1 to 65535, and 0 is any free one"),
        (&["1", "2"], "error: two ports, 1 and 2: leave one out; to listen twice, start htbin twice"),
        (&["--port", "1", "-p", "2"], "error: two ports, 1 and 2: leave one out; to listen twice, start htbin twice"),
        (&["a", "b"], "error: two directories, 'a' and 'b': leave one out, or serve the directory above both"),
        (&["-d", "a", "b"], "error: two directories, 'a' and 'b': leave one out, or serve the directory above both"),
        (&["-p", "HTTP/2"], "error: 'HTTP/2' for --protocol: HTTP/1.0, HTTP/1.1, or a port"),
        (
            &["--timeout", "soon"],
            "error: invalid value 'soon' for '--timeout <TIME>': a time like 60s, 5m, 500ms, or 'none'",
        ),
        (
            &["--max-body", "big"],
            "error: invalid value 'big' for '--max-body <SIZE>': a size like 64k, 10m, 1g, or 'none'",
        ),
        (&["--nproc", "few"], "error: invalid value 'few' for '--nproc <N>': a whole number, or 'none'"),
        (
            &["demo", "/srv"],
            "error: a directory, '/srv', for the demo: the demo brings its own site; to serve a directory leave out 'demo'",
        ),
    ] {
        assert_eq!(error_in(line, &[]), text);
    }
    assert!(error_in(&["--prot"], &[]).starts_with("error: unexpected argument '--prot' found"));
    assert!(error_in(&["completions", "tcsh"], &[]).contains("bash, elvish, fish, powershell, zsh"));
}

#[test]
fn every_flag_is_also_a_variable() {
    for argument in command().get_arguments() {
        let Some(long) = argument.get_long().filter(|long| !["help", "version"].contains(long)) else { continue };
        let name = environment::variable(long);
        let value = match long {
            "log-format" => "json",
            "protocol" => "HTTP/1.0",
            "cgi" => "/x=y",
            _ => "1",
        };
        let changed = format!("{:?}", flags_in(&[], &[(name.as_str(), value)]));
        assert_ne!(changed, format!("{:?}", flags(&[])), "{name} changes nothing");
    }
}

#[test]
fn what_is_typed_wins_over_a_variable() {
    let one = |line: &[&str], name: &str, value: &str| flags_in(line, &[(name, value)]);
    assert_eq!(one(&[], "HTBIN_PORT", "9000").listen.port, Some(9000));
    for line in [&["80"][..], &["--port", "80"], &["-p", "80"]] {
        assert_eq!(one(line, "HTBIN_PORT", "9000").listen.port, Some(80), "{line:?}");
    }
    assert_eq!(one(&["a"], "HTBIN_DIRECTORY", "b").site.directory, Some("a".into()));
    assert_eq!(one(&["demo"], "HTBIN_DIRECTORY", "b").site.directory, None);
    assert_eq!(one(&["demo", "-v"], "HTBIN_PORT", "9000").listen.port, Some(9000));
    assert_eq!(one(&["-b", "::1"], "HTBIN_BIND", "127.0.0.1").listen.bind, ["::1"]);
    assert!(!one(&["--cgi"], "HTBIN_NO_CGI", "1").scripts.no_cgi);
    assert!(!one(&["--cgi", "/a=b"], "HTBIN_NO_CGI", "1").scripts.no_cgi);
    for variable in ["1", "/a=b"] {
        let off = one(&["--no-cgi"], "HTBIN_CGI", variable).scripts;
        assert!(off.no_cgi && off.cgi.is_empty(), "{variable}");
    }
    assert!(one(&["--no-debug"], "HTBIN_DEBUG", "1").scripts.no_debug);
    assert_eq!(one(&["--timeout", "1"], "HTBIN_TIMEOUT", "nonsense").limits.timeout, Duration::from_secs(1));
}

#[test]
fn variables_switch_count_and_repeat() {
    let one = |name: &str, value: &str| flags_in(&[], &[(name, value)]);
    for value in ["1", "true", "YES", "on"] {
        assert!(one("HTBIN_HIDDEN", value).site.hidden, "{value}");
    }
    for value in ["0", "false", "No", "off", ""] {
        assert!(!one("HTBIN_HIDDEN", value).site.hidden, "{value}");
    }
    assert!(one("HTBIN_CGI", "0").scripts.no_cgi);
    assert!(one("HTBIN_DEBUG", "off").scripts.no_debug);
    assert_eq!(one("HTBIN_CGI", "/a=b\n/c=d").scripts.cgi, ["/a=b", "/c=d"]);
    assert_eq!(one("HTBIN_BIND", "127.0.0.1,::1").listen.bind, ["127.0.0.1", "::1"]);
    assert_eq!(one("HTBIN_ENV", "A=1,2\nB=3\n").scripts.env, ["A=1,2", "B=3"]);
    assert_eq!(one("HTBIN_VERBOSE", "2").output.verbose, 2);
    assert_eq!(one("HTBIN_SPA", "1").site.spa.as_deref(), Some("index.html"));
    assert_eq!(one("HTBIN_SPA", "app.html").site.spa.as_deref(), Some("app.html"));
    assert_eq!(one("HTBIN_SPA", "0").site.spa, None);
    assert_eq!(one("HTBIN_PORT", "").listen.port, None);
    assert_eq!(one("HTBIN_UNDER_TEST", "apache").listen.port, None);
}

#[test]
fn a_variable_that_is_none_is_told_with_the_one_that_was_meant() {
    let told = |name: &str, value: &str| unknown_variables([(name.into(), value.into())]);
    let none = |name: &str| format!("{name} in the environment is no variable of htbin's");
    for (name, meant) in [
        ("HTBIN_MAX_SCRIPT", "HTBIN_MAX_SCRIPTS"),
        ("HTBIN_DIRECTROY", "HTBIN_DIRECTORY"),
        ("HTBIN_INTERPRETERS", "HTBIN_INTERPRETER"),
        ("HTBIN_PORTS", "HTBIN_PORT"),
    ] {
        assert_eq!(told(name, "1"), [format!("{}; {meant} is", none(name))]);
    }
    assert_eq!(told("HTBIN_QWXYZ", "1"), [none("HTBIN_QWXYZ")]);
    for (name, value) in [("HTBIN_PORT", "1"), ("HTBIN_MAX_SCRIPT", ""), ("PATH", "/bin"), ("HTBINX", "1")] {
        assert_eq!(told(name, value), [""; 0], "{name}");
    }
}

#[test]
fn an_error_in_a_variable_names_it() {
    assert_eq!(
        error_in(&[], &[("HTBIN_QUEUE", "7"), ("HTBIN_MAX_BODY", "big")]),
        "error: HTBIN_MAX_BODY in the environment: invalid value 'big' for '--max-body <SIZE>': \
         a size like 64k, 10m, 1g, or 'none'"
    );
    assert!(error_in(&[], &[("HTBIN_HIDDEN", "maybe")]).starts_with("error: HTBIN_HIDDEN in the environment: "));
}

#[test]
fn names_need_not_be_utf8() {
    use std::os::unix::ffi::OsStringExt;
    let name = OsString::from_vec(b"/srv/\xff".to_vec());
    let Ok(Invocation::Serve(flags)) = parse(["htbin".into(), name.clone()], []) else { panic!("it is a directory") };
    assert_eq!(flags.site.directory, Some(name.into()));
}

#[test]
fn no_words_at_all_are_no_crash() {
    assert!(matches!(parse([], []), Ok(Invocation::Serve(_))));
}

#[test]
fn manual_has_every_flag_and_section() {
    let mut page = Vec::new();
    man(&mut page).expect("memory takes it");
    let page = String::from_utf8(page).expect("it is text");
    for argument in command().get_arguments() {
        if let Some(long) = argument.get_long() {
            assert!(page.contains(&format!("\\-\\-{}\\fR", long.replace('-', "\\-"))), "--{long}");
        }
    }
    let sections: BTreeSet<&str> = page.lines().filter_map(|line| line.strip_prefix(".SH ")).collect();
    for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "ENVIRONMENT", "\"EXIT STATUS\"", "EXAMPLES", "SECURITY"] {
        assert!(sections.contains(section), "{section} in {sections:?}");
    }
    assert!(!page.contains('`') && page.is_ascii());
}

#[test]
fn completions_know_every_flag() {
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::Elvish, Shell::PowerShell] {
        let mut script = Vec::new();
        completions(shell, &mut script).expect("memory takes it");
        let script = String::from_utf8(script).expect("it is text");
        assert!(script.contains("interpreter") && script.contains("completions"), "{shell}");
    }
}

#[test]
fn a_replay_heeds_the_environment_as_a_run_does() {
    let how = |line: &[&str], variables: &[(&str, &str)]| match read(&[&["replay", "a.json"], line].concat(), variables)
    {
        Ok(Invocation::Replay(flags)) => flags.how,
        other => panic!("{line:?}: {other:?}"),
    };
    let variables = [("HTBIN_TIMEOUT", "5"), ("HTBIN_ENV", "A=1"), ("HTBIN_CGI_DIR", "/x"), ("HTBIN_DEBUG", "1")];
    assert_eq!(how(&["--timeout", "7"], &variables).limits.timeout, Duration::from_secs(7), "what is typed wins");
    let told = how(&[], &variables);
    assert_eq!((told.limits.timeout, told.scripts.env), (Duration::from_secs(5), vec!["A=1".into()]));
    assert!(told.scripts.cgi_dir.is_empty(), "where scripts lie is a server's");
    assert!(error_in(&["replay", "a.json", "--no-cgi"], &[]).ends_with("the recording names the script"));
    assert!(error_in(&["replay", "a.json"], &[("HTBIN_TIMEOUT", "soon")]).contains("HTBIN_* in the environment"));
}
