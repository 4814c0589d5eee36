// A CGI script in Rust: a program that finds the request in its environment and on standard input, and prints the
// answer. The server runs the program, not this text. Compile it after each change:
//
//     @COMPILE@

use std::env;
use std::io::{self, Read, Write};

/// The value of a field in "name=Ada+L&color=%62lue", decoded; empty if it is not there.
fn field(fields: &str, name: &str) -> String {
    let value = fields.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap_or("");
    let mut decoded = Vec::new();
    let mut rest = value.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        let digit = |at: usize| behind.get(at).and_then(|&digit| (digit as char).to_digit(16));
        rest = behind;
        match (byte, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                rest = &behind[2..];
            }
            (b'+', ..) => decoded.push(b' '),
            _ => decoded.push(byte),
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// Whatever a stranger typed is escaped before it goes into a page: otherwise <script> would run there.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn main() -> io::Result<()> {
    let variable = |name: &str| env::var(name).unwrap_or_default();

    // What stands behind the ? of the address is in QUERY_STRING.
    let name = field(&variable("QUERY_STRING"), "name");

    // A form with method=post comes on standard input: exactly CONTENT_LENGTH octets.
    let mut message = String::new();
    if variable("REQUEST_METHOD") == "POST" {
        let mut body = Vec::new();
        io::stdin().take(variable("CONTENT_LENGTH").parse().unwrap_or(0)).read_to_end(&mut body)?;
        message = field(&String::from_utf8_lossy(&body), "message");
    }

    // Standard error goes to the log of the server (and to the page that says why a script failed), not to the visitor.
    // eprintln!("the name is {name}");

    // First the head, line by line, then an empty line, then the body.
    let mut out = io::stdout().lock();
    writeln!(out, "Content-Type: text/html; charset=utf-8\n")?;
    writeln!(out, "<!doctype html>\n<title>Hello</title>")?;
    writeln!(out, "<h1>Hello, {}!</h1>", escape(if name.is_empty() { "world" } else { &name }))?;
    let value = escape(&name);
    writeln!(out, "<form>\n  <label>Your name <input name=\"name\" value=\"{value}\"></label> <button>Greet</button>")?;
    writeln!(out, "</form>\n<form method=\"post\">\n  <label>A message <input name=\"message\"></label>")?;
    writeln!(out, "  <button>Send</button>\n</form>")?;
    if !message.is_empty() {
        writeln!(out, "<p>You wrote: {}</p>", escape(&message))?;
    }
    Ok(())
}
