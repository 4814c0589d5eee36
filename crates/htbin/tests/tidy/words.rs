//! Our words: a name says what a thing is, so those that fit everything are out; and every file opens with what it does.

use syn::visit::Visit;

use crate::tidy::{
    breach::{Breach, Rule},
    tree::{File, Tree},
};

/// Modules, types and functions with names that say nothing; `mod.rs`; files that do not open with `//!`.
pub(crate) fn breaches(tree: &Tree) -> Vec<Breach> {
    tree.files.iter().flat_map(definitions).chain(tree.files.iter().flat_map(of_file)).collect()
}

fn of_file(file: &File) -> Vec<Breach> {
    let breach = |rule, what| Breach { file: file.path.clone(), line: 1, rule, what };
    let stem = file.path.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs");
    let mut found = Vec::new();
    if stem == "mod" {
        found.push(breach(Rule::ModRs, "mod.rs".to_owned()));
    }
    if let Some(word) = banned_word(stem) {
        found.push(breach(Rule::Word, format!("{word} in the name of the file")));
    }
    if file.source_path().is_some() && !file.text.starts_with("//!") {
        found.push(breach(Rule::NoOpening, file.text.lines().next().unwrap_or_default().to_owned()));
    }
    found
}

fn definitions(file: &File) -> Vec<Breach> {
    let mut found = Definitions { file: file.path.clone(), found: Vec::new() };
    found.visit_file(&file.syntax);
    found.found
}

struct Definitions {
    file: String,
    found: Vec<Breach>,
}

impl Definitions {
    fn note(&mut self, name: &syn::Ident) {
        if let Some(word) = banned_word(&name.to_string()) {
            self.push(name, format!("{word} in {name}"));
        }
    }

    /// A test is named after what it shows, which may be a GET.
    fn note_function(&mut self, signature: &syn::Signature, attributes: &[syn::Attribute]) {
        let is_test = attributes.iter().any(|a| a.path().segments.last().is_some_and(|word| word.ident == "test"));
        let name = signature.ident.to_string();
        if let Some(prefix) = BANNED_PREFIXES.iter().find(|prefix| name.starts_with(**prefix) && !is_test) {
            self.push(&signature.ident, format!("{prefix} in {name}"));
        }
    }

    fn push(&mut self, name: &syn::Ident, what: String) {
        self.found.push(Breach { file: self.file.clone(), line: name.span().start().line, rule: Rule::Word, what });
    }
}

impl<'tree> Visit<'tree> for Definitions {
    fn visit_item_mod(&mut self, module: &'tree syn::ItemMod) {
        // A module with its own file is found by the name of the file.
        if module.content.is_some() {
            self.note(&module.ident);
        }
        syn::visit::visit_item_mod(self, module);
    }

    fn visit_item_struct(&mut self, item: &'tree syn::ItemStruct) {
        self.note(&item.ident);
    }

    fn visit_item_enum(&mut self, item: &'tree syn::ItemEnum) {
        self.note(&item.ident);
    }

    fn visit_item_union(&mut self, item: &'tree syn::ItemUnion) {
        self.note(&item.ident);
    }

    fn visit_item_type(&mut self, item: &'tree syn::ItemType) {
        self.note(&item.ident);
    }

    fn visit_item_trait(&mut self, item: &'tree syn::ItemTrait) {
        self.note(&item.ident);
        syn::visit::visit_item_trait(self, item);
    }

    fn visit_item_fn(&mut self, item: &'tree syn::ItemFn) {
        self.note_function(&item.sig, &item.attrs);
        syn::visit::visit_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'tree syn::TraitItemFn) {
        self.note_function(&item.sig, &item.attrs);
        syn::visit::visit_trait_item_fn(self, item);
    }

    fn visit_item_impl(&mut self, item: &'tree syn::ItemImpl) {
        // The names in `impl Trait for Type` are the trait's.
        if item.trait_.is_none() {
            for part in &item.items {
                if let syn::ImplItem::Fn(method) = part {
                    self.note_function(&method.sig, &method.attrs);
                }
            }
        }
        syn::visit::visit_item_impl(self, item);
    }
}

/// The first word of a name (`in_snake` or `InCamel`) that is not ours.
fn banned_word(name: &str) -> Option<&'static str> {
    let mut words: Vec<String> = vec![String::new()];
    for letter in name.chars() {
        if letter.is_uppercase() || letter == '_' || letter == '-' {
            words.push(String::new());
        }
        words.last_mut().expect("there is a first word").extend(letter.to_lowercase());
    }
    words.iter().find_map(|word| {
        let word = word.trim_start_matches(['_', '-']);
        BANNED_WORDS.into_iter().find(|banned| word == *banned || word.strip_suffix('s') == Some(banned))
    })
}

const BANNED_WORDS: [&str; 9] =
    ["util", "helper", "manager", "common", "context", "zygote", "pool", "backend", "middleware"];
const BANNED_PREFIXES: [&str; 2] = ["get_", "do_"];
