//! The values of the configuration file, as the flags have them: times, sizes, counts, addresses, names of hosts. What
//! is wrong with one is told where it stands.

use std::{borrow::Cow, fmt, path::PathBuf, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

use crate::{
    cli::value,
    layers::{
        auth::Shared,
        rate::{Counted, Rate},
    },
    route::HostName,
};

/// One value, or a list of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Many<T>(pub Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Many<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> de::Visitor<'de> for Visitor<T> {
            type Value = Many<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value or a list of values")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Many<T>, E> {
                T::deserialize(de::value::StrDeserializer::new(text)).map(|one| Many(vec![one]))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Many<T>, E> {
                T::deserialize(de::value::I64Deserializer::new(number)).map(|one| Many(vec![one]))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Many<T>, A::Error> {
                let mut all = Vec::new();
                while let Some(one) = list.next_element()? {
                    all.push(one);
                }
                Ok(Many(all))
            }
        }
        deserializer.deserialize_any(Visitor(std::marker::PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Many<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("One{}OrMany", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [one, { "type": "array", "items": one }] })
    }
}

/// A word, or true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Words {
    /// It is on, or off.
    Switch(bool),
    /// It is on, with this word.
    Word(String),
}

/// A value that flags read from a text; a bare number is one, too.
macro_rules! text_or_number {
    ($(#[$about:meta])* $name:ident($inner:ty), $read:expr, $form:literal, $pattern:literal) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name(pub $inner);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl de::Visitor<'_> for Visitor {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($form)
                    }

                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        $read(text).map($name).map_err(|form| E::custom(format!("'{text}' is not {form}")))
                    }

                    fn visit_i64<E: de::Error>(self, number: i64) -> Result<$name, E> {
                        self.visit_str(&number.to_string())
                    }
                }
                deserializer.deserialize_any(Visitor)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "anyOf": [{ "type": "string", "pattern": $pattern }, { "type": "integer", "minimum": 0 }] })
            }
        }
    };
}

text_or_number!(
    /// A time.
    Time(Duration), value::duration, "a time like 60s, 5m, 500ms, or 'none'", r"^(none|[0-9]+(\.[0-9]+)? ?(ms|s|m|h|d)?)$"
);
text_or_number!(
    /// A size.
    Size(u64), value::size, "a size like 64k, 10m, 1g, or 'none'", r"^(none|[0-9]+(\.[0-9]+)? ?[kKmMgGtT]?(iB|b|B)?)$"
);
text_or_number!(
    /// A count.
    Count(u64), value::count, "a whole number, or 'none'", r"^(none|[0-9]+)$"
);

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// An address, or the path of a UNIX socket; empty: every address.
    pub place: String,
    /// The port; none for a UNIX socket.
    pub port: Option<u16>,
    /// TLS is spoken there.
    pub secure: bool,
    /// The PROXY protocol comes first.
    pub introduced: bool,
}

impl std::str::FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let (introduced, scheme) = scheme.strip_prefix("proxy+").map_or((false, scheme), |scheme| (true, scheme));
        let secure = match scheme {
            "https" => true,
            "http" => false,
            _ => return Err(format!("'{text}': there is no scheme {scheme} here, http and https are")),
        };
        if rest.starts_with('/') || rest.starts_with("./") {
            if secure {
                return Err(format!("'{text}': TLS is not spoken over a UNIX socket"));
            }
            return Ok(Self { place: rest.to_owned(), port: None, secure, introduced });
        }
        let form = || format!("'{text}' is not an address with a port, as 127.0.0.1:8000, [::]:80 or https://[::]:443");
        let (place, port) = match rest.trim_end_matches('/').rsplit_once(':') {
            Some((place, port)) => (place, port),
            None if rest.bytes().all(|it| it.is_ascii_digit()) => ("", rest),
            None => return Err(form()),
        };
        if place.contains(':') != place.starts_with('[') || place.starts_with('[') != place.ends_with(']') {
            return Err(form());
        }
        Ok(Self { place: place.to_owned(), port: Some(value::port(port).map_err(|_| form())?), secure, introduced })
    }
}

/// How often; `none` takes away what is said above.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frequency(pub Option<Counted>);

impl std::str::FromStr for Frequency {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self(None));
        }
        text.parse::<Rate>().map(|rate| Self(Some(rate.into()))).map_err(|error| error.to_string())
    }
}

/// A file of users, and what is known of them: the same wherever it is inherited.
#[derive(Debug, Clone)]
pub struct UsersFile {
    /// The file.
    pub path: PathBuf,
    /// What is known of its users.
    pub known: Shared,
}

impl std::str::FromStr for UsersFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(Self { path: text.into(), known: Shared::default() })
    }
}

/// The name of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosts(pub HostName);

impl std::str::FromStr for Hosts {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self)
    }
}

/// A value that is read from a text.
macro_rules! from_text {
    ($name:ident, $description:literal) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "description": $description })
            }
        }
    };
}

from_text!(Address, "127.0.0.1:8000, [::]:80, https://[::]:443 or /run/htbin.sock");
from_text!(Frequency, "10/s, 100/m, 1000/h, 10/s burst 50, or none");
from_text!(UsersFile, "the path of a file");
from_text!(Hosts, "www.example.org, or *.example.org for all names below");

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Words;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, true or false")
            }

            fn visit_bool<E: de::Error>(self, switch: bool) -> Result<Words, E> {
                Ok(Words::Switch(switch))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Words, E> {
                Ok(Words::Word(text.to_owned()))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Words {
    fn schema_name() -> Cow<'static, str> {
        "WordOrSwitch".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "boolean"] })
    }
}

/// What may be connected to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Nothing.
    None,
    /// Everything.
    All,
    /// These ports.
    Ports(Vec<u16>),
}

impl<'de> Deserialize<'de> for Reach {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Reach;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("'none', 'all' or a list of ports")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Reach, E> {
                match text {
                    "none" => Ok(Reach::None),
                    "all" => Ok(Reach::All),
                    _ => Err(E::custom(format!("'{text}' is not 'none', 'all' or a list of ports, as [443, 53]"))),
                }
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Reach, E> {
                let port = u16::try_from(number).map_err(|_| E::custom(format!("{number} is no port")))?;
                Ok(Reach::Ports(vec![port]))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Reach, A::Error> {
                let mut ports = Vec::new();
                while let Some(port) = list.next_element()? {
                    ports.push(port);
                }
                Ok(Reach::Ports(ports))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Reach {
    fn schema_name() -> Cow<'static, str> {
        "Reach".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "enum": ["none", "all"] },
            { "type": "array", "items": { "type": "integer", "minimum": 0, "maximum": 65535 } },
        ] })
    }
}
