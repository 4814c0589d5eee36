//! What the text of a Python script gives away: words of Python 2, modules that are gone, files that hide modules.

mod text;

use std::path::{Path, PathBuf};

use htbin_spawn::FirstLine;

use self::text::statements;
use super::resolved;
use crate::diagnosis::{Code, Diagnosis, Subject, file, quoted};

/// A Python 3 that runs a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Python {
    /// As it is asked for.
    program: PathBuf,
    /// Where it really lies.
    resolved: PathBuf,
    /// N of Python 3.N, if the name of the program tells.
    minor: Option<u32>,
}

impl Python {
    /// The Python 3 that runs this script, if one does.
    pub fn of(subject: &Subject) -> Option<Self> {
        let program = match &subject.interpreter {
            Some(program) => program.clone(),
            None => asked(subject)?,
        };
        let resolved = resolved(&program);
        // A wrapper under the customary name tells no more than that.
        let names = [&resolved, &program].map(|path| path.file_name().unwrap_or_default().to_string_lossy());
        let version = names.iter().find_map(|name| name.strip_prefix("python3"))?;
        let minor = version.strip_prefix('.').and_then(|minor| minor.parse().ok());
        Some(Self { program, resolved, minor })
    }

    /// Does it find a module beside its own ones? Where in doubt, yes.
    fn has(&self, module: &str) -> bool {
        let minor = self.minor.unwrap_or_default();
        let roots = [&self.program, &self.resolved].map(|program| program.parent().and_then(Path::parent));
        roots.into_iter().flatten().any(|root| {
            [
                format!("lib/python3.{minor}/site-packages"),
                format!("lib/python3.{minor}/dist-packages"),
                format!("local/lib/python3.{minor}/dist-packages"),
                "lib/python3/dist-packages".to_owned(),
                format!("lib/python3.{minor}"),
            ]
            .iter()
            .any(|way| root.join(way).join(format!("{module}.py")).exists())
        })
    }
}

/// The program of the first line, behind `env` too.
fn asked(subject: &Subject) -> Option<PathBuf> {
    let FirstLine::Asks { interpreter, argument, .. } = FirstLine::of(&subject.program) else { return None };
    if interpreter.file_name().is_none_or(|name| name != "env") {
        return Some(interpreter);
    }
    let argument = argument.unwrap_or_default();
    let argument = String::from_utf8_lossy(&argument);
    let name = argument.split_whitespace().find(|word| !word.starts_with('-') && !word.contains('='))?;
    if name.contains('/') { Some(name.into()) } else { file::search(subject, name) }
}

/// What its text gives away, each once.
pub fn look(subject: &Subject, python: &Python, text: &str) -> Vec<Diagnosis> {
    let mut found = Vec::new();
    if let Some(statement) = statements(text).find(|it| is_print_of_2(it.text)) {
        found.push(print_of_2(subject, statement.line));
    }
    // Inside of a try or a function somebody has thought of it.
    let of_line =
        |module| statements(text).find(|it| it.is_outermost && imports(it.text, module)).map(|it| (module, it.line));
    let is_gone = |module: &str| {
        python.minor.is_some_and(|minor| minor >= WITHOUT_CGI)
            && !python.has(module)
            && !subject.program.with_file_name(format!("{module}.py")).exists()
    };
    let gone = ["cgi", "cgitb"].into_iter().filter(|module| is_gone(module)).filter_map(of_line);
    found.extend(gone.min_by_key(|(_, line)| *line).map(|(module, line)| removed(subject, python, module, line)));
    found
}

/// `print "text"`, `print name`, `print >>file, …`; `print (…)` and `print` alone are Python 3 too.
fn is_print_of_2(statement: &str) -> bool {
    let Some(rest) = statement.strip_prefix("print") else { return false };
    let what = rest.trim_start_matches([' ', '\t']);
    if what.starts_with(['"', '\'']) {
        return true;
    }
    let word: String = what.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
    let is_operator = ["in", "is", "and", "or", "if", "else", "for", "not"].contains(&word.as_str());
    what.len() < rest.len() && (what.starts_with(">>") || (!word.is_empty() && !is_operator))
}

/// `import os, cgi as c`, `from cgi import …`.
fn imports(statement: &str, module: &str) -> bool {
    let statement = statement.split([';', '#']).next().unwrap_or_default();
    let is_module = |word: &str| word.split_whitespace().next() == Some(module);
    match (statement.strip_prefix("import "), statement.strip_prefix("from ")) {
        (Some(names), _) => names.split(',').any(is_module),
        (_, Some(from)) => is_module(from),
        _ => false,
    }
}

fn print_of_2(subject: &Subject, line: usize) -> Diagnosis {
    let shown = quoted(&subject.program);
    let cause = format!("{shown} has a print statement of Python 2 in line {line}, and Python 3 runs it");
    let fix = "write print(…) with parentheses, or convert the script with 2to3";
    Diagnosis::new(Code::Python2Print, cause, fix).with_command(format!("2to3 -w {shown}")).at(&subject.program, line)
}

fn removed(subject: &Subject, python: &Python, module: &str, line: usize) -> Diagnosis {
    let shown = quoted(&subject.program);
    let minor = python.minor.unwrap_or(WITHOUT_CGI);
    let cause =
        format!("{shown} imports {module}, which Python no longer has since 3.13, and Python 3.{minor} runs it");
    let fix =
        "install legacy-cgi, which brings cgi and cgitb back unchanged (on Debian: apt install python3-legacy-cgi)";
    Diagnosis::new(Code::PythonCgiRemoved, cause, fix)
        .with_command(format!("{} -m pip install legacy-cgi", quoted(&python.program)))
        .at(&subject.program, line)
}

/// A file, or a package, beside Python scripts whose name is that of a module of Python's own.
pub fn shadows(file: &Path) -> Option<Diagnosis> {
    let name = file.file_name()?.to_str()?;
    let (module, renamed) = match name.strip_suffix(".py") {
        Some(stem) => (stem, format!("my_{stem}.py")),
        None if file.join("__init__.py").exists() => (name, format!("my_{name}")),
        None => return None,
    };
    if !STDLIB.split_ascii_whitespace().any(|known| known == module) && !poses_as_cgi(file, module) {
        return None;
    }
    let shown = quoted(file);
    let cause =
        format!("{shown} takes the place of Python's own module {module}, as the script's directory comes first");
    let fix = format!("give {name} another name, and remove __pycache__ beside it");
    let found = Diagnosis::new(Code::ShadowedModule, cause, fix);
    Some(found.with_command(format!("mv {shown} {}", quoted(file.with_file_name(renamed)))))
}

/// `cgi.py` and `cgitb.py` are no longer Python's; a copy of the old ones is what is wanted.
fn poses_as_cgi(file: &Path, module: &str) -> bool {
    let mark: &[u8] = match module {
        "cgi" => b"class FieldStorage",
        "cgitb" => b"def enable",
        _ => return false,
    };
    super::text(file).is_some_and(|text| memchr::memmem::find(&text, mark).is_none())
}

/// The first Python 3.N without cgi and cgitb (PEP 594).
const WITHOUT_CGI: u32 = 13;
/// `sys.stdlib_module_names` without what is built in, what is gone since 3.13, and what no script imports.
const STDLIB: &str = include_str!("stdlib.txt");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_of_python_2() {
        for text in ["print 'a'", "print\"a\"", "print x", "print  u'a'", "print >>f, 1", "print 1, 2"] {
            assert!(is_print_of_2(text), "{text}");
        }
        for text in
            ["print('a')", "print", "print (x)", "printer x", "print = 3", "print if x else y", "print.x", "print;"]
        {
            assert!(!is_print_of_2(text), "{text}");
        }
    }

    #[test]
    fn imports_of_a_module() {
        for text in
            ["import cgi", "import os, cgi", "import cgi as c  # x", "from cgi import escape", "import cgi; cgi.x()"]
        {
            assert!(imports(text, "cgi"), "{text}");
        }
        for text in ["import cgitb", "import os  # import cgi", "from a import cgi", "import cgi.x", "cgi"] {
            assert!(!imports(text, "cgi"), "{text}");
        }
    }
}
