//! Every flag is also a variable: `--max-scripts` is `HTBIN_MAX_SCRIPTS`. What is typed wins.

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStrExt,
};

use clap::{
    Arg, ArgAction, Command,
    error::{ContextKind, ContextValue},
};

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
        .filter(|(name, value)| name.as_bytes().starts_with(PREFIX) && !value.is_empty())
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

/// What is set as if it were a variable of htbin's but is none, in a sentence each, with the one that was meant.
pub(super) fn unknown(command: &Command, environment: impl IntoIterator<Item = (OsString, OsString)>) -> Vec<String> {
    let is_known =
        |name: &OsStr| command.get_arguments().filter_map(Arg::get_long).any(|long| name == variable(long).as_str());
    environment
        .into_iter()
        .filter(|(name, value)| name.as_bytes().starts_with(PREFIX) && !value.is_empty() && !is_known(name))
        .map(|(name, _)| {
            let nearest = nearest(command, &name).map(|nearest| format!("; {nearest} is")).unwrap_or_default();
            format!("{} in the environment is no variable of htbin's{nearest}", name.display())
        })
        .collect()
}

/// The variable that looks most like `name`, as clap finds the flag that was meant.
fn nearest(command: &Command, name: &OsStr) -> Option<String> {
    let long = name.to_str()?.strip_prefix("HTBIN_")?.to_ascii_lowercase().replace('_', "-");
    let error = command.clone().try_get_matches_from(["htbin".to_owned(), format!("--{long}")]).err()?;
    match error.get(ContextKind::SuggestedArg)? {
        ContextValue::String(flag) => Some(variable(flag.trim_start_matches('-'))),
        _ => None,
    }
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

const PREFIX: &[u8] = b"HTBIN_";
const COUNT_MAX: usize = 3;
