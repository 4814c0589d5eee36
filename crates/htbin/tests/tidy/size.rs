//! Invariant 6: functions a reader holds in the head, files a reader finds the way in.

use syn::{spanned::Spanned, visit::Visit};

use crate::tidy::{
    breach::{Breach, Rule},
    tree::{File, Tree},
};

/// Functions and files that are too long, one by one and as a whole.
pub(crate) fn breaches(tree: &Tree) -> Vec<Breach> {
    let mut functions: Vec<Measured> = tree.sources().flat_map(functions).collect();
    let mut files: Vec<Measured> = tree.sources().map(Measured::whole).collect();
    let mut found = Vec::new();
    found.extend(over(&functions, Rule::LongFunction, FUNCTION_LINES_MAX));
    found.extend(share(&mut functions, Rule::LongFunction, FUNCTION_LINES_MOST, 95));
    found.extend(over(
        &tree.sources().map(Measured::without_tests).collect::<Vec<_>>(),
        Rule::LongFile,
        FILE_LINES_MAX,
    ));
    found.extend(share(&mut files, Rule::LongFile, FILE_LINES_MOST, 85));
    found
}

/// Each one that is longer than anything may be.
fn over(all: &[Measured], rule: Rule, lines_max: usize) -> impl Iterator<Item = Breach> {
    all.iter().filter(move |one| one.lines > lines_max).map(move |one| one.breach(rule, ""))
}

/// The one that should be short for `percent` of them to be short, if it is not.
fn share(all: &mut [Measured], rule: Rule, lines_most: usize, percent: usize) -> Option<Breach> {
    all.sort_by_key(|one| one.lines);
    let last = (all.len() * percent).div_ceil(100).checked_sub(1)?;
    let one = &all[last];
    (one.lines > lines_most).then(|| one.breach(rule, &format!(", and it is among the {percent} % shortest")))
}

/// Something with a length.
struct Measured {
    name: String,
    file: String,
    line: usize,
    lines: usize,
}

impl Measured {
    fn whole(file: &File) -> Self {
        Self { name: "the file".to_owned(), file: file.path.clone(), line: 1, lines: file.text.lines().count() }
    }

    fn without_tests(file: &File) -> Self {
        let mut tests = TestLines(0);
        tests.visit_file(&file.syntax);
        let whole = Self::whole(file);
        let lines = if is_test_file(file) { 0 } else { whole.lines - tests.0 };
        Self { name: "the file without its tests".to_owned(), lines, ..whole }
    }

    fn breach(&self, rule: Rule, why: &str) -> Breach {
        let what = format!("{} has {} lines{why}", self.name, self.lines);
        Breach { file: self.file.clone(), line: self.line, rule, what }
    }
}

/// The functions of a file outside its tests, from `fn` to the closing brace.
fn functions(file: &File) -> Vec<Measured> {
    let mut found = Functions { file: file.path.clone(), found: Vec::new() };
    if !is_test_file(file) {
        found.visit_file(&file.syntax);
    }
    found.found
}

struct Functions {
    file: String,
    found: Vec<Measured>,
}

impl Functions {
    fn note(&mut self, signature: &syn::Signature, body: &syn::Block) {
        let line = signature.fn_token.span.start().line;
        let lines = body.brace_token.span.close().end().line - line + 1;
        self.found.push(Measured { name: signature.ident.to_string(), file: self.file.clone(), line, lines });
    }
}

impl<'tree> Visit<'tree> for Functions {
    fn visit_item_mod(&mut self, module: &'tree syn::ItemMod) {
        if !is_tests(module) {
            syn::visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'tree syn::ItemFn) {
        self.note(&function.sig, &function.block);
        syn::visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'tree syn::ImplItemFn) {
        self.note(&function.sig, &function.block);
        syn::visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'tree syn::TraitItemFn) {
        if let Some(body) = &function.default {
            self.note(&function.sig, body);
        }
        syn::visit::visit_trait_item_fn(self, function);
    }
}

/// Counts the lines of test modules.
struct TestLines(usize);

impl<'tree> Visit<'tree> for TestLines {
    fn visit_item_mod(&mut self, module: &'tree syn::ItemMod) {
        if is_tests(module) {
            self.0 += module.span().end().line - module.span().start().line + 1;
        } else {
            syn::visit::visit_item_mod(self, module);
        }
    }
}

/// `#[cfg(test)] mod …`
fn is_tests(module: &syn::ItemMod) -> bool {
    module.attrs.iter().any(|attribute| {
        attribute.path().is_ident("cfg") && attribute.parse_args::<syn::Path>().is_ok_and(|flag| flag.is_ident("test"))
    })
}

/// `#[cfg(test)] mod tests;` has its content in a file of that name.
fn is_test_file(file: &File) -> bool {
    file.module().iter().any(|module| module == "tests")
}

const FUNCTION_LINES_MAX: usize = 70;
const FUNCTION_LINES_MOST: usize = 50;
const FILE_LINES_MAX: usize = 500;
const FILE_LINES_MOST: usize = 400;
