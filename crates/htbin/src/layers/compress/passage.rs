//! A body on its way through a compressor, piece by piece. What has come goes out as soon as nothing more is there, so a
//! script that writes a line a second is read line by line. Large pieces are compressed on threads that may wait.

use std::{collections::VecDeque, future::poll_fn, io, os::unix::fs::FileExt, task::Poll};

use bytes::Bytes;
use futures_util::stream;

use super::{encoder::Encoder, kept::Keeping};
use crate::body::{Body, Chunks, Part};

pub(super) struct Passage {
    source: Source,
    /// The rest of a piece that was too large.
    rest: Option<Part>,
    /// Gone when the end, or an error, has been passed on.
    encoder: Option<Encoder>,
    /// How many octets may be inside that were not let out.
    holds: usize,
    /// To be told after what came before it.
    error: Option<io::Error>,
    keeping: Option<Keeping>,
}

/// What is compressed.
enum Source {
    Parts(VecDeque<Part>),
    Chunks {
        chunks: Chunks,
        /// How many octets are to come, where that is known.
        left: Option<u64>,
    },
}

/// What a source has.
enum Next {
    Piece(io::Result<Part>),
    /// Nothing at the moment.
    Quiet,
    End,
}

impl Passage {
    pub(super) fn new(body: Body, encoder: Encoder, keeping: Option<Keeping>) -> Self {
        let source = match body {
            Body::One(part) => Source::Parts(part.into_iter().collect()),
            Body::Parts(parts) => Source::Parts(parts),
            Body::Stream { chunks, length } => Source::Chunks { chunks, left: length },
        };
        Self { source, rest: None, encoder: Some(encoder), holds: 0, error: None, keeping }
    }

    pub(super) fn into_body(self) -> Body {
        let chunks = stream::unfold(self, |mut passage| async {
            let next = passage.next().await?;
            Some((next, passage))
        });
        Body::Stream { chunks: Box::pin(chunks), length: None }
    }

    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        let next = self.next_piece().await?;
        match (&next, &mut self.keeping) {
            (Ok(piece), Some(keeping)) => keeping.push(piece),
            (Err(_), _) => self.keeping = None,
            (Ok(_), None) => {}
        }
        if self.encoder.is_none()
            && let Some(keeping) = self.keeping.take()
        {
            keeping.finish();
        }
        Some(next)
    }

    async fn next_piece(&mut self) -> Option<io::Result<Bytes>> {
        loop {
            self.encoder.as_ref()?;
            if let Some(error) = self.error.take() {
                self.encoder = None;
                return Some(Err(error));
            }
            let done = match self.next_of_source().await {
                Next::Piece(Ok(part)) => self.push(part).await,
                Next::Piece(Err(error)) => {
                    self.error = Some(error);
                    self.flush().await
                }
                Next::Quiet => self.flush().await,
                Next::End => return self.finish().await.transpose(),
            };
            match done {
                Ok(out) if out.is_empty() => {}
                Ok(out) => return Some(Ok(out)),
                Err(error) => {
                    self.encoder = None;
                    return Some(Err(error));
                }
            }
        }
    }

    async fn next_of_source(&mut self) -> Next {
        if let Some(rest) = self.rest.take() {
            return Next::Piece(Ok(rest));
        }
        let (chunks, left) = match &mut self.source {
            Source::Parts(parts) => return parts.pop_front().map_or(Next::End, |part| Next::Piece(Ok(part))),
            // Who has sent all that was announced may go on for long: nobody waits for that.
            Source::Chunks { left: Some(0), .. } => return Next::End,
            Source::Chunks { chunks, left } => (chunks, left),
        };
        let holds = self.holds > 0;
        poll_fn(|context| match chunks.as_mut().poll_next(context) {
            Poll::Ready(None) => Poll::Ready(Next::End),
            Poll::Ready(Some(chunk)) => {
                let taken = chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
                *left = left.map(|left| left.saturating_sub(taken));
                Poll::Ready(Next::Piece(chunk.map(Part::Bytes)))
            }
            Poll::Pending if holds => Poll::Ready(Next::Quiet),
            Poll::Pending => Poll::Pending,
        })
        .await
    }

    /// Takes at most `STEP_BYTES_MAX` of a piece in.
    async fn push(&mut self, part: Part) -> io::Result<Bytes> {
        let (now, rest) = split(part);
        self.rest = rest;
        self.holds += now.length() as usize;
        self.work(move |encoder| match now {
            Part::Bytes(octets) => encoder.push(&octets),
            Part::File { file, offset, length } => encoder.push(&read(&file, offset, length)?),
        })
        .await
    }

    /// Lets out what came until now.
    async fn flush(&mut self) -> io::Result<Bytes> {
        let out = self.work(Encoder::flush).await;
        self.holds = 0;
        out
    }

    /// What the compressor has to say to this: here, if it is little, else where it keeps nobody waiting.
    async fn work(&mut self, work: impl FnOnce(&mut Encoder) -> io::Result<()> + Send + 'static) -> io::Result<Bytes> {
        let Some(mut encoder) = self.encoder.take() else { return Ok(Bytes::new()) };
        if self.holds <= INLINE_BYTES_MAX && self.is_stream() {
            work(&mut encoder)?;
        } else {
            encoder = elsewhere(move || work(&mut encoder).map(|()| encoder)).await?;
        }
        let out = encoder.take();
        self.encoder = Some(encoder);
        Ok(out)
    }

    fn is_stream(&self) -> bool {
        matches!(self.source, Source::Chunks { .. })
    }

    async fn finish(&mut self) -> io::Result<Option<Bytes>> {
        let Some(encoder) = self.encoder.take() else { return Ok(None) };
        elsewhere(move || encoder.finish()).await.map(Some)
    }
}

/// As much of a part as is compressed in one step, and what is left of it.
fn split(part: Part) -> (Part, Option<Part>) {
    if part.length() <= STEP_BYTES_MAX as u64 {
        return (part, None);
    }
    match part {
        Part::Bytes(mut octets) => {
            let now = octets.split_to(STEP_BYTES_MAX);
            (Part::Bytes(now), Some(Part::Bytes(octets)))
        }
        Part::File { file, offset, length } => {
            let step = STEP_BYTES_MAX as u64;
            let rest = Part::File { file: file.clone(), offset: offset + step, length: length - step };
            (Part::File { file, offset, length: step }, Some(rest))
        }
    }
}

fn read(file: &std::fs::File, offset: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut octets = vec![0; length as usize];
    file.read_exact_at(&mut octets, offset).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => io::Error::new(error.kind(), "the file shrank while it was sent"),
        _ => error,
    })?;
    Ok(octets)
}

/// On a thread that may wait for a disk or a compressor.
async fn elsewhere<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

/// Compressed at once, at a time.
const STEP_BYTES_MAX: usize = 64 * 1024;
/// So much takes less than a trip to another thread is worth.
const INLINE_BYTES_MAX: usize = 8 * 1024;
