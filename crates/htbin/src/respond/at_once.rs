//! Answers that are there already: a small file that was sent lately, a stored answer of a script.

use http::{Response, request::Parts};

use super::check::check;
use crate::{
    body::{Body, Origin},
    exchange::Exchange,
    layers,
    live::Mark,
    route::Routes,
};

/// The answer, if there is nothing to find out and nothing to wait for. When hyper reads on nobody holds the request any
/// more, and so the request after it gets the same buffer.
pub(super) fn answer(
    routes: &Routes,
    exchange: &Exchange,
    request: &Parts,
    mark: Option<&Mark>,
) -> Option<Response<Body>> {
    let rule = routes.find(request).ok().filter(|rule| !rule.layers.keep_out())?;
    let connection = &exchange.connection;
    if rule.layers.https.as_ref().is_some_and(|https| https.turns_away(connection)) {
        return None;
    }
    let (mut response, origin) = match rule.kept.answer(rule.action.site()?, request) {
        Some(file) => file,
        None => stored(&rule.layers, exchange, request)?,
    };
    check(request, connection).ok()?;
    layers::leave_over(&rule.layers, connection, response.headers_mut());
    if rule.layers.compress.is_some() {
        response.extensions_mut().insert(origin);
    }
    Some(layers::send(&rule.layers, request, response, mark))
}

/// A stored answer of a script, its fields finished.
fn stored(layers: &layers::Settings, exchange: &Exchange, request: &Parts) -> Option<(Response<Body>, Origin)> {
    let secure = exchange.connection.secure;
    let (mut response, origin) = layers::cache::answer_now(layers.cache.as_ref()?, request, secure)?;
    layers::finish(layers, response.headers_mut());
    Some((response, origin))
}
