//! A source tree as data: which file is which module, and which paths and words each file holds.
//!
//! Knows Rust's syntax and how a path is resolved: `crate::`, `self::`, `super::`, groups, globs,
//! renames, inline paths, and the insides of macros. Refuses to know which path is good or bad;
//! that is `cases/tidy.rs`.
//!
//! It reads through `syn` and `proc-macro2`, dev-dependencies that cost nothing new: both are in
//! the tree already, under every derive. A scanner of our own would have to learn again what is a
//! comment, a raw string, a nested group or a lifetime, and would be wrong first where it matters.
//! The feature `span-locations` is what gives the line numbers.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};

/// The name by which `main.rs` sees the library; to a reader it is the same as `crate`.
const LIBRARY: &str = "certwright";

/// How many renames are followed (`use std as s; use s::fs as f; f::read`) before one is taken as
/// it stands. It also ends the search where a name is imported from itself (`use kube;`).
const MAX_RENAMES: usize = 8;

/// One source file, read.
#[derive(Debug)]
pub struct SourceFile {
    /// Its path from the root of the package, with `/`: `src/plan/step.rs`.
    pub path: String,
    /// Its text.
    pub text: String,
    /// The module it holds: `["plan", "step"]`; empty for `lib.rs` and `main.rs`.
    pub module: Vec<String>,
    /// Every path it names, or where and why it could not be read as Rust.
    pub syntax: Result<Syntax, (usize, String)>,
}

/// What was found in a file that is Rust.
#[derive(Debug)]
pub struct Syntax {
    /// Paths of two segments or more, and every import.
    pub mentions: Vec<Mention>,
    /// Keywords, macros and attributes, in the order of the file.
    pub words: Vec<Word>,
}

/// A path that a file names.
#[derive(Debug)]
pub struct Mention {
    /// The path in full: from `crate` when it is ours, else from the name of the crate.
    pub path: Vec<String>,
    /// How many leading segments stand in an import already, and are judged there.
    pub imported: usize,
    /// Line in the file, from 1.
    pub line: usize,
    /// Whether it is an import, and which kind.
    pub form: Form,
    /// Whether it stands in a `#[cfg(test)]` module.
    pub in_test: bool,
}

/// How a path is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// In an expression, a type, a pattern, an attribute or a macro.
    Inline,
    /// `use path;`
    Import,
    /// `use path::*;`
    Glob,
    /// `pub use path;`, with any visibility.
    Reexport,
}

/// A word with a meaning of its own.
#[derive(Debug)]
pub struct Word {
    /// What it is.
    pub kind: WordKind,
    /// Line in the file, from 1.
    pub line: usize,
}

/// The kinds of word that are looked for.
#[derive(Debug, PartialEq, Eq)]
pub enum WordKind {
    /// `async` or `await`.
    Async,
    /// `name!(…)`.
    Macro(String),
    /// `#[allow(…)]`, also inside `#[cfg_attr(…)]`.
    Allow,
}

impl SourceFile {
    /// Reads `text` as the file at `path`.
    #[must_use]
    pub fn parse(path: &str, text: &str) -> Self {
        let module = module_of(path);
        let syntax = read_syntax(&module, text);
        Self { path: path.to_owned(), text: text.to_owned(), module, syntax }
    }
}

/// Every `.rs` file below `root/folder`, in the order of their paths.
///
/// # Panics
/// When a folder or file cannot be read: a tree that was not seen must not pass for a tidy one.
#[must_use]
pub fn read_tree(root: &Path, folder: &str) -> Vec<SourceFile> {
    let mut files = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for path in entries(&folder) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(SourceFile::parse(&relative(root, &path), &read(&path)));
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// The files and folders directly in `folder`, sorted.
///
/// # Panics
/// When it cannot be read.
#[must_use]
pub fn entries(folder: &Path) -> Vec<PathBuf> {
    let listing = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("cannot read the folder {}: {error}", folder.display()));
    let mut paths: Vec<_> = listing.map(|entry| entry.expect("a readable entry").path()).collect();
    paths.sort();
    paths
}

/// The text of the file at `path`.
///
/// # Panics
/// When it cannot be read.
#[must_use]
pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

fn relative(root: &Path, path: &Path) -> String {
    let path = path.strip_prefix(root).expect("it was found below the root");
    path.to_str().expect("source paths are UTF-8").replace('\\', "/")
}

/// `src/plan/step.rs` is `plan::step`, `src/plan/mod.rs` is `plan`, `src/lib.rs` is the root.
fn module_of(path: &str) -> Vec<String> {
    let path = path.trim_start_matches("src/").trim_end_matches(".rs");
    let mut module: Vec<_> = path.split('/').map(str::to_owned).collect();
    let is_root = module.len() == 1 && matches!(path, "lib" | "main");
    if is_root || module.last().is_some_and(|name| name == "mod") {
        module.pop();
    }
    module
}

fn read_syntax(module: &[String], text: &str) -> Result<Syntax, (usize, String)> {
    let tokens: TokenStream =
        text.parse().map_err(|e: proc_macro2::LexError| (e.span().start().line, e.to_string()))?;
    let file: syn::File = syn::parse2(tokens.clone())
        .map_err(|error| (error.span().start().line, error.to_string()))?;
    let mut words = Vec::new();
    collect_words(tokens, &mut words);
    let mut reader = Reader::new(module.to_vec());
    reader.visit_file(&file);
    Ok(Syntax { mentions: reader.resolve(), words })
}

/// Walks the bare tokens. Comments are gone there and strings are one token each, so a word that
/// is found is a word of the language.
fn collect_words(tokens: TokenStream, words: &mut Vec<Word>) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    for (index, token) in tokens.iter().enumerate() {
        let rest = &tokens[index + 1..];
        let kind = match token {
            TokenTree::Group(group) => {
                collect_words(group.stream(), words);
                None
            }
            TokenTree::Ident(name) => word_kind(&name.to_string(), rest),
            TokenTree::Punct(sign) => {
                (sign.as_char() == '#' && opens_allow(rest)).then_some(WordKind::Allow)
            }
            TokenTree::Literal(_) => None,
        };
        words.extend(kind.map(|kind| Word { kind, line: token.span().start().line }));
    }
}

fn word_kind(name: &str, rest: &[TokenTree]) -> Option<WordKind> {
    match (name, rest) {
        ("async" | "await", _) => Some(WordKind::Async),
        (_, [TokenTree::Punct(bang), TokenTree::Group(_), ..]) if bang.as_char() == '!' => {
            Some(WordKind::Macro(name.to_owned()))
        }
        _ => None,
    }
}

/// Whether what follows a `#` is `[allow(…)]`, `![allow(…)]` or a `cfg_attr` around it.
fn opens_allow(rest: &[TokenTree]) -> bool {
    let rest = match rest {
        [TokenTree::Punct(bang), rest @ ..] if bang.as_char() == '!' => rest,
        rest => rest,
    };
    let Some(TokenTree::Group(attribute)) = rest.first() else { return false };
    attribute.delimiter() == Delimiter::Bracket && holds_allow(attribute.stream(), true)
}

fn holds_allow(tokens: TokenStream, first_only: bool) -> bool {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let calls = tokens.windows(2).filter_map(|pair| match pair {
        [TokenTree::Ident(name), TokenTree::Group(inside)] => Some((name.to_string(), inside)),
        _ => None,
    });
    let mut calls = calls.take(if first_only { 1 } else { usize::MAX });
    calls.any(|(name, inside)| match name.as_str() {
        "allow" => true,
        "cfg_attr" => holds_allow(inside.stream(), false),
        _ => false,
    })
}

/// A module, or a module inside a module, and the names that are bound in it.
struct Scope {
    module: Vec<String>,
    parent: Option<usize>,
    names: Vec<(String, Spelled)>,
    in_test: bool,
}

/// A path as it is spelled in the file.
#[derive(Clone)]
struct Spelled {
    segments: Vec<String>,
    /// It begins with `::`, so its first segment is a crate whatever else has that name.
    absolute: bool,
}

/// A mention before it is resolved: a name may be imported below the line that uses it.
struct Found {
    scope: usize,
    spelled: Spelled,
    line: usize,
    form: Form,
    in_test: bool,
}

struct Reader {
    scopes: Vec<Scope>,
    current: usize,
    found: Vec<Found>,
}

impl Reader {
    fn new(module: Vec<String>) -> Self {
        // `#[cfg(test)] mod tests;` says so in its parent's file; its own name is all there is here.
        let in_test = module.last().is_some_and(|name| name == "tests" || name == "testing");
        let root = Scope { module, parent: None, names: Vec::new(), in_test };
        Self { scopes: vec![root], current: 0, found: Vec::new() }
    }

    fn find(&mut self, spelled: Spelled, line: usize, form: Form, cfg_test: bool) {
        let in_test = cfg_test || self.scopes[self.current].in_test;
        self.found.push(Found { scope: self.current, spelled, line, form, in_test });
    }

    fn bind(&mut self, name: String, to: Spelled) {
        self.scopes[self.current].names.push((name, to));
    }

    fn resolve(self) -> Vec<Mention> {
        let mut mentions = Vec::new();
        for found in &self.found {
            for (path, imported) in resolve(&self.scopes, found.scope, &found.spelled, MAX_RENAMES)
            {
                let imported = if found.form == Form::Inline { imported } else { 0 };
                let Found { line, form, in_test, .. } = *found;
                mentions.push(Mention { path, imported, line, form, in_test });
            }
        }
        mentions
    }

    fn import_tree(&mut self, tree: &syn::UseTree, before: &Spelled, item: &syn::ItemUse) {
        let under = |name: &syn::Ident| {
            let mut path = before.clone();
            path.segments.push(name.to_string());
            path
        };
        match tree {
            syn::UseTree::Path(path) => self.import_tree(&path.tree, &under(&path.ident), item),
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.import_tree(tree, before, item);
                }
            }
            syn::UseTree::Glob(glob) => {
                let line = glob.star_token.spans[0].start().line;
                self.find(before.clone(), line, Form::Glob, is_cfg_test(&item.attrs));
            }
            syn::UseTree::Name(leaf) => {
                let path = if leaf.ident == "self" { before.clone() } else { under(&leaf.ident) };
                self.import(path.segments.last().cloned(), path, &leaf.ident, item);
            }
            syn::UseTree::Rename(leaf) => {
                let path = if leaf.ident == "self" { before.clone() } else { under(&leaf.ident) };
                self.import(Some(leaf.rename.to_string()), path, &leaf.ident, item);
            }
        }
    }

    fn import(
        &mut self,
        name: Option<String>,
        path: Spelled,
        leaf: &syn::Ident,
        item: &syn::ItemUse,
    ) {
        let private = matches!(item.vis, syn::Visibility::Inherited);
        let form = if private { Form::Import } else { Form::Reexport };
        self.find(path.clone(), leaf.span().start().line, form, is_cfg_test(&item.attrs));
        if let Some(name) = name {
            self.bind(name, path);
        }
    }

    /// Paths in the body of a macro, which is no syntax tree yet: runs of `name::name`, and `use`.
    fn scan(&mut self, tokens: &TokenStream) {
        let tokens: Vec<_> = tokens.clone().into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            at += match &tokens[at] {
                TokenTree::Group(group) => {
                    self.scan(&group.stream());
                    1
                }
                TokenTree::Ident(name) if name == "use" => self.scan_import(&tokens[at..]),
                TokenTree::Ident(_) => self.scan_path(&tokens, at),
                TokenTree::Punct(_) | TokenTree::Literal(_) => 1,
            };
        }
    }

    fn scan_import(&mut self, tokens: &[TokenTree]) -> usize {
        let is_end = |t: &TokenTree| matches!(t, TokenTree::Punct(p) if p.as_char() == ';');
        let Some(end) = tokens.iter().position(is_end) else { return 1 };
        match syn::parse2::<syn::ItemUse>(tokens[..=end].iter().cloned().collect()) {
            Ok(item) => {
                self.visit_item_use(&item);
                end + 1
            }
            Err(_) => 1,
        }
    }

    fn scan_path(&mut self, tokens: &[TokenTree], start: usize) -> usize {
        let mut segments = Vec::new();
        let mut at = start;
        while let Some(TokenTree::Ident(name)) = tokens.get(at) {
            segments.push(name.to_string());
            at += 1;
            if !is_double_colon(tokens, at)
                || !matches!(tokens.get(at + 2), Some(TokenTree::Ident(_)))
            {
                break;
            }
            at += 2;
        }
        if segments.len() > 1 {
            let absolute = start >= 2 && is_double_colon(tokens, start - 2);
            let line = tokens[start].span().start().line;
            self.find(Spelled { segments, absolute }, line, Form::Inline, false);
        }
        at - start
    }
}

fn is_double_colon(tokens: &[TokenTree], at: usize) -> bool {
    let is_colon =
        |t: Option<&TokenTree>| matches!(t, Some(TokenTree::Punct(p)) if p.as_char() == ':');
    is_colon(tokens.get(at)) && is_colon(tokens.get(at + 1))
}

fn is_cfg_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && matches!(&attribute.meta, syn::Meta::List(list) if list.tokens.to_string() == "test")
    })
}

impl<'ast> Visit<'ast> for Reader {
    /// A name defined here is ours, though a crate may have the same one.
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let defined = match item {
            syn::Item::Enum(item) => Some(&item.ident),
            syn::Item::Mod(item) => Some(&item.ident),
            syn::Item::Struct(item) => Some(&item.ident),
            syn::Item::Trait(item) => Some(&item.ident),
            syn::Item::Type(item) => Some(&item.ident),
            _ => None,
        };
        if let Some(name) = defined {
            let path = from_root(&self.scopes[self.current].module, &[name.to_string()]);
            self.bind(name.to_string(), Spelled { segments: path, absolute: false });
        }
        visit::visit_item(self, item);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let outer = self.current;
        let mut module = self.scopes[outer].module.clone();
        module.push(item.ident.to_string());
        let in_test = self.scopes[outer].in_test || is_cfg_test(&item.attrs);
        self.scopes.push(Scope { module, parent: Some(outer), names: Vec::new(), in_test });
        self.current = self.scopes.len() - 1;
        visit::visit_item_mod(self, item);
        self.current = outer;
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let before = Spelled { segments: Vec::new(), absolute: item.leading_colon.is_some() };
        self.import_tree(&item.tree, &before, item);
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        let path = Spelled { segments: vec![item.ident.to_string()], absolute: true };
        let line = item.ident.span().start().line;
        self.find(path.clone(), line, Form::Import, is_cfg_test(&item.attrs));
        let name = item.rename.as_ref().map_or(&item.ident, |(_, name)| name);
        self.bind(name.to_string(), path);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if let (Some(first), true) = (path.segments.first(), path.segments.len() > 1) {
            let segments = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            let absolute = path.leading_colon.is_some();
            let line = first.ident.span().start().line;
            self.find(Spelled { segments, absolute }, line, Form::Inline, false);
        }
        visit::visit_path(self, path);
    }

    fn visit_token_stream(&mut self, tokens: &'ast TokenStream) {
        self.scan(tokens);
    }
}

/// The paths that `spelled` may mean in `scope`, each with the length of the import it goes
/// through. More than one where two functions of a module import different things by one name.
fn resolve(
    scopes: &[Scope],
    scope: usize,
    spelled: &Spelled,
    renames_left: usize,
) -> Vec<(Vec<String>, usize)> {
    let as_it_stands = || vec![(spelled.segments.clone(), 0)];
    let Some((first, rest)) = spelled.segments.split_first() else { return as_it_stands() };
    match first.as_str() {
        _ if spelled.absolute && first != LIBRARY => as_it_stands(),
        "crate" | LIBRARY => vec![(from_root(&[], rest), 0)],
        "self" | "super" => vec![(relative_to(&scopes[scope].module, &spelled.segments), 0)],
        name if renames_left > 0 => {
            let meanings = meanings(scopes, scope, name);
            if meanings.is_empty() {
                return as_it_stands();
            }
            let resolved = meanings
                .into_iter()
                .flat_map(|(scope, meaning)| resolve(scopes, scope, meaning, renames_left - 1));
            resolved.map(|(path, _)| (joined(&path, rest), path.len())).collect()
        }
        _ => as_it_stands(),
    }
}

/// What `name` is bound to, in the nearest module that binds it. The modules around are asked
/// too: `use super::*` brings their imports in.
fn meanings<'s>(scopes: &'s [Scope], scope: usize, name: &str) -> Vec<(usize, &'s Spelled)> {
    let mut next = Some(scope);
    while let Some(index) = next {
        let bound = scopes[index].names.iter().filter(|(bound, meaning)| {
            // `use kube;` binds a name to itself; there the search ends.
            bound == name && meaning.segments != [name]
        });
        let bound: Vec<_> = bound.map(|(_, meaning)| (index, meaning)).collect();
        if !bound.is_empty() {
            return bound;
        }
        next = scopes[index].parent;
    }
    Vec::new()
}

/// `super::super::x`, `self::x` or `self::super::x`, seen from `module`.
fn relative_to(module: &[String], segments: &[String]) -> Vec<String> {
    let is_step = |segment: &&String| matches!(segment.as_str(), "self" | "super");
    let steps = segments.iter().take_while(is_step).count();
    let up = segments[..steps].iter().filter(|segment| *segment == "super").count();
    from_root(&module[..module.len().saturating_sub(up)], &segments[steps..])
}

fn from_root(module: &[String], rest: &[String]) -> Vec<String> {
    joined(&joined(&["crate".to_owned()], module), rest)
}

fn joined(before: &[String], rest: &[String]) -> Vec<String> {
    before.iter().chain(rest).cloned().collect()
}
