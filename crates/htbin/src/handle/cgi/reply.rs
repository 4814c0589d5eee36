//! From a script's output to an answer: the head by its time limit, then the body as it comes. Whatever must not pass for
//! a whole answer cuts the connection.

use std::{collections::VecDeque, io};

use bytes::Bytes;
use futures_util::stream;
use htbin_cgi::{Document, Error, Head, HeadParser, Limits, Progress, Response as Meaning};
use htbin_spawn::Exit;
use http::{Method, Response, request::Parts};
use tokio::time::Instant;

use super::{
    Answer, Settings, cause,
    output::{Halt, Running},
};
use crate::{
    body::{Body, Part},
    refusal::{Reason, Refusal},
    site::Script,
};

/// Reads the answer of a script that has been started.
pub(super) async fn read(
    mut running: Running,
    script: &Script,
    request: &Parts,
    settings: &Settings,
) -> Result<Answer, Refusal> {
    let (head, rest) = match read_head(&mut running, script, settings).await {
        Ok(parts) => parts,
        Err(refusal) => return Err(with_stderr(refusal, &mut running).await),
    };
    let meaning = match Meaning::from_head(head) {
        Ok(meaning) => meaning,
        Err(error) => return Err(with_stderr(head_refusal(&error), &mut running).await),
    };
    if meaning.lacks_type() && (!rest.is_empty() || first_piece_follows(&mut running).await) {
        return Err(with_stderr(head_refusal(&Error::NoContentType), &mut running).await);
    }
    match meaning {
        Meaning::LocalRedirect { location } => {
            running.finish_unheard(None);
            Ok(Answer::LocalRedirect(location))
        }
        Meaning::Document(document) | Meaning::ClientRedirect(document) | Meaning::Nph(document) => {
            let response = respond(document, rest, running, request).await;
            Ok(Answer::Response(response.map_err(|halt| halt_refusal(&halt, settings))?))
        }
    }
}

/// Everything that a script writes, as a body.
pub(super) fn raw(running: Running) -> Response<Body> {
    let passage = Passage { begun: VecDeque::new(), running: Some(running), left: None, excess: None };
    Response::new(passage.into_body())
}

/// The head, and what of the body came with it.
async fn read_head(running: &mut Running, script: &Script, settings: &Settings) -> Result<(Head, Bytes), Refusal> {
    let limits = Limits { bytes_max: settings.head_bytes_max, fields_max: FIELDS_MAX };
    let mut parser = if script.is_nph() { HeadParser::nph(limits) } else { HeadParser::new(limits) };
    let deadline = Instant::now() + settings.head_time;
    loop {
        match running.read(deadline).await {
            Ok(Some(piece)) => match parser.push(&piece) {
                Ok(Progress::More) => {}
                Ok(Progress::Done { head, body_start }) => return Ok((head, piece.slice(body_start..))),
                Err(error) => return Err(head_refusal(&error)),
            },
            Ok(None) => return Err(unfinished(&parser.finish(), running.exit().await)),
            Err(halt) => return Err(halt_refusal(&halt, settings)),
        }
    }
}

/// Does anything follow a head that says nothing of its type?
async fn first_piece_follows(running: &mut Running) -> bool {
    matches!(running.read_on().await, Ok(Some(_)))
}

async fn respond(
    document: Document,
    rest: Bytes,
    mut running: Running,
    request: &Parts,
) -> Result<Response<Body>, Halt> {
    let body = if document.body_allowed() && request.method != Method::HEAD {
        let mut begun = VecDeque::from([rest]);
        if is_whole(&mut begun, document.content_length, &mut running).await? {
            running.finish();
            Body::Parts(begun.into_iter().map(Part::Bytes).collect())
        } else {
            Passage { begun, running: Some(running), left: document.content_length, excess: Some(EXCESS) }.into_body()
        }
    } else {
        running.finish_unheard(None);
        Body::empty()
    };
    let mut response = Response::new(body);
    *response.status_mut() = document.status;
    *response.headers_mut() = document.headers;
    if let Some(reason) = document.reason.and_then(|reason| hyper::ext::ReasonPhrase::try_from(reason).ok()) {
        response.extensions_mut().insert(reason);
    }
    Ok(response)
}

/// Most scripts have written everything by now and are just leaving: then the answer can go out in one piece.
async fn is_whole(begun: &mut VecDeque<Bytes>, length: Option<u64>, running: &mut Running) -> Result<bool, Halt> {
    if let Some(piece) = running.read_at_leisure().await? {
        begun.push_back(piece);
    }
    let bytes: usize = begun.iter().map(Bytes::len).sum();
    if !running.has_ended() || length.is_some_and(|length| length != bytes as u64) {
        return Ok(false);
    }
    let exit = running.exit().await;
    remark_exit(exit, running);
    Ok(!matches!(exit, Some(Exit::Signal(_))))
}

/// A script's output on its way to the client.
struct Passage {
    /// What came with the head.
    begun: VecDeque<Bytes>,
    running: Option<Running>,
    /// What its Content-Length leaves.
    left: Option<u64>,
    /// What to log, once, if there is more than that.
    excess: Option<&'static str>,
}

impl Passage {
    fn into_body(self) -> Body {
        let length = self.left;
        let chunks = stream::unfold(self, |mut passage| async {
            let next = passage.next().await?;
            Some((next, passage))
        });
        Body::Stream { chunks: Box::pin(chunks), length }
    }

    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        loop {
            let running = self.running.as_mut()?;
            let mut piece = match self.begun.pop_front() {
                Some(begun) => begun,
                None => match running.read_on().await {
                    Ok(Some(piece)) => piece,
                    Ok(None) => return self.end().await,
                    Err(halt) => return Some(self.cut(&halt.to_string()).await),
                },
            };
            if let Some(left) = &mut self.left {
                if piece.len() as u64 > *left {
                    self.excess.take().into_iter().for_each(|what| running.remark(what));
                }
                piece.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= piece.len() as u64;
            }
            if !piece.is_empty() {
                return Some(Ok(piece));
            }
            if self.left == Some(0) {
                return None;
            }
        }
    }

    /// The output is over: was it all there was to be?
    async fn end(&mut self) -> Option<io::Result<Bytes>> {
        let exit = self.running.as_mut()?.exit().await;
        if let Some(left) = self.left.filter(|left| *left > 0) {
            return Some(self.cut(&format!("the script ended {left} octets before its Content-Length")).await);
        }
        if let Some(Exit::Signal(signal)) = exit {
            return Some(self.cut(&format!("the script was ended by signal {signal}")).await);
        }
        let running = self.running.take()?;
        remark_exit(exit, &running);
        running.finish();
        None
    }

    /// Nobody may take a part for the whole: an error here cuts the connection.
    async fn cut(&mut self, why: &str) -> io::Result<Bytes> {
        self.running = None;
        // What has been written until now goes out first: a client that gets nothing at all may ask again.
        tokio::task::yield_now().await;
        Err(io::Error::other(why.to_owned()))
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        // The client has all that was announced: the script may come to its end. Otherwise the client has left, and
        // dropping the running script ends it.
        if self.left == Some(0)
            && let Some(running) = self.running.take()
        {
            running.finish_unheard(self.excess);
        }
    }
}

/// A shell script whose last test is false ends with 1 all day; it is worth a line in the log, no more.
fn remark_exit(exit: Option<Exit>, running: &Running) {
    if let Some(Exit::Code(code)) = exit.filter(|exit| *exit != Exit::Code(0)) {
        running.remark(&format!("exit status {code}"));
    }
}

fn head_refusal(error: &Error) -> Refusal {
    let reason = match error {
        Error::TooLarge { .. } | Error::TooManyFields { .. } => Reason::HeadTooLarge,
        _ => Reason::BadHead,
    };
    Refusal::with_detail(reason, error.to_string())
}

/// The output ended before the head did.
fn unfinished(error: &Error, exit: Option<Exit>) -> Refusal {
    let reason = match error {
        Error::Empty | Error::Unterminated => Reason::NoHead,
        // What it wrote until then says nothing of what it would have written.
        _ if matches!(exit, Some(Exit::Signal(_))) => Reason::NoHead,
        _ => Reason::BadHead,
    };
    Refusal::with_detail(reason, cause::of_end(error, exit))
}

fn halt_refusal(halt: &Halt, settings: &Settings) -> Refusal {
    match halt {
        Halt::Silent(_) => Refusal::with_detail(
            Reason::ScriptTimeout,
            format!("no complete head within {:?}; raise --timeout if the script needs that long", settings.head_time),
        ),
        Halt::TooMuch(_) => Refusal::with_detail(Reason::HeadTooLarge, halt.to_string()),
        Halt::Broken(_) => Refusal::with_detail(Reason::Internal, halt.to_string()),
    }
}

/// What the script said on stderr is most often why.
async fn with_stderr(mut refusal: Refusal, running: &mut Running) -> Refusal {
    running.exit().await;
    refusal.stderr = running.last_messages();
    refusal
}

const EXCESS: &str = "wrote more than its Content-Length; the rest was cut";
/// More fields than this are no head but a body.
const FIELDS_MAX: usize = 200;
