//! `--live`: who looks at a page hears that a file of the site has changed, and reloads it. A script that has changed is
//! looked at once. Nothing here knows a request; `respond` says who may listen, `layers` puts the script into pages.

mod change;
mod look;
mod watch;

use std::{
    fmt, io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, Response, header};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch as channel};

use crate::{
    body::Body,
    diagnosis::{Limits, Runner},
    site::{self, Site},
};

/// What is watched, and what is known of its scripts.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The site, as it is served.
    pub site: site::Settings,
    /// Whom scripts run as.
    pub runner: Arc<Runner>,
    /// The PATH that scripts get.
    pub search_path: std::ffi::OsString,
    /// What scripts may use.
    pub limits: Limits,
}

/// Those who listen, and what they hear.
#[derive(Debug)]
pub struct Live {
    news: channel::Sender<News>,
    /// Tells one run of the server from another.
    run: u64,
    /// Pages that were sent with the script in them.
    pages: AtomicU64,
    listeners: Arc<Semaphore>,
}

/// The state of the site at a moment. A page that was made at one and meets another is out of date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark(String);

/// What has changed last.
#[derive(Debug, Clone, Copy)]
struct News {
    number: u64,
    change: Change,
    is_over: bool,
}

/// What a change is to a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    /// Only style sheets: they can be swapped.
    Style,
    /// Anything.
    Page,
}

impl Live {
    /// Watches the site from now on, from a thread of its own.
    ///
    /// # Errors
    /// The kernel has no inotify instance left, or no thread.
    pub fn start(site: &Site, settings: Settings) -> io::Result<Arc<Self>> {
        let live = Arc::new(Self::new());
        let script_places: Vec<PathBuf> = site.script_directories().into_iter().map(|(_, place)| place).collect();
        watch::start(site.root(), script_places, settings, Arc::clone(&live))?;
        Ok(live)
    }

    fn new() -> Self {
        let run = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64);
        Self {
            news: channel::Sender::new(News { number: 0, change: Change::Page, is_over: false }),
            run,
            pages: AtomicU64::new(0),
            listeners: Arc::new(Semaphore::new(LISTENERS_MAX)),
        }
    }

    /// The state of the site now.
    pub fn mark(&self) -> Mark {
        self.mark_of(self.news.borrow().number)
    }

    /// A page has been asked for that will listen.
    pub fn page_asked_for(&self) {
        self.pages.fetch_add(1, Ordering::Relaxed);
    }

    /// Server-sent events for a page that was made at `seen`; none if too many listen already.
    pub fn events(self: &Arc<Self>, seen: &str) -> Option<Response<Body>> {
        let place = Arc::clone(&self.listeners).try_acquire_owned().ok()?;
        let news = self.news.subscribe();
        let number = news.borrow().number;
        let is_stale = seen != self.mark_of(number).0;
        let listener = Listener { live: Arc::clone(self), news, number, is_stale, has_begun: false, _place: place };
        let chunks = stream::unfold(listener, |mut listener| async {
            let event = listener.next().await?;
            Some((Ok(event), listener))
        });
        let mut response = Response::new(Body::Stream { chunks: Box::pin(chunks), length: None });
        let fields = response.headers_mut();
        fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Some(response)
    }

    /// Nobody hears anything any more: the server stops.
    pub fn close(&self) {
        self.news.send_modify(|news| news.is_over = true);
    }

    fn tell(&self, change: Change) {
        self.news.send_modify(|news| (news.number, news.change) = (news.number + 1, change));
    }

    fn pages(&self) -> u64 {
        self.pages.load(Ordering::Relaxed)
    }

    fn mark_of(&self, number: u64) -> Mark {
        Mark(format!("{:x}-{number}", self.run))
    }
}

impl Mark {
    /// The element that makes a page of this state listen.
    pub fn element(&self) -> Bytes {
        format!("<script data-htbin-live=\"{self}\">{SCRIPT}</script>").into()
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One page that listens.
struct Listener {
    live: Arc<Live>,
    news: channel::Receiver<News>,
    /// The news it has heard last.
    number: u64,
    /// It was made before those.
    is_stale: bool,
    has_begun: bool,
    _place: OwnedSemaphorePermit,
}

impl Listener {
    /// The next event as it is on the wire; none when the server stops.
    async fn next(&mut self) -> Option<Bytes> {
        if !self.has_begun {
            self.has_begun = true;
            let first = if self.is_stale { self.event(Change::Page) } else { String::new() };
            return Some(format!("retry: {RETRY_MILLISECONDS}\n\n{first}").into());
        }
        // Who comes when all was said would wait for more.
        if self.news.borrow().is_over {
            return None;
        }
        // Who has left without a word is found out by writing to it.
        let Ok(changed) = tokio::time::timeout(PING_TIME, self.news.changed()).await else {
            return Some(Bytes::from_static(b":\n\n"));
        };
        changed.ok()?;
        let news = *self.news.borrow_and_update();
        if news.is_over {
            return None;
        }
        // Who has missed one does not know what it was.
        let change = if news.number == self.number + 1 { news.change } else { Change::Page };
        self.number = news.number;
        Some(self.event(change).into())
    }

    fn event(&self, change: Change) -> String {
        let name = match change {
            Change::Style => "style",
            Change::Page => "reload",
        };
        let mark = self.live.mark_of(self.number);
        format!("event: {name}\nid: {mark}\ndata: {mark}\n\n")
    }
}

/// Where a page listens.
pub const PATH: &str = "/.htbin/live";
/// What runs in a page.
pub const SCRIPT: &str = include_str!("../templates/live.js");
/// The same as a Content-Security-Policy names it.
pub const SCRIPT_HASH: &str = "'sha256-gPpzBrI2SzWyBBIBgme/37blpzPItY12N2Kcv3JyjWk='";
/// Pages that listen at once.
const LISTENERS_MAX: usize = 256;
const PING_TIME: Duration = Duration::from_secs(15);
const RETRY_MILLISECONDS: u32 = 1000;

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, StreamExt};

    use super::*;

    #[test]
    fn who_comes_after_the_end_is_told_so() {
        let live = Arc::new(Live::new());
        live.close();
        let Body::Stream { mut chunks, .. } = live.events("").expect("there is room").into_body() else {
            panic!("events are a stream");
        };
        assert!(chunks.next().now_or_never().flatten().is_some(), "it begins");
        assert!(matches!(chunks.next().now_or_never(), Some(None)), "and ends");
    }

    #[test]
    fn the_script_ends_where_its_element_does() {
        assert!(!SCRIPT.to_ascii_lowercase().contains("</script") && !SCRIPT.contains("<!--"), "{SCRIPT}");
    }
}
