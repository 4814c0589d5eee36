//! On which terms a script is asked, and what becomes of its answer: stored and given to all who wait, given to the one
//! who asked, or an older one in its place.

use std::{sync::Arc, time::SystemTime};

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, Uri, header, request::Parts, response};

use super::{
    Settings,
    entry::{Entry, Told},
    flight::{Flight, Landing},
    gather::{Gathered, gather, whole},
    key::{Asked, Key},
    terms::Terms,
    with_origin,
};
use crate::body::Body;

/// On which terms a script is asked.
#[derive(Debug)]
pub struct Ticket {
    settings: Settings,
    errand: Errand,
}

#[derive(Debug)]
enum Errand {
    /// It may bring something to store.
    Fetch(Key, Fetch),
    /// It may change what is stored.
    Change(Key),
    /// It has nothing to do with what is stored.
    Aside(&'static str),
}

/// Somebody who asks a script for something to store.
#[derive(Debug)]
pub(super) struct Fetch {
    /// Others may wait for this.
    pub(super) flight: Option<Flight>,
    /// What is stored and may still be the one, or do where the script fails.
    pub(super) stale: Option<Arc<Entry>>,
    pub(super) of_a_person: bool,
    /// How much had been taken out when this began.
    pub(super) changes: u64,
    /// Why it is fetched, for `Cache-Status`.
    pub(super) why: &'static str,
}

impl Ticket {
    pub(super) fn fetch(settings: &Settings, asked: Asked<'_>, fetch: Fetch) -> Self {
        Self { settings: settings.clone(), errand: Errand::Fetch(asked.to_key(), fetch) }
    }

    pub(super) fn change(settings: &Settings, asked: Asked<'_>) -> Self {
        Self { settings: settings.clone(), errand: Errand::Change(asked.to_key()) }
    }

    pub(super) fn aside(settings: &Settings, why: &'static str) -> Self {
        Self { settings: settings.clone(), errand: Errand::Aside(why) }
    }

    /// What the script is asked, if that is not what the client asks: the conditions are then those of what is stored,
    /// as the client's are answered here.
    pub fn request(&self, request: &Parts) -> Option<Parts> {
        let Errand::Fetch(_, fetch) = &self.errand else { return None };
        if fetch.flight.is_none() && fetch.stale.is_none() {
            return None;
        }
        let mut asked = request.clone();
        for name in [header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE] {
            asked.headers.remove(name);
        }
        if let Some(stale) = &fetch.stale {
            stale.put_conditions(&mut asked.headers);
        }
        Some(asked)
    }

    /// What the client gets of the script's answer.
    pub fn leave(self, request: &Parts, mut response: Response<Body>) -> Response<Body> {
        match self.errand {
            Errand::Fetch(key, fetch) => Fetched { settings: self.settings, key, fetch }.leave(request, response),
            Errand::Change(key) => {
                // An error has changed nothing (RFC 9111 §4.4).
                if response.status().as_u16() < 400 {
                    invalidate(&self.settings, &key, response.headers());
                }
                Told::put_forwarded("method", response.headers_mut());
                response
            }
            Errand::Aside(why) => {
                Told::put_forwarded(why, response.headers_mut());
                response
            }
        }
    }

    /// The script has answered with another address of this server: that is nothing to store.
    pub fn leave_in_vain(self) {
        if let Errand::Fetch(key, fetch) = self.errand {
            Fetched { settings: self.settings, key, fetch }.in_vain(true);
        }
    }

    /// What the client gets though the script has failed, if its last answer does (RFC 5861 §4).
    pub fn leave_failed(self, request: &Parts) -> Option<Response<Body>> {
        let Errand::Fetch(key, fetch) = self.errand else { return None };
        Fetched { settings: self.settings, key, fetch }.instead(request, "")
    }
}

/// A script has answered.
struct Fetched {
    settings: Settings,
    key: Key,
    fetch: Fetch,
}

impl Fetched {
    fn leave(self, request: &Parts, response: Response<Body>) -> Response<Body> {
        let stale = self.fetch.stale.clone();
        match (response.status(), stale) {
            (StatusCode::NOT_MODIFIED, Some(stale)) => self.renew(request, &stale, response.headers()),
            (status, Some(stale)) if status.is_server_error() && stale.is_good_enough() => {
                let told = format!("; fwd-status={}", status.as_u16());
                self.instead(request, &told).unwrap_or(response)
            }
            _ => self.take(request, response),
        }
    }

    /// The script says that what is stored is still the one.
    fn renew(self, request: &Parts, stale: &Entry, news: &HeaderMap) -> Response<Body> {
        let fields = stale.fields_with(news);
        let terms = self.terms((stale.status(), &fields));
        let may_be_stored = terms.is_some();
        let terms = terms.unwrap_or_else(|| stale.terms.clone());
        let fingerprint = self.settings.store.fingerprint(request, &terms.vary);
        let entry = Arc::new(stale.renewed(fields, terms, fingerprint));
        let answer = |more| with_origin(&entry, request, Told::Forwarded("stale", more));
        if may_be_stored && self.land(&entry) { answer("; fwd-status=304; stored") } else { answer("; fwd-status=304") }
    }

    fn take(self, request: &Parts, response: Response<Body>) -> Response<Body> {
        let Some(terms) = self.terms((response.status(), response.headers())) else {
            return self.refuse(response);
        };
        let fingerprint = self.settings.store.fingerprint(request, &terms.vary);
        let (head, body) = response.into_parts();
        match whole(body, self.settings.entry_bytes_max) {
            Gathered::Whole(octets) => {
                let extensions = head.extensions.clone();
                let entry = Arc::new(Entry::new(head, octets, terms, fingerprint));
                let why = self.fetch.why;
                let more = if self.land(&entry) { "; stored" } else { "" };
                let mut response = with_origin(&entry, request, Told::Forwarded(why, more));
                response.extensions_mut().extend(extensions);
                response
            }
            Gathered::No(body) => self.refuse(Response::from_parts(head, body)),
            Gathered::ToCome(chunks, length) => {
                let stored = copy(&head);
                let mut response = Response::from_parts(head, Body::empty());
                Told::put_forwarded(self.fetch.why, response.headers_mut());
                let bytes_max = self.settings.entry_bytes_max;
                // Whoever is slow, or leaves, holds up nobody else: the rest is gathered without them.
                let body = gather(chunks, length, bytes_max, move |octets: Option<Bytes>| match octets {
                    Some(octets) => _ = self.land(&Arc::new(Entry::new(stored, octets, terms, fingerprint))),
                    None => self.in_vain(true),
                });
                response.map(|_| body)
            }
        }
    }

    /// Nothing of it is stored.
    fn refuse(self, mut response: Response<Body>) -> Response<Body> {
        Told::put_forwarded(self.fetch.why, response.headers_mut());
        // A failure says nothing of what the next answer will be.
        self.in_vain(!response.status().is_server_error());
        response
    }

    fn terms(&self, answer: (StatusCode, &HeaderMap)) -> Option<Terms> {
        Terms::of(self.fetch.of_a_person, answer, self.settings.default_ttl, SystemTime::now())
    }

    /// Stores it, and gives it to those who wait.
    fn land(self, entry: &Arc<Entry>) -> bool {
        let Self { settings, key, fetch: Fetch { flight, of_a_person, changes, .. } } = self;
        let is_stored = settings.store.put(&key, entry, |store| match &flight {
            Some(flight) => !flight.is_tainted(),
            None => store.changes() == changes,
        });
        let asks_always = entry.terms.asks_always();
        if is_stored && asks_always {
            settings.store.remember_vain(&key, of_a_person);
        }
        if let Some(flight) = flight {
            let is_for_all = is_stored && !asks_always;
            flight.land(if is_for_all { Landing::Stored(Arc::clone(entry)) } else { Landing::InVain });
        }
        is_stored
    }

    /// Those who wait need not any longer; and for a while nobody shall, if it will be so again.
    fn in_vain(self, is_lasting: bool) {
        let Some(flight) = self.fetch.flight else { return };
        if is_lasting && !flight.is_tainted() {
            self.settings.store.remember_vain(&self.key, self.fetch.of_a_person);
        }
        flight.land(Landing::InVain);
    }

    /// The last answer in place of a failure, for those who wait too.
    fn instead(self, request: &Parts, told: &str) -> Option<Response<Body>> {
        let stale = self.fetch.stale.clone().filter(|stale| stale.is_good_enough());
        match (stale, self.fetch.flight) {
            (Some(stale), flight) => {
                let response = with_origin(&stale, request, Told::Forwarded("stale", told));
                if let Some(flight) = flight {
                    flight.land(Landing::Stored(Arc::clone(&stale)));
                }
                Some(response)
            }
            (None, Some(flight)) => {
                flight.land(Landing::InVain);
                None
            }
            (None, None) => None,
        }
    }
}

/// What is stored of a head.
fn copy(head: &response::Parts) -> response::Parts {
    let mut copy = Response::new(()).into_parts().0;
    (copy.status, copy.headers, copy.extensions) = (head.status, head.headers.clone(), head.extensions.clone());
    copy
}

/// The address that was asked for, and those that the answer names, are not what they were (RFC 9111 §4.4).
fn invalidate(settings: &Settings, key: &Key, fields: &HeaderMap) {
    let asked = key.asked();
    settings.store.invalidate(asked);
    for name in [header::LOCATION, header::CONTENT_LOCATION] {
        let Some(uri) = fields.get(name).and_then(|value| Uri::try_from(value.as_bytes()).ok()) else { continue };
        let is_ours = uri.authority().is_none_or(|authority| authority.as_str().eq_ignore_ascii_case(asked.host()));
        if let Some(target) = uri.path_and_query().filter(|_| is_ours) {
            settings.store.invalidate(asked.with_target(target.as_str()));
        }
    }
}
