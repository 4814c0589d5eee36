//! Scripts that many tests use, and what they tell.

use std::collections::BTreeMap;

use crate::client::Reply;

/// Tells its environment, arguments, directory and body, each ended by NUL, the body last.
pub(crate) const PROBE: &str = r#"#!/usr/bin/perl
use Cwd;
binmode STDIN; binmode STDOUT;
my $body = join '', <STDIN>;
print "Content-Type: text/x-probe\r\n\r\n";
print "$_=$ENV{$_}\0" for sort keys %ENV;
print "\0";
print "$_\0" for @ARGV;
print "\0", getcwd(), "\0", $body;
"#;

/// Says hello, and nothing else.
pub(crate) const HELLO: &str = "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\nhello\\n'\n";

/// A shell script.
pub(crate) fn sh(commands: &str) -> String {
    format!("#!/bin/sh\n{commands}\n")
}

/// A shell script that first prints the head of a plain text.
pub(crate) fn text(commands: &str) -> String {
    format!("#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\n{commands}\n")
}

/// Sends back the body it was sent, once it has it all.
pub(crate) const ECHO: &str = r#"#!/usr/bin/perl
binmode STDIN; binmode STDOUT;
my $body = join '', <STDIN>;
print "Content-Type: application/octet-stream\r\n\r\n", $body;
"#;

/// What a probe told.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) meta: BTreeMap<String, String>,
    pub(crate) args: Vec<String>,
    pub(crate) cwd: String,
    pub(crate) body: Vec<u8>,
}

impl Told {
    /// Reads the answer of a probe.
    #[track_caller]
    pub(crate) fn from(reply: Reply) -> Self {
        let reply = reply.expect(200);
        assert_eq!(reply.field("Content-Type"), Some("text/x-probe"));
        let (meta, rest) = words(&reply.body);
        let (args, rest) = words(rest);
        let end = rest.iter().position(|&byte| byte == 0).unwrap();
        let meta = meta
            .iter()
            .map(|word| word.split_once('=').unwrap())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let cwd = String::from_utf8_lossy(&rest[..end]).into_owned();
        Self { meta, args, cwd, body: rest[end + 1..].to_owned() }
    }

    /// A meta-variable.
    pub(crate) fn var(&self, name: &str) -> Option<&str> {
        self.meta.get(name).map(String::as_str)
    }
}

/// Words up to the empty one, and what follows it.
fn words(mut bytes: &[u8]) -> (Vec<String>, &[u8]) {
    let mut words = Vec::new();
    loop {
        let end = bytes.iter().position(|&byte| byte == 0).expect("a probe ends each word with NUL");
        let word = &bytes[..end];
        bytes = &bytes[end + 1..];
        if word.is_empty() {
            return (words, bytes);
        }
        words.push(String::from_utf8_lossy(word).into_owned());
    }
}
