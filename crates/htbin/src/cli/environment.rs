//! Every flag is also a variable: `--max-scripts` is `HTBIN_MAX_SCRIPTS`. What is typed wins.

use std::ffi::{OsStr, OsString};

use clap::{Arg, ArgAction, Command, error::Error};

/// The words that the variables stand for, for those flags of `command` that were not `given`.
pub(super) fn words(
    command: &Command,
    given: impl Fn(&str) -> bool,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Vec<OsString> {
    let set: Vec<(String, OsString)> = environment
        .into_iter()
        // An empty variable is one that somebody emptied: docker-compose and systemd can do no better.
        .filter(|(_, value)| !value.is_empty())
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .collect();
    let mut words = Vec::new();
    for argument in command.get_arguments() {
        let Some(long) = argument.get_long() else { continue };
        let name = variable(long);
        let Some((_, value)) = set.iter().find(|(other, _)| *other == name) else { continue };
        if !given(argument.get_id().as_str()) {
            push(&mut words, command, argument, long, value);
        }
    }
    words
}

/// The variable of a flag.
pub(super) fn variable(long: &str) -> String {
    format!("HTBIN_{}", long.to_ascii_uppercase().replace('-', "_"))
}

/// Says of an error that it is about the environment: what was typed had been read without one.
pub(super) fn blame(error: &Error) -> Error {
    let text = error.to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let first = text.split("\n\n").next().unwrap_or(text);
    super::usage(format!(
        "{first}\n  in the environment: each option is also HTBIN_ and its name, so one of those is wrong"
    ))
}

fn push(words: &mut Vec<OsString>, command: &Command, argument: &Arg, long: &str, value: &OsStr) {
    let flag = |value: &OsStr| {
        let mut word = OsString::from(format!("--{long}="));
        word.push(value);
        word
    };
    let takes_no_value = argument.get_num_args().is_some_and(|number| number.min_values() == 0);
    match (argument.get_action(), switch(value)) {
        (ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version, _) => {}
        (ArgAction::Count, _) => {
            let times = value.to_str().and_then(|text| text.parse().ok()).unwrap_or(1_usize).min(COUNT_MAX);
            words.extend(std::iter::repeat_n(OsString::from(format!("--{long}")), times));
        }
        (ArgAction::SetTrue, Some(true)) => words.push(format!("--{long}").into()),
        (ArgAction::SetTrue, None) => words.push(flag(value)),
        (_, Some(true)) if takes_no_value => words.push(format!("--{long}").into()),
        (_, Some(false)) if takes_no_value || matches!(argument.get_action(), ArgAction::SetTrue) => {
            let opposite = format!("no-{long}");
            if command.get_arguments().any(|other| other.get_long() == Some(&opposite)) {
                words.push(format!("--{opposite}").into());
            }
        }
        (ArgAction::Append, _) => words.extend(lines(value).map(flag)),
        _ => words.push(flag(value)),
    }
}

fn switch(value: &OsStr) -> Option<bool> {
    match value.to_str()?.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Some(true),
        "0" | "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

fn lines(value: &OsStr) -> impl Iterator<Item = &OsStr> {
    use std::os::unix::ffi::OsStrExt;
    value.as_bytes().split(|&byte| byte == b'\n').map(OsStr::from_bytes).filter(|line| !line.is_empty())
}

const COUNT_MAX: usize = 3;
