//! The layers that a route of the configuration file switches on, and what they share.

use crate::{
    config::{
        Error,
        file::keys::{File, Rules},
    },
    layers::{self, cache, compress},
    route::Settings as Routes,
};

/// What the rules say of layers that no flag is for.
pub(super) fn add(rules: &Rules, layers: &mut layers::Settings) -> Result<(), Error> {
    layers.compress = compress(rules)?;
    layers.cache = (rules.cache == Some(true)).then(cache::Settings::default);
    if let (Some(cache), Some(ttl)) = (&mut layers.cache, rules.cache_ttl) {
        cache.default_ttl = ttl.0;
    }
    Ok(())
}

fn compress(rules: &Rules) -> Result<Option<compress::Settings>, Error> {
    let (compresses, precompressed) = (rules.compress == Some(true), rules.precompressed == Some(true));
    if !compresses && !precompressed {
        return Ok(None);
    }
    let mut settings = compress::Settings::default();
    settings.precompressed = precompressed;
    if let Some(types) = &rules.compress_types {
        settings.types = types.0.iter().map(|name| media_type(name)).collect::<Result<_, _>>()?;
    }
    // What lies there compressed is sent, and nothing else is.
    if !compresses {
        settings.types.clear();
    }
    if let Some(min) = rules.compress_min {
        settings.bytes_min = min.0;
    }
    Ok(Some(settings))
}

fn media_type(name: &str) -> Result<Box<str>, Error> {
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|it| it.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&it))
    };
    let fits = match name.split_once('/') {
        Some((kind, subtype)) => is_word(kind) && (subtype == "*" || is_word(subtype)),
        None => name.strip_prefix('+').is_some_and(is_word),
    };
    if fits {
        return Ok(name.into());
    }
    let form = "it looks like text/html, text/* or +json";
    Err(Error::new("compress-types", format!("'{}' is no media type; {form}", name.escape_debug())))
}

/// One storage for all routes, of the size that the file says.
pub(super) fn share(file: &File, routes: &mut Routes) -> Result<(), Error> {
    let mut stored = cache::Settings::default();
    if file.cache_memory.is_some() || file.cache_entry.is_some() {
        let memory = file.cache_memory.map_or(stored.bytes_max, |it| it.0);
        if !(MEMORY_MIN..=MEMORY_MAX).contains(&memory) {
            let fix = "give it 1m at least, or leave 'cache' out";
            return Err(Error::new(
                "cache-memory",
                format!("{memory} octets are no memory to store answers in; {fix}"),
            ));
        }
        stored = cache::Settings::new(memory, file.cache_entry.map_or(stored.entry_bytes_max, |it| it.0));
    }
    stored.purge = file.cache_purge == Some(true);
    let compressed = compress::Settings::default();
    for layers in routes.hosts.iter_mut().flat_map(|host| &mut host.rules).map(|rule| &mut rule.layers) {
        if let Some(cache) = &mut layers.cache {
            cache.share(&stored);
        }
        if let Some(compress) = &mut layers.compress {
            compress.share(&compressed);
        }
    }
    Ok(())
}

const MEMORY_MIN: u64 = 1 << 20;
/// More than any machine has.
const MEMORY_MAX: u64 = 1 << 50;

#[cfg(test)]
mod tests {
    use super::*;

    fn added(text: &str) -> Result<layers::Settings, String> {
        let rules: Rules = toml::from_str(text).map_err(|error| error.to_string())?;
        let mut layers = layers::Settings::default();
        add(&rules, &mut layers).map(|()| layers).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_compressed() {
        assert_eq!(added("").unwrap().compress, None);
        assert_eq!(added("compress = false\ncompress-min = 5").unwrap().compress, None);
        assert_eq!(added("compress = true").unwrap().compress, Some(compress::Settings::default()));
        let alone = added("precompressed = true").unwrap().compress.unwrap();
        assert!(alone.precompressed && alone.types.is_empty());
        let it = added("compress = true\ncompress-min = 0\ncompress-types = [\"text/*\", \"+json\"]").unwrap();
        assert_eq!(it.compress, Some(compress::Settings::new(vec!["text/*".into(), "+json".into()], 0)));
        for wrong in ["text", "*/*", "text/", "+", "text/html; charset=utf-8", "text/*+xml"] {
            let told = added(&format!("compress = true\ncompress-types = \"{wrong}\"")).unwrap_err();
            assert!(told.contains("text/* or +json"), "{told}");
        }
    }

    #[test]
    fn what_is_stored() {
        assert_eq!(added("cache-ttl = \"1s\"").unwrap().cache, None);
        let it = added("cache = true\ncache-ttl = \"1500ms\"").unwrap().cache.unwrap();
        assert_eq!(it.default_ttl.as_millis(), 1500);
        let shared = |text: &str| {
            let file: File = toml::from_str(text).unwrap();
            share(&file, &mut Routes { proxies: layers::proxies::Settings::default(), hosts: Vec::new() })
                .map_err(|error| error.to_string())
        };
        assert_eq!(shared("cache-memory = \"1m\"\ncache-entry = 0"), Ok(()));
        for wrong in ["0", "\"64k\"", "\"none\""] {
            let told = shared(&format!("cache-memory = {wrong}")).unwrap_err();
            assert!(told.contains("1m at least"), "{told}");
        }
    }
}
