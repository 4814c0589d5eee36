//! What happens to every request on its way in and to every answer on its way out, as plain functions called in order.

pub mod addresses;
pub mod ask;
pub mod auth;
pub mod cache;
pub mod compress;
mod cors;
mod fields;
pub mod https;
mod inject;
pub mod proxies;
pub mod rate;
mod table;

use http::{HeaderMap, HeaderName, HeaderValue, Response, request::Parts};

use self::inject::inject;
use crate::{
    body::Body,
    exchange::{Connection, Exchange},
    live::Mark,
    refusal::Refusal,
};

/// The layers that are in use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Fields of every answer, `--header`.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The origin whose pages may read the answers, `--cors`.
    pub cors: Option<HeaderValue>,
    /// Who may come in by address.
    pub addresses: Option<addresses::Settings>,
    /// How often who may ask.
    pub rate: Option<rate::Settings>,
    /// Who may come in with a password.
    pub auth: Option<auth::Settings>,
    /// Somebody else who says who may come in.
    pub ask: Option<ask::Settings>,
    /// Answers are compressed.
    pub compress: Option<compress::Settings>,
    /// Answers of scripts are stored.
    pub cache: Option<cache::Settings>,
    /// TLS is to be spoken.
    pub https: Option<https::Settings>,
}

impl Settings {
    /// Reads what layers need, with the rights of whoever serves.
    pub fn open(&self) -> Result<(), auth::Error> {
        self.auth.as_ref().map_or(Ok(()), auth::Settings::open)
    }

    /// May somebody be kept out? Then nothing is answered before [`enter`].
    pub fn keep_out(&self) -> bool {
        self.addresses.is_some() || self.rate.is_some() || self.auth.is_some() || self.ask.is_some()
    }
}

/// A request comes in; a layer may answer it itself, or refuse it.
pub async fn enter(
    settings: &Settings,
    exchange: &mut Exchange,
    request: &Parts,
) -> Result<Option<Response<Body>>, Refusal> {
    let client = exchange.connection.peer;
    if let Some(addresses) = &settings.addresses {
        addresses::enter(addresses, client)?;
    }
    if let Some(rate) = &settings.rate {
        rate::enter(rate, client)?;
    }
    if let Some(https) = &settings.https
        && let Some(response) = https::enter(https, &exchange.connection, request)?
    {
        return Ok(Some(response));
    }
    let mut user = None;
    if let Some(auth) = &settings.auth {
        user = Some(auth::enter(auth, client, &request.headers).await?);
    }
    if let Some(ask) = &settings.ask {
        match ask::enter(ask, &exchange.connection, request).await? {
            ask::Verdict::Answer(response) => return Ok(Some(response)),
            ask::Verdict::Pass { user: told, fields } => {
                user = told.or(user);
                exchange.told = fields;
            }
        }
    }
    if let Some(user) = user {
        if let Some(rate) = &settings.rate {
            rate::enter_user(rate, &user.name)?;
        }
        exchange.user = Some(user);
    }
    if let Some(response) = settings.cors.as_ref().and_then(|origin| cors::enter(origin, request)) {
        return Ok(Some(response));
    }
    Ok(settings.cache.as_ref().and_then(|cache| cache::purge(cache, exchange, request)))
}

/// An answer goes out, to somebody who hears of changes or not.
pub fn leave(
    settings: &Settings,
    request: &Parts,
    mut response: Response<Body>,
    mark: Option<&Mark>,
) -> Response<Body> {
    finish(settings, response.headers_mut());
    send(settings, request, response, mark)
}

/// An answer whose fields are finished goes out: what changes the octets of a body.
pub fn send(settings: &Settings, request: &Parts, mut response: Response<Body>, mark: Option<&Mark>) -> Response<Body> {
    if let Some(mark) = mark {
        response = inject(response, &request.method, mark);
    }
    match &settings.compress {
        Some(compress) => compress::leave(compress, request, response),
        None => response,
    }
}

/// The fields of an answer that depend on the connection it goes over.
pub fn leave_over(settings: &Settings, connection: &Connection, fields: &mut HeaderMap) {
    if let Some(https) = &settings.https {
        https::leave(https, connection, fields);
    }
}

/// The fields of an answer, as they go out.
pub fn finish(settings: &Settings, fields: &mut HeaderMap) {
    if let Some(origin) = &settings.cors {
        cors::leave(origin, fields);
    }
    fields::leave(&settings.headers, fields);
}
