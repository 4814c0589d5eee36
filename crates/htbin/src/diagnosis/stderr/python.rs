//! Errors of Python: the last line of a traceback, and the last place in it that is the site's own.

use super::{Said, between, denied_file, place, wrong};
use crate::diagnosis::{Code, Diagnosis, Place, quoted};

/// What a traceback says.
pub(super) fn read(said: &Said<'_>) -> Option<Diagnosis> {
    if let Some(found) = cannot_open(said) {
        return Some(found);
    }
    let (error, what) = last_error(said.text)?;
    let place = last_place(said);
    let found = match error {
        "ModuleNotFoundError" | "ImportError" if what.starts_with("No module named") => module_missing(said, what),
        "SyntaxError" | "IndentationError" | "TabError" => syntax(said, what),
        "PermissionError" => {
            let file = between(what, ": '", "'").or_else(|| between(what, ": \"", "\""))?;
            denied_file(said.subject, &said.directory().join(file))
        }
        "sqlite3.OperationalError" => super::denied(said)?,
        _ => {
            return Some(
                shadowed(said, what).unwrap_or_else(|| wrong(Code::UncaughtError, "Python", &told(error, what), place)),
            );
        }
    };
    Some(if found.place.is_none() { Diagnosis { place, ..found } } else { found })
}

fn told(error: &str, what: &str) -> String {
    if what.is_empty() { error.to_owned() } else { format!("{error}: {what}") }
}

/// `python3: can't open file '…': [Errno 13] Permission denied`
fn cannot_open(said: &Said<'_>) -> Option<Diagnosis> {
    let (_, rest) = said.line_with("can't open file '")?;
    let (file, why) = rest.split_once("': ")?;
    why.contains("Errno 13").then(|| denied_file(said.subject, &said.directory().join(file)))
}

/// The last line `NameOfError: what`, after a traceback or the place of a syntax error.
fn last_error(text: &str) -> Option<(&str, &str)> {
    if !text.contains("Traceback (most recent call last):") && !text.contains("  File \"") {
        return None;
    }
    text.lines().rev().find_map(|line| {
        let (error, what) = line.split_once(": ").unwrap_or((line, ""));
        let name = error.rsplit('.').next()?;
        let is_name = name.chars().next()?.is_ascii_uppercase()
            && error.chars().all(|letter| letter.is_alphanumeric() || "._".contains(letter));
        (is_name && !error.is_empty()).then_some((error, what))
    })
}

/// The last `File "…", line N` that is the site's own, not the library's.
fn last_place(said: &Said<'_>) -> Option<Place> {
    let of_site = |line: &&str| {
        line.trim_start().strip_prefix("File \"").is_some_and(|rest| {
            rest.starts_with(&*said.directory().to_string_lossy())
                || rest.split('"').next().is_some_and(|file| said.is_script(file))
        })
    };
    let line = said.text.lines().rev().find(of_site)?;
    place(between(line, "\"", "\"")?, line.rsplit_once(", line ")?.1)
}

fn module_missing(said: &Said<'_>, what: &str) -> Diagnosis {
    let name = between(what, "'", "'").unwrap_or_else(|| what.rsplit(' ').next().unwrap_or_default());
    let python = python_of(said);
    let install = |package: &str| format!("{python} -m pip install {package}");
    let top = name.split('.').next().unwrap_or(name);
    let beside = said.directory().join(format!("{top}.py"));
    if matches!(top, "cgi" | "cgitb") {
        return Diagnosis::new(
            Code::PythonCgiRemoved,
            format!("the script imports {top}, which Python no longer has since 3.13"),
            "install legacy-cgi, which brings cgi and cgitb back unchanged (on Debian: apt install python3-legacy-cgi)",
        )
        .with_command(install("legacy-cgi"));
    }
    let new =
        |fix: String| Diagnosis::new(Code::PythonModuleMissing, format!("Python does not find the module {name}"), fix);
    if REMOVED.split(' ').any(|removed| removed == top) {
        let fix = format!("Python no longer has {top} since 3.13; standard-{top} brings it back");
        return new(fix).with_command(install(&format!("standard-{top}")));
    }
    if let Some((_, now)) = PYTHON_2.iter().find(|(old, _)| *old == top) {
        return new(format!("{top} is of Python 2; in Python 3 it is called {now}: change the import"));
    }
    if beside.exists() {
        return new(format!(
            "{} is there but not found: was it started by another directory, or with -I?",
            quoted(beside)
        ));
    }
    let package = PACKAGES.iter().find(|(module, _)| *module == top).map_or(top, |(_, package)| package);
    new("install it for the Python that runs the script, where the user whom scripts run as can read it".to_owned())
        .with_command(install(package))
}

/// The Python that runs the script.
fn python_of(said: &Said<'_>) -> String {
    use htbin_spawn::FirstLine;
    if let Some(interpreter) = &said.subject.interpreter {
        return quoted(interpreter);
    }
    match FirstLine::of(&said.subject.program) {
        FirstLine::Asks { interpreter, .. } if !interpreter.ends_with("env") => quoted(interpreter),
        _ => "python3".to_owned(),
    }
}

fn syntax(said: &Said<'_>, what: &str) -> Diagnosis {
    let place = said.text.lines().rev().find_map(|line| {
        let rest = line.trim_start().strip_prefix("File \"")?;
        let (file, line) = rest.split_once("\", line ")?;
        place(file, line)
    });
    if what.contains("Missing parentheses in call to 'print'") {
        let at = place.as_ref().map(|place| format!(", in line {}", place.line)).unwrap_or_default();
        let found = Diagnosis::new(
            Code::Python2Print,
            format!("the script has a print statement of Python 2{at}, and Python 3 runs it"),
            "write print(…) with parentheses, or convert the script with 2to3",
        )
        .with_command(format!("2to3 -w {}", quoted(&said.subject.program)));
        return Diagnosis { place, ..found };
    }
    wrong(Code::SyntaxError, "Python", what, place)
}

/// `module 'random' has no attribute …`, because a file beside the script has that name.
fn shadowed(said: &Said<'_>, what: &str) -> Option<Diagnosis> {
    let mark =
        ["module '", "from partially initialized module '", "from '"].into_iter().find(|mark| what.contains(mark))?;
    let name = between(what, mark, "'")?.split('.').next()?;
    let file = said.directory().join(format!("{name}.py"));
    if !said.text.contains(&*file.to_string_lossy()) && !file.exists() {
        return None;
    }
    let shown = quoted(&file);
    let found = Diagnosis::new(
        Code::ShadowedModule,
        format!("{shown} takes the place of Python's own module {name}, as the script's directory comes first"),
        format!("give {name}.py another name, and remove __pycache__ beside it"),
    );
    Some(found.with_command(format!("mv {shown} {}", quoted(said.directory().join(format!("my_{name}.py"))))))
}

/// Gone since Python 3.13 (PEP 594).
const REMOVED: &str = "aifc audioop chunk crypt imghdr mailcap msilib nis nntplib ossaudiodev pipes sndhdr spwd sunau \
                       telnetlib uu xdrlib";

/// What Python 2 called otherwise.
const PYTHON_2: [(&str, &str); 14] = [
    ("urllib2", "urllib.request"),
    ("urlparse", "urllib.parse"),
    ("ConfigParser", "configparser"),
    ("Cookie", "http.cookies"),
    ("cookielib", "http.cookiejar"),
    ("httplib", "http.client"),
    ("StringIO", "io"),
    ("cStringIO", "io"),
    ("cPickle", "pickle"),
    ("Queue", "queue"),
    ("HTMLParser", "html.parser"),
    ("BaseHTTPServer", "http.server"),
    ("__builtin__", "builtins"),
    ("commands", "subprocess"),
];

/// Packages that are not called as their module.
const PACKAGES: [(&str, &str); 16] = [
    ("yaml", "pyyaml"),
    ("PIL", "pillow"),
    ("bs4", "beautifulsoup4"),
    ("cv2", "opencv-python"),
    ("dateutil", "python-dateutil"),
    ("dotenv", "python-dotenv"),
    ("MySQLdb", "mysqlclient"),
    ("psycopg2", "psycopg2-binary"),
    ("ldap", "python-ldap"),
    ("sklearn", "scikit-learn"),
    ("Crypto", "pycryptodome"),
    ("serial", "pyserial"),
    ("magic", "python-magic"),
    ("jwt", "pyjwt"),
    ("docx", "python-docx"),
    ("git", "gitpython"),
];
