//! Errors of Perl: `WHAT at FILE line N.`

use super::{Said, between, denied_file, place, wrong};
use crate::diagnosis::{Code, Diagnosis, quoted};

/// What Perl said.
pub(super) fn read(said: &Said<'_>) -> Option<Diagnosis> {
    if let Some((_, rest)) = said.line_with("Can't locate ")
        && let Some((file, _)) = rest.split_once(" in @INC")
    {
        return Some(module_missing(said, file));
    }
    if let Some((_, rest)) = said.line_with("Can't open perl script \"")
        && rest.contains("ermission denied")
    {
        return Some(denied_file(said.subject, &said.subject.program.clone()));
    }
    let (what, at) =
        said.text.lines().find_map(|line| line.split_once(" at ").filter(|(_, at)| at.contains(" line ")))?;
    let (file, line) = at.split_once(" line ")?;
    let place = place(file, line);
    if !said.is_script(file) && !file.starts_with('/') {
        return None;
    }
    if what.contains("ermission denied") {
        let file = between(what, "'", "'").or_else(|| between(what, "\"", "\""));
        if let Some(file) = file {
            return Some(denied_file(said.subject, &said.directory().join(file)));
        }
    }
    let is_syntax = said.text.contains("syntax error")
        || said.text.contains("had compilation errors")
        || said.text.contains("aborted due to compilation errors");
    Some(wrong(if is_syntax { Code::SyntaxError } else { Code::UncaughtError }, "Perl", what, place))
}

fn module_missing(said: &Said<'_>, file: &str) -> Diagnosis {
    let module = file.trim_end_matches(".pm").replace('/', "::");
    let new =
        |fix: String| Diagnosis::new(Code::PerlModuleMissing, format!("Perl does not find the module {module}"), fix);
    let beside = said.directory().join(file);
    if beside.exists() {
        let fix = "Perl no longer looks in the working directory since 5.26: add `use FindBin; use lib $FindBin::Bin;` before it";
        return new(format!("{} is there, but {fix}", quoted(beside)));
    }
    if module.contains("::") || module.starts_with(|letter: char| letter.is_ascii_uppercase()) {
        let package = package(&module);
        return new("install it; by Debian's rule its package is the one below, elsewhere: cpan".to_owned()
            + " "
            + &module)
        .with_command(format!("apt install {package}"));
    }
    new(format!("write a module {file}, or name its directory with use lib"))
}

/// By Debian's rule, and where names are older than the rule.
fn package(module: &str) -> String {
    match OLDER.iter().find(|(name, _)| {
        module == *name || name.strip_suffix("::").is_some_and(|all| module.starts_with(name) || module == all)
    }) {
        Some((_, package)) => (*package).to_owned(),
        None => format!("lib{}-perl", module.replace("::", "-").to_ascii_lowercase()),
    }
}

/// Packages that hold more than their name says; what ends in `::` stands for all below it, too.
const OLDER: [(&str, &str); 14] = [
    ("CGI", "libcgi-pm-perl"),
    ("CGI::Carp", "libcgi-pm-perl"),
    ("CGI::Cookie", "libcgi-pm-perl"),
    ("CGI::Pretty", "libcgi-pm-perl"),
    ("CGI::Push", "libcgi-pm-perl"),
    ("CGI::Util", "libcgi-pm-perl"),
    ("LWP::", "libwww-perl"),
    ("Date::Parse", "libtimedate-perl"),
    ("Date::Format", "libtimedate-perl"),
    ("GD", "libgd-perl"),
    ("Image::Magick", "libimage-magick-perl"),
    ("YAML::XS", "libyaml-libyaml-perl"),
    ("Time::Piece", "perl"),
    ("Template::", "libtemplate-perl"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_follow_the_rule_or_are_older() {
        for (module, name) in [
            ("HTML::Template", "libhtml-template-perl"),
            ("CGI", "libcgi-pm-perl"),
            ("CGI::Cookie", "libcgi-pm-perl"),
            ("CGI::Simple", "libcgi-simple-perl"),
            ("LWP", "libwww-perl"),
            ("CGIx", "libcgix-perl"),
            ("LWP::UserAgent", "libwww-perl"),
        ] {
            assert_eq!(package(module), name);
        }
    }
}
