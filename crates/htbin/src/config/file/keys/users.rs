//! The keys of who may come in.

#![allow(
    rustdoc::broken_intra_doc_links,
    reason = "the manual page prints these texts: [60s] is a default, not a link"
)]

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};

use crate::config::file::values::{Many, UsersFile};

/// Users with passwords.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Users {
    /// The users with their passwords, one a line, as `htbin passwd` and htpasswd write them: bcrypt, SHA-crypt and, for old
    /// files, apr1. Read again when it changes.
    pub file: Option<UsersFile>,
    /// What browsers show when they ask [htbin].
    pub realm: Option<String>,
    /// Only these of them may come in [all].
    pub users: Option<Many<String>>,
    /// Instead of a file: a server that is asked for each request, `http://127.0.0.1:9091/verify`. It is told of the request
    /// in X-Forwarded-Method, -Proto, -Host, -Uri and -For, Cookie and Authorization. If it answers 2xx the request goes
    /// on; a redirect or 4xx the client gets.
    pub ask: Option<String>,
    /// The field of its answer with the name of the user, for REMOTE_USER [Remote-User].
    pub ask_user: Option<String>,
    /// Fields of its answer that scripts get; a client's own of these names nobody gets.
    pub ask_copy: Option<Many<String>>,
}

/// Users with passwords, or nobody is asked.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub enum Auth {
    /// false: nobody is asked.
    Switch(bool),
    /// Who may come in.
    Users(Users),
}

/// By hand, as one of serde's own would not say which key is wrong.
impl<'de> Deserialize<'de> for Auth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Auth;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table with 'file', or false")
            }

            fn visit_bool<E: de::Error>(self, switch: bool) -> Result<Auth, E> {
                Ok(Auth::Switch(switch))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Auth, A::Error> {
                Users::deserialize(de::value::MapAccessDeserializer::new(map)).map(Auth::Users)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl Auth {
    /// The same with what it leaves out.
    pub(super) fn over(&self, above: Option<&Self>) -> Self {
        match (self, above) {
            (Self::Users(users), Some(Self::Users(above))) => Self::Users(Users {
                // One of the two takes the place of the other.
                file: users.file.clone().or_else(|| above.file.clone().filter(|_| users.ask.is_none())),
                realm: users.realm.clone().or_else(|| above.realm.clone()),
                users: users.users.clone().or_else(|| above.users.clone()),
                ask: users.ask.clone().or_else(|| above.ask.clone().filter(|_| users.file.is_none())),
                ask_user: users.ask_user.clone().or_else(|| above.ask_user.clone()),
                ask_copy: users.ask_copy.clone().or_else(|| above.ask_copy.clone()),
            }),
            _ => self.clone(),
        }
    }
}

/// Where proxies tell of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedFields {
    /// X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host.
    XForwarded,
    /// Forwarded (RFC 7239).
    Forwarded,
}
