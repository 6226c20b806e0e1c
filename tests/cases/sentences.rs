//! Every sentence that a user can be shown, in one file, to be read as a whole: `testdata/sentences.txt`.
//!
//! It is made from the literals of the source and from the help, so that a new sentence is seen in its
//! place among the others. Words that nobody would say, or that mean two things here, are refused.

use crate::support::binary::run;
use crate::support::source_tree;
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::str::FromStr as _;

const FILE: &str = "testdata/sentences.txt";

/// Words that are not said, and what is said instead.
const REFUSED: &[(&str, &str)] = &[
    ("mend", "fix"),
    ("mends", "fixes"),
    ("mended", "fixed"),
    ("be had", "get"),
    ("pair", "certificate and key"),
    ("pairs", "certificates and keys"),
    ("lead", "renewal window"),
    ("lead to", "point to"),
    ("leads to", "points to"),
    ("without a word", "silently"),
    ("all the same", "anyway"),
    ("anew", "again"),
    ("pass over", "ignore"),
    ("passed over", "ignored"),
    ("passes over", "ignores"),
    ("in the clear", "unencrypted"),
    ("belongs into", "belongs in"),
    ("strangers", "unrelated certificates"),
    ("share the hosts out", "split the hosts"),
    ("ask for the right", "RBAC: needs"),
    ("signed over", "signed with"),
    ("do not go together", "cannot be combined"),
    ("put behind", "appended after"),
    ("heads of columns", "header row"),
    ("under a password", "encrypted"),
    ("take the password off", "decrypt"),
    ("knows no", "is not installed"),
    ("not YAML that can be read", "invalid YAML"),
    ("nothing becomes", "(unset)"),
    ("Say more", "Verbose"),
];

#[test]
fn every_sentence_stands_in_the_file_that_is_read_as_a_whole() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let now = sentences();
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        fs::write(&path, &now).expect("it can be written");
    }
    let known = fs::read_to_string(&path).expect("it is there");
    let [known, now]: [BTreeSet<&str>; 2] = [&known, &now].map(|text| text.lines().collect());
    let new: Vec<_> = now.difference(&known).collect();
    let gone: Vec<_> = known.difference(&now).collect();
    assert!(new.is_empty() && gone.is_empty(), "new: {new:#?}\ngone: {gone:#?}\nsee {FILE}");
}

#[test]
fn no_sentence_says_what_nobody_says() {
    let all = sentences();
    let mut found = Vec::new();
    for line in all.lines() {
        let (_, said) = line.split_once(": ").expect("it says where it is written");
        // What stands in braces is a name of the code.
        let outside = said.split('{').map(|piece| piece.rsplit('}').next().unwrap_or_default());
        let said = outside.collect::<Vec<_>>().join("_");
        let words: Vec<&str> = said.split(|c: char| !c.is_alphanumeric()).collect();
        let words = format!(" {} ", words.join(" "));
        for (refused, instead) in REFUSED {
            if words.contains(&format!(" {refused} ")) {
                found.push(format!("{refused} ({instead}): {line}"));
            }
        }
    }
    assert!(found.is_empty(), "{} are refused:\n{}", found.len(), found.join("\n"));
}

/// A line each: where it is written, and what it says.
fn sentences() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut lines = BTreeSet::new();
    for file in source_tree::read_tree(root, "src") {
        if file.path.contains("tests") || file.path.ends_with("/testing.rs") {
            continue;
        }
        let tokens = TokenStream::from_str(&file.text).expect("it is Rust");
        let mut literals = Vec::new();
        collect(tokens, &mut literals);
        lines.extend(literals.iter().map(|text| format!("{}: {text}", file.path)));
    }
    for command in super::help::COMMANDS {
        let words: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        let help = run(&words).expect_code(0).stdout;
        let said = help.lines().map(str::trim).filter(|line| is_a_sentence(line));
        lines.extend(said.map(|line| format!("help: {line}")));
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

/// The literals that are sentences, but for those of attributes and of modules of tests.
fn collect(tokens: TokenStream, literals: &mut Vec<String>) {
    let mut is_test = false;
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '#' => {
                if tokens.peek().is_some_and(|next| next.to_string() == "!") {
                    tokens.next();
                }
                let attribute = tokens.next().map(|group| group.to_string()).unwrap_or_default();
                is_test |= attribute.replace(' ', "") == "[cfg(test)]";
            }
            TokenTree::Group(group) => {
                let is_body = group.delimiter() == Delimiter::Brace;
                if !(is_test && is_body) {
                    collect(group.stream(), literals);
                }
                is_test &= !is_body;
            }
            TokenTree::Punct(punct) if punct.as_char() == ';' => is_test = false,
            TokenTree::Literal(literal) => {
                if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                    let text = text.value().split_whitespace().collect::<Vec<_>>().join(" ");
                    literals.extend(Some(text).filter(|text| is_a_sentence(text)));
                }
            }
            _ => {}
        }
    }
}

/// Whether it has two words beside each other.
fn is_a_sentence(text: &str) -> bool {
    let is_word = |word: &&str| word.chars().filter(|c| c.is_alphabetic()).count() > 1;
    text.split(' ').filter(is_word).count() > 1
}
