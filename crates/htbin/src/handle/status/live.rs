//! The page as it changes, by server-sent events: each second the sections that are others now. Nobody who writes to the
//! ledger has to tell anybody.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, Response, StatusCode, header};
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, Interval, MissedTickBehavior, interval},
};

use super::{Inner, plain, told};
use crate::{
    body::Body,
    page::status::{self, Section},
};

pub(super) fn answer(status: &Arc<Inner>) -> Response<Body> {
    let Ok(place) = Arc::clone(&status.viewers).try_acquire_owned() else {
        let mut response = told(StatusCode::SERVICE_UNAVAILABLE, "Enough pages are kept up to date already.");
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
        return response;
    };
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let now = Instant::now();
    let viewer = Viewer {
        status: Arc::clone(status),
        ticks,
        sent: Vec::new(),
        spoke: now,
        until: now + TIME_MAX,
        _place: place,
    };
    let chunks = stream::unfold(viewer, |mut viewer| async { Some((Ok(viewer.next().await?), viewer)) });
    let mut response = plain(StatusCode::OK, TYPE, String::new());
    *response.body_mut() = Body::Stream { chunks: Box::pin(chunks), length: None };
    response
}

/// A page that is kept up to date.
struct Viewer {
    status: Arc<Inner>,
    ticks: Interval,
    /// What it has already.
    sent: Vec<Section>,
    spoke: Instant,
    until: Instant,
    _place: OwnedSemaphorePermit,
}

impl Viewer {
    /// What has changed; none when the server stops, or the page has been there for long: its browser asks again.
    async fn next(&mut self) -> Option<Bytes> {
        while Instant::now() < self.until {
            tokio::select! {
                biased;
                () = self.status.ledger.closed() => return None,
                _ = self.ticks.tick() => {}
            }
            let sections = status::sections(&self.status.view(), &self.status.token);
            let changed = sections.iter().filter(|section| !self.sent.contains(section));
            let events: String = changed.map(event).collect();
            self.sent = sections;
            if !events.is_empty() {
                self.spoke = Instant::now();
                return Some(events.into());
            }
            if self.spoke.elapsed() >= SILENCE_MAX {
                self.spoke = Instant::now();
                return Some(Bytes::from_static(b":\n\n"));
            }
        }
        None
    }
}

/// A section as an event; its lines may end in LF only.
fn event(section: &Section) -> String {
    let mut event = String::from("event: section\n");
    for line in section.0.split(['\n', '\r']) {
        event.extend(["data: ", line, "\n"]);
    }
    event.push('\n');
    event
}

pub(super) const TYPE: &str = "text/event-stream";
const TICK: Duration = Duration::from_secs(1);
/// A word now and then finds out whether somebody still listens.
const SILENCE_MAX: Duration = Duration::from_secs(15);
const TIME_MAX: Duration = Duration::from_secs(3600);
