//! What the levels leave alone: programs that people run must not notice standard, and strict only where it says so.

use std::{fs, path::Path};

use htbin_spawn::{Confinement, Exit, Kernel, Limits, Policy, Terms};

use crate::case::{Place, cases, each_terms, run, run_in, say, with_launcher};

cases![
    Root: standard_changes_nothing_of_the_system;
    Both: standard_lets_programs_run, strict_lets_programs_run
];

fn standard_changes_nothing_of_the_system() {
    let place = Place::new();
    let body = "for path in '/etc', '/usr', '/usr/lib', '/root', '/', '/boot': told(open, path + '/htbin-new', 'x')\n\
                told(os.truncate, '/etc/hostname', 10**15)\n\
                told(open, '/etc/shadow')";
    with_launcher(Policy::Any, async |launcher| {
        let terms = Terms { confinement: Confinement::standard(), ..Terms::default() };
        let said = say(&launcher, &place, body, &terms).await;
        assert_eq!(said, "EACCES\n".repeat(7) + "done");
        // What an interpreter lies in is not its script's.
        let (shell, words) =
            (Path::new("/usr/bin/perl"), ["-e", "open my $file, '>', '/usr/bin/htbin-new' or print $!"]);
        let ran = run_in(&launcher, &place.site(), shell, &words, &terms, Limits::default()).await;
        assert_eq!(ran.expect("it starts").stdout, "Permission denied");
    });
}

fn standard_lets_programs_run() {
    let place = Place::new();
    fs::set_permissions(place.site(), std::os::unix::fs::PermissionsExt::from_mode(0o777)).expect("it is ours");
    let program = place.program(
        "a",
        "#!/bin/sh -e\n\
         echo one | cat | tr a-z A-Z\n\
         echo text > file; mkdir d; mv file d/other; ln -s d/other link; cat link; rm -r d link\n\
         name=$(mktemp); mktemp -p /var/tmp -u >/dev/null; rm $name\n\
         (sleep 0 & wait)\n\
         perl -MSocket -e 'socketpair my $a, my $b, AF_UNIX, SOCK_STREAM, 0 or die; print \"perl\\n\"'\n\
         python3 -c 'import socket, threading, subprocess, multiprocessing as m\n\
         t = threading.Thread(target=lambda: None); t.start(); t.join()\n\
         l = socket.create_server((\"127.0.0.1\", 0)); socket.create_connection(l.getsockname())\n\
         socket.getaddrinfo(\"localhost\", 80); m.Lock(); subprocess.check_call([\"true\"]); print(\"python\")'\n\
         git init -q r; git -C r log 2>/dev/null || echo git; rm -rf r\n\
         echo message > /dev/stderr; kill -TERM $$\n",
    );
    with_launcher(Policy::Any, async |launcher| {
        for confinement in [Confinement::OFF, Confinement::standard()] {
            for terms in each_terms(&confinement) {
                let ran = run(&launcher, &program, &[], &terms, Limits::default()).await.expect("it starts");
                assert_eq!(ran.stdout, "ONE\ntext\nperl\npython\ngit\n", "{terms:?}: {ran:?}");
                assert_eq!((ran.stderr.as_str(), ran.exit), ("message\n", Exit::Signal(15)), "{terms:?}");
            }
        }
    });
}

fn strict_lets_programs_run() {
    let place = Place::new();
    fs::write(place.site().join("template"), "text").expect("there is room");
    place.program("part", "#!/bin/sh\necho part\n");
    let program = place.program(
        "a",
        "#!/bin/sh -e\n\
         cat template; ./part; echo one | cat | tr a-z A-Z; date > /dev/null; id -un > /dev/null || true\n\
         perl -MPOSIX -MSocket -MTime::Local -e 'print strftime(\"%Y\\n\", gmtime 0)'\n\
         python3 -c 'import json, sqlite3, ssl, subprocess, threading, zoneinfo\n\
         t = threading.Thread(target=lambda: None); t.start(); t.join()\n\
         subprocess.check_call([\"true\"]); ssl.create_default_context(); zoneinfo.ZoneInfo(\"Europe/Berlin\")\n\
         sqlite3.connect(\":memory:\").execute(\"select 1\"); print(\"python\")'\n\
         if [ \"$1\" = tmp ]; then name=$(mktemp); echo x > $name; rm $name; fi\n",
    );
    let tmp = if Kernel::probe().namespaces { &["tmp"][..] } else { &[] };
    with_launcher(Policy::Any, async |launcher| {
        for terms in each_terms(&Confinement::strict()) {
            let ran = run(&launcher, &program, tmp, &terms, Limits::default()).await.expect("it starts");
            let expected = "textpart\nONE\n1970\npython\n";
            assert_eq!((ran.stdout.as_str(), ran.exit), (expected, Exit::Code(0)), "{terms:?}: {ran:?}");
        }
    });
}
