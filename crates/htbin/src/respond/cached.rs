//! A script is asked, or what is stored of its answers is given. What is a little old is renewed behind the client's back.

use std::sync::Arc;

use http::{Response, request::Parts};
use hyper::body::Incoming;

use super::{Outcome, Remarks, Server, redirect_locally};
use crate::{
    body::Body,
    exchange::Exchange,
    handle::{self, cgi::Answer},
    layers::cache::{self, Asker, Entered, Ticket},
    refusal::Refusal,
    route::Rule,
    site::Script,
};

impl Server {
    /// Answers for a script.
    pub(super) async fn ask(
        self: &Arc<Self>,
        rule: &Arc<Rule>,
        script: Script,
        exchange: &Exchange,
        request: &Parts,
        body: Option<Incoming>,
        remarks: &mut Remarks,
    ) -> Result<Outcome, Refusal> {
        // Who was asked says for whom an answer is, and no request shows that: it is nobody else's.
        let ticket = match rule.layers.cache.as_ref().filter(|_| exchange.told.is_empty()) {
            None => None,
            Some(cache) => match cache::enter(cache, request, asker(exchange)).await {
                Entered::Answer(response) => return Ok(Outcome::Answer(response)),
                Entered::Renew(response, ticket) => {
                    self.renew(rule, script, exchange, request, ticket);
                    return Ok(Outcome::Answer(response));
                }
                Entered::Go(ticket) => Some(ticket),
            },
        };
        remarks.script = Some(script.program().to_string_lossy().into());
        let asked = ticket.as_ref().and_then(|ticket| ticket.request(request));
        let asked = asked.as_ref().unwrap_or(request);
        match (self.cgi.answer((&script, &rule.scripts), exchange, asked, body).await, ticket) {
            // The file may change when it likes, and is at hand: it is not stored.
            (Ok(Answer::Response(response)), ticket) if wants_file(rule, &response) => {
                ticket.into_iter().for_each(Ticket::leave_in_vain);
                let vault = rule.vault.as_ref().expect("it was asked for");
                handle::sendfile::answer(vault, request, response).map(Outcome::Answer)
            }
            (Ok(Answer::Response(response)), Some(ticket)) => Ok(Outcome::Answer(ticket.leave(request, response))),
            (Ok(Answer::Response(response)), None) => Ok(Outcome::Answer(response)),
            (Ok(Answer::LocalRedirect(location)), ticket) => {
                // What is there is subject to its own rules, and stored by its own address.
                ticket.into_iter().for_each(Ticket::leave_in_vain);
                Ok(Outcome::SentOn(Box::new(redirect_locally(request, &location)?)))
            }
            (Err(refusal), Some(ticket)) => match ticket.leave_failed(request) {
                Some(response) => {
                    // The client does not see it, so somebody else has to.
                    self.refuse(exchange, request, refusal, remarks).await;
                    Ok(Outcome::Answer(response))
                }
                None => Err(refusal),
            },
            (Err(refusal), None) => Err(refusal),
        }
    }

    /// Asks a script for a new answer to store; nobody waits for it. There is one at a time for each, as the ticket is a
    /// flight.
    fn renew(self: &Arc<Self>, rule: &Arc<Rule>, script: Script, exchange: &Exchange, request: &Parts, ticket: Ticket) {
        let (server, rule, request) = (Arc::clone(self), Arc::clone(rule), request.clone());
        let user = exchange.user.clone();
        let exchange = Exchange { user, ..self.begin(Arc::clone(&exchange.connection)) };
        tokio::spawn(async move {
            let asked = ticket.request(&request);
            let asked = asked.as_ref().unwrap_or(&request);
            match server.cgi.answer((&script, &rule.scripts), &exchange, asked, None).await {
                Ok(Answer::Response(response)) if wants_file(&rule, &response) => ticket.leave_in_vain(),
                // What is to be stored is gathered without a reader.
                Ok(Answer::Response(response)) => drop(ticket.leave(&request, response)),
                Ok(Answer::LocalRedirect(_)) => ticket.leave_in_vain(),
                Err(refusal) => {
                    ticket.leave_failed(&request);
                    let mut remarks = Remarks { rule: Some(rule), ..Remarks::default() };
                    server.refuse(&exchange, &request, refusal, &mut remarks).await;
                }
            }
        });
    }
}

fn asker(exchange: &Exchange) -> Asker {
    Asker { is_secure: exchange.connection.secure, is_known: exchange.user.is_some() }
}

/// Does the script name a file for its body, where it may?
fn wants_file(rule: &Rule, response: &Response<Body>) -> bool {
    rule.vault.is_some() && response.headers().contains_key(handle::sendfile::FIELD)
}
