//! The schema of the configuration file and its manual page, both from the comments of its keys.

use std::io::{self, Write};

use schemars::{Schema, schema_for};
use serde_json::{Map, Value};

use super::file::keys::{File, Rules};

/// The JSON Schema of configuration files.
pub fn schema() -> Value {
    schema_for!(File).to_value()
}

/// Writes the manual page, in troff.
pub fn man(out: &mut impl Write) -> io::Result<()> {
    let file = schema();
    let rules = keys_of(&schema_for!(Rules));
    out.write_all(BEGINNING.as_bytes())?;
    section(out, "KEYS OF THE WHOLE SERVER", &without(properties(&file), &rules))?;
    section(out, "KEYS FOR ALL, FOR A HOST, FOR A ROUTE", &rules)?;
    for (title, name) in [
        ("KEYS OF [[host]]", "Host"),
        ("KEYS OF [[host.route]]", "Route"),
        ("KEYS OF [tls], AND OF tls IN [[host]]", "Tls"),
        ("KEYS OF [acme]", "Acme"),
    ] {
        section(
            out,
            title,
            &without(file["$defs"][name]["properties"].as_object().cloned().unwrap_or_default(), &rules),
        )?;
    }
    out.write_all(END.as_bytes())
}

fn keys_of(schema: &Schema) -> Map<String, Value> {
    properties(&schema.clone().to_value())
}

fn properties(schema: &Value) -> Map<String, Value> {
    schema["properties"].as_object().cloned().unwrap_or_default()
}

fn without(mut keys: Map<String, Value>, others: &Map<String, Value>) -> Map<String, Value> {
    keys.retain(|key, _| !others.contains_key(key));
    keys
}

fn section(out: &mut impl Write, title: &str, keys: &Map<String, Value>) -> io::Result<()> {
    writeln!(out, ".SH {title}")?;
    for (key, schema) in keys {
        let about = schema["description"].as_str().unwrap_or_default().replace('\n', " ");
        writeln!(out, ".TP\n\\fB{}\\fR\n{}", escaped(key), bold_code(&escaped(&about)))?;
    }
    Ok(())
}

/// `code` in bold.
fn bold_code(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts.map(|(number, part)| if number % 2 == 1 { format!("\\fB{part}\\fR") } else { part.to_owned() }).collect()
}

/// A line that begins with a dot or a quote would be an order to troff.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

const BEGINNING: &str = r#".TH HTBIN.TOML 5 "" "htbin" "File Formats"
.SH NAME
htbin.toml \- the configuration file of htbin
.SH SYNOPSIS
\fBhtbin \-c\fR \fIhtbin.toml\fR
.br
\fBhtbin check\fR \fIhtbin.toml\fR
.SH DESCRIPTION
A file in TOML says what \fBhtbin\fR serves, and under which rules. A key means what the flag of its name means.
\fBhtbin check\fR says what a file would do, or what is wrong with it, and starts nothing.
.PP
.nf
listen = ["[::]:80", "https://[::]:443"]
user = "www\-data"

[tls]
certificate = "/etc/ssl/example.pem"

[[host]]
name = "www.example.org"
directory = "/srv/www"

[[host.route]]
path = "/git"
program = "/usr/lib/git\-core/git\-http\-backend"
env = { GIT_PROJECT_ROOT = "/srv/git", GIT_HTTP_EXPORT_ALL = "1" }

[[host.route]]
path = "/old"
redirect = "/new{rest}"
status = 301
.fi
.PP
The host is found first: an exact name before a pattern, and of patterns the longest; the host without a name, or the
first one, answers for every other name. Then the first route that fits the path answers, and where none does the
directory of the host.
.PP
Paths of files are relative to the file they stand in; a program without a slash is looked for in PATH.
In every text \fB${NAME}\fR is a variable of htbin's environment; \fB$${\fR is ${ itself.
Times look like 60s, 5m, 500ms, 1h; sizes like 64k, 10m, 1g; \fBnone\fR is no limit. Where a list may stand, so may one value.
[In brackets] stands what holds without the key.
"#;

const END: &str = r".SH EXIT STATUS
78 if the file is wrong; what is wrong stands on standard error, with the line.
.SH SEE ALSO
.BR htbin (1)
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_explained() {
        let file = schema();
        let of = |name: &str| file["$defs"][name]["properties"].as_object().cloned().unwrap_or_default();
        for keys in [properties(&file), of("Host"), of("Route"), of("Certificate")] {
            assert!(keys.len() > 3);
            for (key, schema) in keys {
                assert!(schema["description"].as_str().is_some_and(|it| it.len() > 10), "{key}");
            }
        }
        assert_eq!(file["additionalProperties"], false);
    }
}
