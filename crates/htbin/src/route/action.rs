//! What a rule does with a request.

use bytes::Bytes;
use http::{HeaderValue, StatusCode};

use crate::{
    handle::fixed::Template,
    refusal::Reason,
    site::{self, Site},
};

/// What answers, as the settings name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Files and scripts.
    Site(site::Settings),
    /// Another address, for the client.
    Redirect(StatusCode, Template),
    /// Another path of this server, as if the client had asked for it.
    Rewrite(Template),
    /// This text.
    Respond(StatusCode, HeaderValue, Bytes),
    /// A reasoned no.
    Refuse(Reason),
}

/// What answers, open.
#[derive(Debug)]
pub enum Action {
    /// Files and scripts.
    Site(Site),
    /// Another address, for the client.
    Redirect(StatusCode, Template),
    /// Another path of this server, as if the client had asked for it.
    Rewrite(Template),
    /// This text.
    Respond(StatusCode, HeaderValue, Bytes),
    /// A reasoned no.
    Refuse(Reason),
}

impl Action {
    pub(super) fn open(target: &Target, sites: &mut Sites) -> Result<Self, site::Error> {
        Ok(match target.clone() {
            Target::Site(settings) => Self::Site(sites.open(settings)?),
            Target::Redirect(status, to) => Self::Redirect(status, to),
            Target::Rewrite(to) => Self::Rewrite(to),
            Target::Respond(status, media_type, text) => Self::Respond(status, media_type, text),
            Target::Refuse(reason) => Self::Refuse(reason),
        })
    }

    /// The site, if that is what answers.
    pub fn site(&self) -> Option<&Site> {
        match self {
            Self::Site(site) => Some(site),
            _ => None,
        }
    }
}

impl Target {
    /// The site, if that is what answers.
    pub fn site(&self) -> Option<&site::Settings> {
        match self {
            Self::Site(site) => Some(site),
            _ => None,
        }
    }
}

/// Sites that are open already: rules of a host mostly share one.
#[derive(Debug, Default)]
pub(super) struct Sites(Vec<(site::Settings, Site)>);

impl Sites {
    fn open(&mut self, settings: site::Settings) -> Result<Site, site::Error> {
        if let Some((_, site)) = self.0.iter().find(|(known, _)| *known == settings) {
            return Ok(site.clone());
        }
        let site = Site::open(settings.clone())?;
        self.0.push((settings, site.clone()));
        Ok(site)
    }
}
