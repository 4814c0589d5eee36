//! A second launcher for an ordinary user's strict scripts: the kernel lets it make namespaces, because it lives in one of
//! users. All others stay outside: there, files of other users have no owner. It is started when one is wanted.

use std::{
    io,
    sync::{Arc, MutexGuard, OnceLock, PoisonError},
    time::Instant,
};

use rustix::process::Pid;

use super::{Launcher, Link, PAUSE};
use crate::{sandbox::Level, sys::clone::can_live_apart, terms::Terms};

/// The second launcher, if there is one.
#[derive(Debug, Default)]
pub(super) struct Apart {
    link: Option<Arc<Link>>,
    started: Option<Instant>,
}

impl Launcher {
    /// The launcher for an order on these terms.
    pub(super) async fn link_for(self: &Arc<Self>, terms: &Terms) -> io::Result<Arc<Link>> {
        // One that is root needs no other.
        if terms.confinement.level != Level::Strict || self.is_root || !is_possible() {
            return Ok(self.link());
        }
        if let Some(link) = self.apart().link.clone() {
            return Ok(link);
        }
        let _turn = self.starting_apart.lock().await;
        // Somebody else may have waited for the same.
        if let Some(link) = self.apart().link.clone() {
            return Ok(link);
        }
        // What ended the last one may end the next one too.
        if self.apart().started.is_some_and(|started| started.elapsed() < PAUSE) {
            return Err(io::Error::other("the launcher for strict scripts was lost; it is tried again in a second"));
        }
        self.apart().started = Some(Instant::now());
        let (socket, pid) = self.start(true).await?;
        let link = Arc::new(Link::new(socket, pid)?);
        self.apart().link = Some(Arc::clone(&link));
        self.listen(Arc::clone(&link));
        Ok(link)
    }

    pub(super) fn is_apart(&self, pid: Pid) -> bool {
        self.apart().link.as_ref().is_some_and(|link| link.pid() == pid)
    }

    /// Was it the one that is lost?
    pub(super) fn forget_apart(&self, lost: &Arc<Link>) -> bool {
        let link = &mut self.apart().link;
        let is_lost = link.as_ref().is_some_and(|link| Arc::ptr_eq(link, lost));
        if is_lost {
            *link = None;
        }
        is_lost
    }

    fn apart(&self) -> MutexGuard<'_, Apart> {
        self.apart.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does the kernel let everybody have namespaces of users, and not let this process have others?
pub(super) fn is_possible() -> bool {
    static POSSIBLE: OnceLock<bool> = OnceLock::new();
    *POSSIBLE.get_or_init(|| !can_live_apart(false) && can_live_apart(true))
}
