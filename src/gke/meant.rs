//! Names that were meant: a name that is written wrong, and the object that has nearly that name.
//!
//! Knows how people come to write another name: the file's, with the namespace, the kind or quotes
//! around it, in capitals, a letter off, several without a comma. Refuses to know what is there.

/// The longest name that is compared letter by letter; longer ones have no typos that matter here.
const MAX_COMPARED: usize = 63;
/// From this length on two letters may differ.
const LONG: usize = 8;
/// Below this length every other name is a letter off.
const SHORT: usize = 4;

/// Which of `there` were meant by `written`; none when it is like none of them, or like several.
#[must_use]
pub fn meant<'t>(written: &str, there: &[&'t str]) -> Vec<&'t str> {
    let words: Vec<&str> = written
        .split(|c: char| c.is_whitespace() || ";|".contains(c))
        .filter(|word| !word.is_empty())
        .collect();
    let by_word: Vec<&str> = words.iter().filter_map(|word| one(word, there)).collect();
    if by_word.len() == words.len() { by_word } else { Vec::new() }
}

fn one<'t>(written: &str, there: &[&'t str]) -> Option<&'t str> {
    let plain = plain(written);
    if let Some(exact) = there.iter().find(|name| **name == plain) {
        return Some(exact);
    }
    let most = match plain.len() {
        ..SHORT => 0,
        SHORT..LONG => 1,
        LONG..=MAX_COMPARED => 2,
        _ => return None,
    };
    let near = there.iter().filter(|name| name.len() <= MAX_COMPARED);
    let mut near: Vec<(usize, &'t str)> =
        near.map(|name| (distance(&plain, name), *name)).collect();
    near.retain(|(far, _)| (1..=most).contains(far));
    near.sort_unstable();
    match near.as_slice() {
        [(_, name)] => Some(name),
        [(nearest, name), (next, _), ..] if nearest < next => Some(name),
        _ => None,
    }
}

/// Without quotes, namespace, kind and a file's ending, in lower case.
fn plain(written: &str) -> String {
    let name = written.trim_matches(|c: char| "\"'`,".contains(c));
    let name = name.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let endings = [".yaml", ".yml", ".json"];
    let stem = endings.iter().find_map(|ending| name.strip_suffix(ending));
    stem.map_or_else(|| name.clone(), str::to_owned)
}

/// How many letters are to be put in, taken out or changed (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, letter) in one.chars().enumerate() {
        let mut diagonal = above;
        row[0] = above + 1;
        for (place, theirs) in other.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *theirs);
            diagonal = row[place + 1];
            row[place + 1] = changed.min(row[place] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_written_wrong_finds_the_one_that_is_there() {
        let there = ["dock", "dock-tls", "shop-example-tls", "shop-example-tlb", "a1"];
        for (written, expected) in [
            ("dock.yaml", &["dock"][..]),
            ("dock.yml", &["dock"]),
            ("Dock", &["dock"]),
            ("harbour/dock", &["dock"]),
            ("managedcertificate/dock", &["dock"]),
            ("\"dock\"", &["dock"]),
            ("dokc-tls", &["dock-tls"]),
            ("dock_tls", &["dock-tls"]),
            ("dok", &[]),
            ("docks", &["dock"]),
            ("dock dock-tls", &["dock", "dock-tls"]),
            ("dock; dock-tls", &["dock", "dock-tls"]),
            ("dock nothing-like-it", &[]),
            ("shop-example-tl", &[]),
            ("shop-exmple-tls", &["shop-example-tls"]),
            ("a2", &[]),
            ("milvus", &[]),
            ("", &[]),
            ("Käse", &[]),
        ] {
            assert_eq!(meant(written, &there), expected, "{written}");
        }
    }
}
