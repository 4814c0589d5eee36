//! Invariant 1: the rooms of the server stand in the order in which a request meets them, and look only downwards.

use crate::tidy::{
    breach::{Breach, Rule},
    names::Name,
    tree::{File, Tree},
};

/// Rooms that use a room above them, or `config`.
pub(crate) fn breaches(tree: &Tree) -> Vec<Breach> {
    let order = order(tree);
    let mut found = Vec::new();
    for file in tree.sources_of("htbin") {
        let Some(room) = file.module().into_iter().next() else { continue };
        for name in file.names.iter().filter(|name| name.starts_with(&["crate"])) {
            found.extend(breach(&order, file, &room, name));
        }
    }
    found
}

/// The modules of lib.rs, from top to bottom.
fn order(tree: &Tree) -> Vec<String> {
    let root = tree.sources_of("htbin").find(|file| file.path.ends_with("/src/lib.rs"));
    let items = root.into_iter().flat_map(|file| &file.syntax.items);
    items
        .filter_map(|item| if let syn::Item::Mod(module) = item { Some(module.ident.to_string()) } else { None })
        .collect()
}

fn breach(order: &[String], file: &File, room: &str, name: &Name) -> Option<Breach> {
    let breach = |rule, what| Some(Breach { file: file.path.clone(), line: name.line, rule, what });
    let used = name.path.get(1)?.as_str();
    if used == room {
        return None;
    }
    if used == "*" {
        return breach(Rule::Upward, "crate::* hides which rooms it uses".to_owned());
    }
    let place = |wanted: &str| order.iter().position(|module| module == wanted);
    if place(room)? > place(used)? {
        return breach(Rule::Upward, format!("{room} stands below {used} and names {}", name.written()));
    }
    if used == "config" && !MAY_NAME_CONFIG.contains(&room) {
        return breach(Rule::NamesConfig, format!("{room} names {}", name.written()));
    }
    None
}

/// The rooms in which a person's wishes become a server.
const MAY_NAME_CONFIG: [&str; 4] = ["banner", "cli", "demo", "start"];
