//! What answers for a file: whole, in part, or "you have it". It reads small files at once, and only what lies in the
//! page cache; everything else is left to the body.

mod media;

use std::{
    collections::VecDeque,
    fs::File,
    hash::{BuildHasher, Hasher, RandomState},
    io::IoSliceMut,
    sync::Arc,
    time::SystemTime,
};

use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode, header, request};
use rustix::io::{ReadWriteFlags, preadv2};

use super::{
    conditional::{self, Decision, Validators},
    range::{self, Ranges, Slice},
};
use crate::{
    body::{Body, Part},
    coding::{Accepted, Coding},
    path::UrlPath,
    refusal::{Reason, Refusal},
    site::{Site, SiteFile},
};

/// Answers GET, HEAD and OPTIONS for a file (RFC 9110 §9.3, §13, §14).
///
/// # Errors
/// [`Reason::MethodNotAllowed`] and [`Reason::MethodUnknown`], [`Reason::PreconditionFailed`],
/// [`Reason::RangeUnsatisfiable`].
pub fn answer(file: SiteFile, request: &request::Parts) -> Result<Response<Body>, Refusal> {
    let asked = asked(&request.method)?;
    if asked == Asked::Options {
        return Ok(options());
    }
    let now = SystemTime::now();
    let validators = Validators::of(&file.metadata, now);
    match conditional::decide(&request.headers, &validators, now) {
        Decision::Failed => Err(Reason::PreconditionFailed.into()),
        Decision::NotModified => Ok(with_validators(StatusCode::NOT_MODIFIED, Body::empty(), &validators)),
        // Only GET knows ranges (RFC 9110 §14.2).
        Decision::Go { ranges } if ranges && asked == Asked::Get => part_or_whole(file, request, &validators),
        Decision::Go { .. } => Ok(whole(file, asked, &validators)),
    }
}

/// The same, but if the client takes it the compressed form of the file that lies beside it, as `page.html.br`, unless that
/// is older. It has a type in common with the file, and its own validators: it is another representation.
///
/// # Errors
/// Those of [`answer`].
pub fn answer_encoded(
    site: &Site,
    (path, file): (&UrlPath, SiteFile),
    request: &request::Parts,
) -> Result<Response<Body>, Refusal> {
    let accepted = Accepted::of(&request.headers);
    let (mut left, mut found) = (ENCODED.to_vec(), None);
    while let Some(coding) = accepted.best(&left) {
        if let Some(encoded) = site.beside(path, &file, coding.suffix()) {
            found = Some((encoded, coding));
            break;
        }
        left.retain(|other| *other != coding);
    }
    let origin = file.metadata.origin();
    let (file, coding) = match found {
        Some((encoded, coding)) => (SiteFile { name: file.name, ..encoded }, Some(coding)),
        None => (file, None),
    };
    let mut response = answer(file, request)?;
    let has_content = matches!(response.status(), StatusCode::OK | StatusCode::PARTIAL_CONTENT);
    match (coding, origin) {
        (Some(coding), _) if has_content => {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
        }
        (None, Some(origin)) => _ = response.extensions_mut().insert(origin),
        _ => {}
    }
    // What lies beside it now, or later, is for others.
    response.headers_mut().append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    Ok(response)
}

/// What files and listings can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// GET.
    Get,
    /// HEAD.
    Head,
    /// OPTIONS.
    Options,
}

/// What is asked for.
///
/// # Errors
/// 405 for a method of HTTP that files do not have, 501 for one that HTTP itself does not have.
pub fn asked(method: &Method) -> Result<Asked, Refusal> {
    match *method {
        Method::GET => Ok(Asked::Get),
        Method::HEAD => Ok(Asked::Head),
        Method::OPTIONS => Ok(Asked::Options),
        Method::POST | Method::PUT | Method::DELETE | Method::PATCH | Method::CONNECT | Method::TRACE => {
            let where_scripts_run = "those in a script directory run, or with --cgi-dir . wherever they lie";
            Err(Refusal::with_detail(Reason::MethodNotAllowed, format!("{method} is for scripts: {where_scripts_run}")))
        }
        _ => Err(Reason::MethodUnknown.into()),
    }
}

/// The answer to OPTIONS for a file or a listing.
pub fn options() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(ALLOW));
    response
}

fn whole(file: SiteFile, asked: Asked, validators: &Validators) -> Response<Body> {
    let size = file.metadata.size;
    let media_type = media::of(&file.name);
    let body = if asked == Asked::Head { Body::empty() } else { slice(file.file, Slice { offset: 0, length: size }) };
    let mut response = with_validators(StatusCode::OK, body, validators);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, media_type);
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if asked == Asked::Head {
        headers.insert(header::CONTENT_LENGTH, size.into());
    }
    response
}

fn part_or_whole(file: SiteFile, request: &request::Parts, validators: &Validators) -> Result<Response<Body>, Refusal> {
    let size = file.metadata.size;
    let one_or_many = match range::select(&request.headers, size) {
        Ranges::Whole => return Ok(whole(file, Asked::Get, validators)),
        Ranges::Unsatisfiable => return Err(Reason::RangeUnsatisfiable(size).into()),
        Ranges::Some(slices) => slices,
    };
    let media_type = media::of(&file.name);
    if let [one] = one_or_many[..] {
        let mut response = with_validators(StatusCode::PARTIAL_CONTENT, slice(file.file, one), validators);
        response.headers_mut().insert(header::CONTENT_TYPE, media_type);
        response.headers_mut().insert(header::CONTENT_RANGE, ascii(one.content_range(size)));
        return Ok(response);
    }
    let boundary = boundary();
    let body = multipart(file.file, &one_or_many, &media_type, &boundary, size);
    let mut response = with_validators(StatusCode::PARTIAL_CONTENT, body, validators);
    let value = ascii(format!("multipart/byteranges; boundary={boundary}"));
    response.headers_mut().insert(header::CONTENT_TYPE, value);
    Ok(response)
}

/// RFC 9110 §14.6.
fn multipart(file: File, slices: &[Slice], media_type: &HeaderValue, boundary: &str, size: u64) -> Body {
    let file = Arc::new(file);
    let media_type = String::from_utf8_lossy(media_type.as_bytes());
    let mut parts = VecDeque::with_capacity(slices.len() * 2 + 1);
    let mut line_end = "";
    for slice in slices {
        let range = slice.content_range(size);
        let head = format!("{line_end}--{boundary}\r\nContent-Type: {media_type}\r\nContent-Range: {range}\r\n\r\n");
        parts.push_back(Part::Bytes(head.into()));
        parts.push_back(Part::File { file: Arc::clone(&file), offset: slice.offset, length: slice.length });
        line_end = "\r\n";
    }
    parts.push_back(Part::Bytes(format!("\r\n--{boundary}--\r\n").into()));
    Body::Parts(parts)
}

fn with_validators(status: StatusCode, body: Body, validators: &Validators) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(header::ETAG, validators.etag_field());
    if let Some(modified) = validators.last_modified_field() {
        response.headers_mut().insert(header::LAST_MODIFIED, modified);
    }
    response
}

fn slice(file: File, Slice { offset, length }: Slice) -> Body {
    match read_now(&file, offset, length) {
        Some(bytes) => Body::full(bytes),
        None => Body::file(file, offset, length),
    }
}

/// The slice, if it is small and can be had without waiting for a disk.
fn read_now(file: &File, offset: u64, length: u64) -> Option<Bytes> {
    let length = usize::try_from(length).ok().filter(|length| *length <= AT_ONCE_MAX)?;
    if length == 0 {
        return Some(Bytes::new());
    }
    let mut bytes = vec![0; length];
    let read = preadv2(file, &mut [IoSliceMut::new(&mut bytes)], offset, ReadWriteFlags::NOWAIT).ok()?;
    // A part of it: the rest is on disk, or the file became shorter. The body finds out.
    (read == length).then(|| bytes.into())
}

/// Sixteen octets that nobody can have put into the file beforehand.
fn boundary() -> String {
    let random = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", random(), random())
}

fn ascii(value: String) -> HeaderValue {
    HeaderValue::try_from(value).expect("made of ASCII letters, digits and punctuation")
}

/// Made once, so the smallest comes first.
const ENCODED: [Coding; 3] = [Coding::Brotli, Coding::Zstd, Coding::Gzip];

/// The methods files and listings have.
pub const ALLOW: &str = "GET, HEAD, OPTIONS";

/// What is read at once, in octets: larger files are worth a trip to the blocking threads.
const AT_ONCE_MAX: usize = 64 * 1024;

#[cfg(test)]
mod tests;
