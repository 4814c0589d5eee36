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
    Answer, Rules,
    fault::{Fault, Halt},
    output::Running,
};
use crate::{
    body::{Body, Part},
    diagnosis::{Diagnosis, Event, Evidence, Subject},
    handle::sendfile,
    site::Script,
};

/// Reads the answer of a script that has been started.
pub(super) async fn read(
    mut running: Running,
    (script, rules): (&Script, &Rules),
    request: &Parts,
    subject: impl FnOnce() -> Subject,
) -> Result<Answer, Fault> {
    match meaning(&mut running, script, rules).await {
        Ok((Meaning::LocalRedirect { location }, _)) => {
            running.finish_unheard(None);
            Ok(Answer::LocalRedirect(location))
        }
        Ok((Meaning::Document(document) | Meaning::ClientRedirect(document) | Meaning::Nph(document), rest)) => {
            let sends_file = !rules.sendfile.is_empty() && document.headers.contains_key(sendfile::FIELD);
            let has_body = document.body_allowed() && request.method != Method::HEAD && !sends_file;
            let response = respond(document, (has_body, rest), running, subject).await;
            Ok(Answer::Response(response.map_err(|halt| Fault::new(halt, b""))?))
        }
        Err(fault) => {
            // What it said on stderr is most often why.
            let exit = running.exit().await;
            Err(Fault { exit, stderr: running.last_messages(), ..fault })
        }
    }
}

/// Everything that a script writes, as a body.
pub(super) fn raw(running: Running, subject: Subject) -> Response<Body> {
    let (begun, subject) = (VecDeque::new(), Box::new(subject));
    let passage = Passage { begun, running: Some(running), left: None, excess: None, subject };
    Response::new(passage.into_body())
}

/// What the head says, and what of the body came with it.
async fn meaning(running: &mut Running, script: &Script, rules: &Rules) -> Result<(Meaning, Bytes), Fault> {
    let (head, piece, body_start) = read_head(running, script, rules).await?;
    let rest = piece.slice(body_start..);
    let meaning = Meaning::from_head(head).map_err(|error| Fault::new(error, &piece))?;
    if meaning.lacks_type() && (!rest.is_empty() || first_piece_follows(running).await) {
        return Err(Fault::new(Error::NoContentType, &piece));
    }
    Ok((meaning, rest))
}

/// The head, and the piece of output in which it ended, and where.
async fn read_head(running: &mut Running, script: &Script, rules: &Rules) -> Result<(Head, Bytes, usize), Fault> {
    let limits = Limits { bytes_max: rules.head_bytes_max, fields_max: FIELDS_MAX };
    let mut parser = if script.is_nph() { HeadParser::nph(limits) } else { HeadParser::new(limits) };
    let deadline = Instant::now() + rules.head_time;
    loop {
        match running.read(deadline).await {
            Ok(Some(piece)) => match parser.push(&piece) {
                Ok(Progress::More) => {}
                Ok(Progress::Done { head, body_start }) => return Ok((head, piece, body_start)),
                Err(error) => return Err(Fault::new(error, parser.seen())),
            },
            Ok(None) => return Err(Fault::new(parser.finish(), parser.seen())),
            Err(halt) => return Err(Fault::new(halt, parser.seen())),
        }
    }
}

/// Does anything follow a head that says nothing of its type?
async fn first_piece_follows(running: &mut Running) -> bool {
    matches!(running.read_on().await, Ok(Some(_)))
}

async fn respond(
    document: Document,
    (has_body, rest): (bool, Bytes),
    mut running: Running,
    subject: impl FnOnce() -> Subject,
) -> Result<Response<Body>, Halt> {
    let body = if has_body {
        let mut begun = VecDeque::from([rest]);
        if is_whole(&mut begun, document.content_length, &mut running).await? {
            running.finish();
            Body::Parts(begun.into_iter().map(Part::Bytes).collect())
        } else {
            let subject = Box::new(subject());
            let left = document.content_length;
            Passage { begun, running: Some(running), left, excess: Some(EXCESS), subject }.into_body()
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
    /// The script, to tell what it was that went wrong.
    subject: Box<Subject>,
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
                    Err(Halt::TooMuch) => return Some(self.cut(Event::Output).await),
                    Err(Halt::Broken(error)) => return Some(Err(error)),
                    Err(Halt::Silent | Halt::Head(_)) => return Some(self.cut(Event::IdleTime).await),
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
            return Some(self.cut(Event::CutShort(left)).await);
        }
        if let Some(Exit::Signal(_)) = exit {
            return Some(self.cut(Event::Ended).await);
        }
        let running = self.running.take()?;
        remark_exit(exit, &running);
        running.finish();
        None
    }

    /// Nobody may take a part for the whole: an error here cuts the connection.
    async fn cut(&mut self, event: Event) -> io::Result<Bytes> {
        let running = self.running.take();
        let (exit, stderr) = running.as_ref().map_or((None, None), |it| (it.exit_known(), it.last_messages()));
        drop(running);
        let (subject, evidence) = (self.subject.clone(), Evidence { event, exit, stderr });
        // What has been written until now goes out first: a client that gets nothing at all may ask again.
        tokio::task::yield_now().await;
        // A look at the script's file may have to wait for a disk.
        let found = tokio::task::spawn_blocking(move || Diagnosis::of(&subject, &evidence)).await;
        Err(io::Error::other(found.map_or_else(|error| error.to_string(), |found| found.to_string())))
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

const EXCESS: &str = "wrote more than its Content-Length; the rest was cut";
/// More fields than this are no head but a body.
const FIELDS_MAX: usize = 200;
