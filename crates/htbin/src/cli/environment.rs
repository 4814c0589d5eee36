//! Every flag is also a variable: `--max-scripts` is `HTBIN_MAX_SCRIPTS`. What is typed wins.

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStrExt,
};

use clap::{Arg, ArgAction, Command};

/// A variable that is set, and the words that it stands for.
#[derive(Debug)]
pub(super) struct Variable {
    /// Its name.
    pub(super) name: String,
    /// What could have been typed instead.
    pub(super) words: Vec<OsString>,
}

/// The variables for those flags of `command` that were not `given`, in the order of `--help`.
pub(super) fn variables(
    command: &Command,
    given: impl Fn(&str) -> bool,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Vec<Variable> {
    let set: Vec<(OsString, OsString)> = environment
        .into_iter()
        // An empty variable is one that somebody emptied: compose files and units can do no better.
        .filter(|(name, value)| name.as_bytes().starts_with(b"HTBIN_") && !value.is_empty())
        .collect();
    let flags = command.get_arguments().filter(|argument| !given(argument.get_id().as_str()));
    flags
        .filter_map(|argument| {
            let name = variable(argument.get_long()?);
            let (_, value) = set.iter().find(|(known, _)| known == name.as_str())?;
            Some(Variable { name, words: words(command, argument, value)? })
        })
        .collect()
}

/// The variable of a flag; `--help` and `--version` have none that does anything.
pub(super) fn variable(long: &str) -> String {
    format!("HTBIN_{}", long.to_ascii_uppercase().replace('-', "_"))
}

fn words(command: &Command, argument: &Arg, value: &OsStr) -> Option<Vec<OsString>> {
    let long = argument.get_long()?;
    let bare = || OsString::from(format!("--{long}"));
    let with = |value: &OsStr| {
        let mut word = OsString::from(format!("--{long}="));
        word.push(value);
        word
    };
    let is_switch = match argument.get_action() {
        ArgAction::Set | ArgAction::Append => argument.get_num_args().is_some_and(|number| number.min_values() == 0),
        ArgAction::SetTrue => true,
        ArgAction::Count => {
            let times = value.to_str().and_then(|text| text.parse().ok()).unwrap_or(0_usize);
            return Some(vec![bare(); times.min(COUNT_MAX)]);
        }
        _ => return None,
    };
    match (is_switch, switch(value)) {
        (true, Some(true)) => Some(vec![bare()]),
        (true, Some(false)) => {
            let opposite = format!("no-{long}");
            let is_known = command.get_arguments().any(|other| other.get_long() == Some(&opposite));
            is_known.then(|| vec![format!("--{opposite}").into()])
        }
        _ if matches!(argument.get_action(), ArgAction::Append) => Some(lines(value).map(with).collect()),
        _ => Some(vec![with(value)]),
    }
}

fn switch(value: &OsStr) -> Option<bool> {
    match value.to_str()?.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Some(true),
        "0" | "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// What may be repeated is repeated line by line: no other character is safe in a header or a variable.
fn lines(value: &OsStr) -> impl Iterator<Item = &OsStr> {
    value.as_bytes().split(|&byte| byte == b'\n').map(OsStr::from_bytes).filter(|line| !line.is_empty())
}

const COUNT_MAX: usize = 3;
