//! An answer's body on its way to hyper; when it is done the connection is idle again.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use super::pace::Pace;
use crate::respond::Recorded;

pub(super) struct PacedBody {
    body: Recorded,
    pace: Arc<Pace>,
}

impl PacedBody {
    pub(super) fn new(body: Recorded, pace: Arc<Pace>) -> Self {
        Self { body, pace }
    }
}

impl Body for PacedBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<std::io::Result<Frame<Bytes>>>> {
        Pin::new(&mut self.get_mut().body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for PacedBody {
    fn drop(&mut self) {
        self.pace.answered();
    }
}
