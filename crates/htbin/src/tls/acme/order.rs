//! One order: the names are shown to be ours, and a certificate for a new key comes back.

use instant_acme::{
    Account, AuthorizationStatus, ChallengeType, Error, Identifier, NewOrder, OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, DistinguishedName, KeyPair};

use super::{ORDER_TIME, proof::Proofs};
use crate::challenges::Challenges;

/// The key and the certificates, as a PEM file has them.
pub(super) async fn place(
    account: &Account,
    names: &[String],
    kind: ChallengeType,
    proofs: &Proofs,
    challenges: &Challenges,
) -> Result<String, Error> {
    let identifiers: Vec<_> = names.iter().cloned().map(Identifier::Dns).collect();
    let mut order = account.new_order(&NewOrder::new(&identifiers)).await?;
    let mut shown = Shown { proofs, challenges, names: Vec::new(), tokens: Vec::new() };
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        if authorization.status == AuthorizationStatus::Valid {
            continue;
        }
        let mut challenge = authorization.challenge(kind.clone()).ok_or(Error::Unsupported(match kind {
            ChallengeType::Http01 => "http-01",
            _ => "tls-alpn-01",
        }))?;
        let (name, key) = (challenge.identifier().to_string(), challenge.key_authorization());
        if kind == ChallengeType::Http01 {
            challenges.put(&challenge.token, key.as_str());
            shown.tokens.push(challenge.token.clone());
        } else {
            proofs.put(&name, key.digest().as_ref()).map_err(|error| Error::Other(error.to_string().into()))?;
            shown.names.push(name);
        }
        challenge.set_ready().await?;
    }
    let patience = RetryPolicy::new().timeout(ORDER_TIME);
    match order.poll_ready(&patience).await {
        Ok(OrderStatus::Ready) => {}
        // What an authority says of an order is less than what it says of a name.
        Ok(_) | Err(Error::Api(_)) => return Err(why(&mut order).await),
        Err(error) => return Err(error),
    }
    drop(shown);
    let made = |error: rcgen::Error| Error::Other(error.to_string().into());
    let mut params = CertificateParams::new(names).map_err(made)?;
    params.distinguished_name = DistinguishedName::new();
    let key = KeyPair::generate().map_err(made)?;
    order.finalize_csr(params.serialize_request(&key).map_err(made)?.der()).await?;
    let chain = order.poll_certificate(&patience).await?;
    Ok(format!("{}{chain}", key.serialize_pem()))
}

/// What the authority says of the names that it does not take for ours.
async fn why(order: &mut instant_acme::Order) -> Error {
    let mut told = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        if let Err(error) = authorization.refresh().await {
            return error;
        }
        let errors = authorization.challenges.iter().filter_map(|it| it.error.as_ref());
        told.extend(errors.map(|error| error.to_string()));
    }
    Error::Other(if told.is_empty() { "the authority refuses the order".into() } else { told.join("; ").into() })
}

/// What is shown while an order runs, and no longer, however it ends.
struct Shown<'a> {
    proofs: &'a Proofs,
    challenges: &'a Challenges,
    names: Vec<String>,
    tokens: Vec<String>,
}

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        self.names.iter().for_each(|name| self.proofs.remove(name));
        self.tokens.iter().for_each(|token| self.challenges.remove(token));
    }
}
