//! Gathers a body to store it, while it goes to the client. Who reads slowly holds up nobody: up to the bound it is read
//! as fast as it is written. A longer one goes on by itself and is not stored.

use std::io;

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::body::{Body, Chunks, Part};

/// What a body is to the cache.
pub(super) enum Gathered {
    /// All of it.
    Whole(Bytes),
    /// It comes piece by piece, of this length, if that is known.
    ToCome(Chunks, Option<u64>),
    /// It is too long, or a file.
    No(Body),
}

/// All of a body that is there, if it is not too long. It is copied, as a piece of a buffer would keep the whole of it.
pub(super) fn whole(body: Body, bytes_max: u64) -> Gathered {
    if body.length().is_some_and(|length| length > bytes_max) {
        return Gathered::No(body);
    }
    let mut octets = BytesMut::with_capacity(body.length().unwrap_or(0) as usize);
    let mut put = |part: &Part| match part {
        Part::Bytes(bytes) => {
            octets.extend_from_slice(bytes);
            true
        }
        Part::File { .. } => false,
    };
    let is_whole = match &body {
        Body::One(part) => part.iter().all(&mut put),
        Body::Parts(parts) => parts.iter().all(&mut put),
        Body::Stream { .. } => false,
    };
    match body {
        Body::Stream { chunks, length } => Gathered::ToCome(chunks, length),
        _ if is_whole => Gathered::Whole(octets.freeze()),
        body => Gathered::No(body),
    }
}

/// What the gathering task passes on.
enum Piece {
    Octets(io::Result<Bytes>),
    /// It is too long to be stored: whoever wants it reads on by themselves.
    Rest(Chunks),
    /// All has come. Without this word nobody takes what came for the whole.
    End,
}

/// The same body. `done` is called with all of it once it has come, or with nothing.
pub(super) fn gather(
    chunks: Chunks,
    length: Option<u64>,
    bytes_max: u64,
    done: impl FnOnce(Option<Bytes>) + Send + 'static,
) -> Body {
    let (sender, receiver) = unbounded_channel();
    tokio::spawn(async move { done(read(chunks, length, bytes_max, &sender).await) });
    let reading = stream::unfold(Reading::Gathered(receiver), |mut reading| async {
        let next = reading.next().await?;
        Some((next, reading))
    });
    Body::Stream { chunks: Box::pin(reading), length }
}

async fn read(
    mut chunks: Chunks,
    mut left: Option<u64>,
    bytes_max: u64,
    sender: &UnboundedSender<Piece>,
) -> Option<Bytes> {
    let mut octets = BytesMut::new();
    loop {
        // Who has sent all that was announced may go on for long: nobody waits for that.
        let next = if left == Some(0) { None } else { chunks.next().await };
        match next {
            Some(Ok(chunk)) => {
                left = left.map(|left| left.saturating_sub(chunk.len() as u64));
                octets.extend_from_slice(&chunk);
                // A client that has left wants nothing more; those who wait do.
                _ = sender.send(Piece::Octets(Ok(chunk)));
                if octets.len() as u64 > bytes_max {
                    _ = sender.send(Piece::Rest(chunks));
                    return None;
                }
            }
            Some(Err(error)) => {
                _ = sender.send(Piece::Octets(Err(error)));
                return None;
            }
            None => {
                _ = sender.send(Piece::End);
                return Some(Bytes::copy_from_slice(&octets));
            }
        }
    }
}

/// The client's end.
enum Reading {
    Gathered(UnboundedReceiver<Piece>),
    Rest(Chunks),
    Over,
}

impl Reading {
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        loop {
            match self {
                Self::Rest(chunks) => return chunks.next().await,
                Self::Over => return None,
                Self::Gathered(receiver) => match receiver.recv().await {
                    Some(Piece::Octets(octets)) => return Some(octets),
                    Some(Piece::Rest(chunks)) => *self = Self::Rest(chunks),
                    Some(Piece::End) => *self = Self::Over,
                    None => {
                        *self = Self::Over;
                        return Some(Err(io::Error::other("the answer was lost while it was gathered")));
                    }
                },
            }
        }
    }
}
