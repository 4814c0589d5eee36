//! From the name of a file to its media type. It never looks into the file.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

use http::HeaderValue;

/// The `Content-Type` of a file with this name; text with its charset.
pub(super) fn of(name: &OsStr) -> HeaderValue {
    let name = name.as_bytes();
    let Some(dot) = name.iter().rposition(|octet| *octet == b'.') else { return HeaderValue::from_static(UNKNOWN) };
    let extension = &name[dot + 1..];
    let mut lower = [0; EXTENSION_MAX];
    let Some(lower) = lower.get_mut(..extension.len()) else { return HeaderValue::from_static(UNKNOWN) };
    lower.copy_from_slice(extension);
    lower.make_ascii_lowercase();
    frequent(lower).map_or_else(|| rare(lower), HeaderValue::from_static)
}

/// What a site is made of, ready to be sent; and where the table of `rare` is dated.
fn frequent(extension: &[u8]) -> Option<&'static str> {
    Some(match extension {
        b"html" | b"htm" => "text/html; charset=utf-8",
        b"css" => "text/css; charset=utf-8",
        // RFC 9239.
        b"js" | b"mjs" | b"cjs" => "text/javascript; charset=utf-8",
        b"txt" | b"text" | b"log" | b"py" | b"rs" | b"toml" | b"yaml" | b"yml" | b"tex" | b"diff" | b"patch" => {
            "text/plain; charset=utf-8"
        }
        b"md" | b"markdown" => "text/markdown; charset=utf-8",
        b"csv" => "text/csv; charset=utf-8",
        b"json" | b"map" => "application/json",
        // XML names its own charset; a field would override it.
        b"xml" | b"xsd" | b"xsl" => "application/xml",
        b"svg" => "image/svg+xml",
        b"png" => "image/png",
        b"jpg" | b"jpeg" => "image/jpeg",
        b"gif" => "image/gif",
        b"webp" => "image/webp",
        b"avif" => "image/avif",
        b"ico" => "image/x-icon",
        b"woff2" => "font/woff2",
        b"wasm" => "application/wasm",
        b"pdf" => "application/pdf",
        b"mp4" => "video/mp4",
        // HLS segments; what else has this name is not for browsers.
        b"ts" => "video/mp2t",
        b"gz" | b"tgz" => "application/gzip",
        b"zst" => "application/zstd",
        b"bin" => UNKNOWN,
        _ => return None,
    })
}

fn rare(extension: &[u8]) -> HeaderValue {
    let guess = std::str::from_utf8(extension).ok().and_then(|it| mime_guess2::from_ext(it).first_raw());
    match guess {
        Some(text) if text.starts_with("text/") => HeaderValue::try_from(format!("{text}; charset=utf-8"))
            .unwrap_or_else(|_| HeaderValue::from_static(UNKNOWN)),
        Some(other) => HeaderValue::from_static(other),
        None => HeaderValue::from_static(UNKNOWN),
    }
}

const UNKNOWN: &str = "application/octet-stream";

/// Octets; no extension anybody knows is longer.
const EXTENSION_MAX: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_types() {
        for (name, expected) in [
            ("index.html", "text/html; charset=utf-8"),
            ("INDEX.HTM", "text/html; charset=utf-8"),
            ("README.md", "text/markdown; charset=utf-8"),
            ("module.mjs", "text/javascript; charset=utf-8"),
            ("program.wasm", "application/wasm"),
            ("data.json", "application/json"),
            ("feed.xml", "application/xml"),
            ("main.c", "text/plain; charset=utf-8"),
            ("captions.vtt", "text/vtt; charset=utf-8"),
            ("song.flac", "audio/flac"),
            ("archive.tar.gz", "application/gzip"),
            ("README", "application/octet-stream"),
            ("name.", "application/octet-stream"),
            ("name.unknown", "application/octet-stream"),
            ("name.an-extension-longer-than-all", "application/octet-stream"),
        ] {
            assert_eq!(of(OsStr::new(name)), expected, "{name}");
        }
        assert_eq!(of(OsStr::from_bytes(b"a.\xff\xff")), "application/octet-stream");
    }
}
