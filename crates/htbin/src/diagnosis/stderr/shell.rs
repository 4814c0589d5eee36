//! Errors of shells and of env: `SCRIPT: 3: foo: not found`, `SCRIPT: line 3: foo: command not found`.

use htbin_spawn::Exit;

use super::{Said, place, wrong};
use crate::diagnosis::{Code, Diagnosis, Place, quoted};

/// What a shell, or env, said.
pub(super) fn read(said: &Said<'_>) -> Option<Diagnosis> {
    syntax(said).or_else(|| not_found(said))
}

fn not_found(said: &Said<'_>) -> Option<Diagnosis> {
    let (before, _) = said
        .line_with(": command not found")
        .or_else(|| said.line_with(": not found"))
        .or_else(|| said.line_with(": Permission denied").filter(|(before, _)| is_command(said, before)))
        .or_else(|| said.line_with(": No such file or directory").filter(|(before, _)| before.contains("env: ")))?;
    let place = shell_place(said, before);
    let program = before.rsplit(": ").next()?.trim_matches(['\'', '"', '‘', '’']);
    let at = place.as_ref().map(|place| format!(" in line {}", place.line)).unwrap_or_default();
    let cause = format!("the script calls {}{at}, which is not in its PATH", quoted(program));
    let fix = format!("install {program}, write its whole path in the script, or pass a longer PATH: --env PATH=…");
    Some(Diagnosis { place, ..Diagnosis::new(Code::CommandNotFound, cause, fix) })
}

/// A shell whose PATH has directories that it may not enter says so of a program that is nowhere.
fn is_command(said: &Said<'_>, before: &str) -> bool {
    let program = before.rsplit(": ").next().unwrap_or_default();
    said.exit == Some(Exit::Code(126)) && !program.contains(['/', ' ']) && !said.directory().join(program).exists()
}

fn syntax(said: &Said<'_>) -> Option<Diagnosis> {
    let (before, what) = said
        .line_with("Syntax error: ")
        .or_else(|| said.line_with("syntax error near unexpected token "))
        .or_else(|| said.line_with("syntax error: "))?;
    let place = shell_place(said, before)?;
    Some(wrong(Code::SyntaxError, "the shell", what, Some(place)))
}

/// `SCRIPT: 3: …` or `SCRIPT: line 3: …`
fn shell_place(said: &Said<'_>, before: &str) -> Option<Place> {
    let mut parts = before.split(": ");
    let file = parts.next().filter(|file| said.is_script(file))?;
    place(file, parts.next()?.trim_start_matches("line "))
}
