//! Reading a policy file: its text becomes a [`Policy`], or every flaw in it is told with its place.
//!
//! Refuses to guess: an unknown key, rule or word is a flaw, with the one that was likely meant.

use super::selector::{Pattern, Selector};
use super::tree::{Node, Value, unknown};
use super::{Policy, Rated, Rating, Waiver, Window};
use crate::audit::finding::Severity;
use crate::audit::{RULES, rule};
use crate::inventory::nearest;
use crate::object_ref::{Kind, KindName, check_object_name, named_kind};
use std::fmt;
use time::Date;
use time::macros::format_description;

/// Something in a policy file that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What is wrong, for people. May hold words of the file.
    pub reason: String,
}

/// All of them; never none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Flaws(pub Vec<Flaw>);

/// How many are told: a file of another kind is wrong in every line.
const MOST: usize = 5;

impl fmt::Display for Flaws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, Flaw { line, column, reason }) in self.0.iter().take(MOST).enumerate() {
            let between = if at == 0 { "" } else { "; " };
            write!(f, "{between}line {line}, column {column}: {reason}")?;
        }
        match self.0.len().saturating_sub(MOST) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

/// The keys of a policy.
pub const KEYS: [&str; 6] =
    ["schema", "renewBefore", "severities", "waivers", "roots", "ignoreAnnotations"];
/// The keys of `for`.
pub const SELECTOR_KEYS: [&str; 4] = ["namespaces", "labels", "issuers", "owners"];
/// What `schema` says, where it is there.
const SCHEMA: &str = "certwright.dev/policy/v1";

/// Reads the text of a policy file that messages call `file`.
///
/// # Errors
/// [`Flaws`]: every one.
pub fn read(text: &str, file: &str) -> Result<Policy, Flaws> {
    let root = Node::read(text).map_err(|flaw| Flaws(vec![flaw]))?;
    let policy = Policy { file: Some(file.to_owned()), ..Policy::default() };
    let mut reading = Reading { policy, flaws: Vec::new() };
    reading.root(&root);
    let Reading { policy, mut flaws } = reading;
    flaws.sort_by_key(|flaw| (flaw.line, flaw.column));
    if flaws.is_empty() { Ok(policy) } else { Err(Flaws(flaws)) }
}

struct Reading {
    policy: Policy,
    flaws: Vec<Flaw>,
}

impl Reading {
    fn root(&mut self, root: &Node) {
        let [schema, windows, severities, waivers, roots, ignore] =
            root.fields(KEYS, "the keys of a policy", &mut self.flaws);
        if let Some(other) = schema.filter(|node| node.text() != Some(SCHEMA)) {
            self.flaws.push(other.flaw(format!("expected {SCHEMA}")));
        }
        for node in self.list(windows) {
            let window = self.window(node);
            self.policy.windows.extend(window);
        }
        for node in self.list(severities) {
            let rated = self.rated(node);
            self.policy.severities.extend(rated);
        }
        for node in self.list(waivers) {
            let waiver = self.waiver(node);
            self.policy.waivers.extend(waiver);
        }
        self.policy.roots = roots.and_then(|node| self.text(node, "a file of CAs, or system"));
        self.policy.ignore_annotations = match ignore.map(|node| (node, node.text())) {
            None | Some((_, Some("false"))) => false,
            Some((_, Some("true"))) => true,
            Some((node, _)) => self.wrong(node, "expected true or false").unwrap_or_default(),
        };
    }

    fn window(&mut self, node: &Node) -> Option<Window> {
        let keys = ["window", "for"];
        let [window, of] = node.fields(keys, "an entry of renewBefore", &mut self.flaws);
        let of = self.selector(of);
        let window = self.needed(node, window, "window")?;
        let text = self.text(window, "a time such as 30d, or a share such as 33%")?;
        let parsed = text.parse().map_err(|error| window.flaw(format!("{error}")));
        Some(Window { window: self.taken(parsed)?, of: of? })
    }

    fn rated(&mut self, node: &Node) -> Option<Rated> {
        let keys = ["rule", "rules", "severity", "for"];
        let [one, several, severity, of] =
            node.fields(keys, "an entry of severities", &mut self.flaws);
        let of = self.selector(of);
        let nodes: Vec<&Node> = one.into_iter().chain(self.list(several)).collect();
        if nodes.is_empty() {
            return self.wrong(node, "rule is missing");
        }
        let rules: Vec<&'static str> = nodes.into_iter().filter_map(|it| self.rule(it)).collect();
        let severity = self.needed(node, severity, "severity")?;
        let severity = self.severity(severity)?;
        Some(Rated { rules, severity, of: of? })
    }

    fn severity(&mut self, node: &Node) -> Option<Rating> {
        const WORDS: [(&str, Rating); 4] = [
            ("error", Rating::As(Severity::Error)),
            ("warning", Rating::As(Severity::Warning)),
            ("info", Rating::As(Severity::Info)),
            ("off", Rating::Off),
        ];
        let text = self.text(node, "error, warning, info or off")?;
        let known = WORDS.iter().find(|(word, _)| *word == text);
        let unknown = || node.flaw(unknown("severity", &text, &WORDS.map(|(word, _)| word)));
        let found = known.map(|(_, severity)| *severity).ok_or_else(unknown);
        self.taken(found)
    }

    fn waiver(&mut self, node: &Node) -> Option<Waiver> {
        let keys = ["rule", "object", "host", "for", "reason", "until"];
        let [rule, object, host, of, reason, until] =
            node.fields(keys, "an entry of waivers", &mut self.flaws);
        if object.or(host).or(of).is_none() && matches!(node.value, Value::Map(_)) {
            let what = "say what it is for: object, host or for; a rule as a whole is turned off in severities";
            self.flaws.push(node.flaw(what));
        }
        let of = self.selector(of);
        let rule = self.needed(node, rule, "rule").and_then(|it| self.rule(it));
        let object = object.map(|it| self.object(it));
        let host = host.map(|it| self.text(it, "a host").map(Pattern));
        let reason = self.needed(node, reason, "reason");
        let reason = reason.and_then(|it| self.text(it, "why it is accepted"));
        let until = self.needed(node, until, "until").and_then(|it| self.date(it));
        let (object, host) = (object.map_or(Some(None), |it| it.map(Some))?, host);
        Some(Waiver {
            rule: rule?,
            object,
            host: host.map_or(Some(None), |it| it.map(Some))?,
            of: of?,
            reason: reason?,
            until: until?,
            line: node.line,
        })
    }

    fn selector(&mut self, node: Option<&Node>) -> Option<Selector> {
        let Some(node) = node else { return Some(Selector::default()) };
        let before = self.flaws.len();
        let [namespaces, labels, issuers, owners] =
            node.fields(SELECTOR_KEYS, "what it is for", &mut self.flaws);
        let mut patterns = |node| self.patterns(node);
        let (namespaces, issuers, owners) =
            (patterns(namespaces), patterns(issuers), patterns(owners));
        let labels = labels.and_then(|node| self.labels(node));
        (self.flaws.len() == before).then_some(Selector { namespaces, labels, issuers, owners })
    }

    /// A label selector gets its place among those of the policy.
    fn labels(&mut self, node: &Node) -> Option<usize> {
        let text = self.text(node, "a label selector such as app=web")?;
        let parsed = text.parse().map_err(|error| node.flaw(format!("{error}")));
        let selector = self.taken(parsed)?;
        let all = &mut self.policy.labels;
        Some(all.iter().position(|known| *known == selector).unwrap_or_else(|| {
            all.push(selector);
            all.len() - 1
        }))
    }

    /// One or a list of them.
    fn patterns(&mut self, node: Option<&Node>) -> Vec<Pattern> {
        let Some(node) = node else { return Vec::new() };
        let nodes = if node.text().is_some() { vec![node] } else { self.list(Some(node)) };
        if nodes.is_empty() {
            self.flaws.push(node.flaw("expected a text, or a list of them"));
        }
        nodes.into_iter().filter_map(|it| self.text(it, "a text").map(Pattern)).collect()
    }

    fn rule(&mut self, node: &Node) -> Option<&'static str> {
        let text = self.text(node, "the code of a rule")?;
        let meant = || {
            let meant = nearest(&text, RULES.iter().map(|rule| rule.code));
            let meant = meant.map(|code| format!(": did you mean {code}?"));
            node.flaw(format!("no rule has the code {text:?}{}", meant.unwrap_or_default()))
        };
        let found = rule(&text).map(|rule| rule.code).ok_or_else(meant);
        self.taken(found)
    }

    /// `secret/NAME`, `NAMESPACE/secret/NAME`, or `file/PATH` for what stands in no object.
    fn object(&mut self, node: &Node) -> Option<KindName> {
        let text = self.text(node, "an object, such as shop/secret/web-tls")?;
        let found = object(&text);
        let wrong =
            || node.flaw(format!("expected an object such as shop/secret/web-tls, found {text:?}"));
        let found = found.ok_or_else(wrong);
        self.taken(found)
    }

    /// The last day of something; the instant is the first that is behind it.
    fn date(&mut self, node: &Node) -> Option<Date> {
        let text = self.text(node, "a date such as 2027-01-31")?;
        let parsed = Date::parse(&text, format_description!("[year]-[month]-[day]"));
        let has_next = parsed.ok().filter(|date| date.next_day().is_some());
        let wrong = || node.flaw(format!("expected a date such as 2027-01-31, found {text:?}"));
        let found = has_next.ok_or_else(wrong);
        self.taken(found)
    }

    fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        match node.text().filter(|text| !text.trim().is_empty()) {
            Some(text) => Some(text.to_owned()),
            None => self.wrong(node, &format!("expected {what}")),
        }
    }

    /// The entries of a list; what is nothing has none.
    fn list<'n>(&mut self, node: Option<&'n Node>) -> Vec<&'n Node> {
        match node.map(|node| (node, &node.value)) {
            None | Some((_, Value::Nothing)) => Vec::new(),
            Some((_, Value::List(items))) => items.iter().collect(),
            Some((node, _)) => {
                self.flaws.push(node.flaw("expected a list: each entry begins with '-'"));
                Vec::new()
            }
        }
    }

    fn needed<'n>(&mut self, of: &Node, node: Option<&'n Node>, key: &str) -> Option<&'n Node> {
        if node.is_none() && matches!(of.value, Value::Map(_)) {
            self.flaws.push(of.flaw(format!("{key} is missing")));
        }
        node
    }

    fn taken<T>(&mut self, read: Result<T, Flaw>) -> Option<T> {
        read.map_err(|flaw| self.flaws.push(flaw)).ok()
    }

    fn wrong<T>(&mut self, node: &Node, reason: &str) -> Option<T> {
        self.flaws.push(node.flaw(reason));
        None
    }
}

/// What a text names, of all that a finding may be about.
fn object(text: &str) -> Option<KindName> {
    if let Some(path) = text.strip_prefix("file/") {
        let name = path.to_owned();
        return (!name.is_empty()).then_some(KindName { kind: Kind::File, namespace: None, name });
    }
    let (namespace, kind, name) = match *text.split('/').collect::<Vec<_>>().as_slice() {
        [kind, name] => (None, kind, name),
        [namespace, kind, name] => (Some(namespace), kind, name),
        _ => return None,
    };
    let is_good = |name: &&str| check_object_name(name).is_ok();
    let (name, namespace_is_good) =
        (Some(name).filter(is_good)?, namespace.is_none_or(|it| is_good(&it)));
    let kind = named_kind(kind).or_else(|| Kind::of_word(kind)).filter(|_| namespace_is_good)?;
    Some(KindName { kind, namespace: namespace.map(str::to_owned), name: name.to_owned() })
}
