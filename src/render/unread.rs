//! What could not be read: a line for each thing, and one for all that the user has no right to.
//!
//! Refuses to know whether a report is incomplete by it.

use super::harmless;
use super::layout::{place, style};
use super::layout::{sentence, write_place};
use super::model::ProblemRow;
use super::page::Page;
use crate::audit::finding::Severity;
use crate::object_ref::{Kind, ObjectRef};
use crate::observation::rights::Denied;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write as _};

/// How many namespaces or objects are named.
const NAMED: usize = 3;

/// Writes all of it, at most `most` things that have lines of their own.
pub(super) fn write(
    problems: &[ProblemRow<'_>],
    most: usize,
    out: &mut Page<'_>,
) -> io::Result<()> {
    let (denied, others): (Vec<ProblemRow<'_>>, _) =
        problems.iter().partition(|problem| problem.denied.is_some());
    for line in rights(&denied) {
        let colour = style(Severity::Warning);
        let line = harmless::line(&line).into_owned();
        sentence("         ", &format!("{colour}not read{colour:#} "), &line, out)?;
    }
    for problem in others.iter().take(most) {
        write_one(problem, out)?;
    }
    let more = others.len().saturating_sub(most);
    if more > 0 {
        writeln!(out, "         and {more} more; --all shows them")?;
    }
    Ok(())
}

/// Writes what nothing depends on.
pub(super) fn write_notes(notes: &[ProblemRow<'_>], out: &mut Page<'_>) -> io::Result<()> {
    let (workloads, others): (Vec<ProblemRow<'_>>, _) =
        notes.iter().partition(|note| note.object.kind.is_workload());
    for (notes, what) in [
        (others, "no Ingress here depends on it"),
        (workloads, "which workloads use a Secret is not known"),
    ] {
        for line in rights(&notes) {
            let line = format!("{line}; {what}");
            sentence("         ", "note     ", harmless::line(&line).as_ref(), out)?;
        }
    }
    Ok(())
}

fn write_one(problem: &ProblemRow<'_>, out: &mut Page<'_>) -> io::Result<()> {
    let colour = style(Severity::Warning);
    let word = if problem.only_a_policy { "ignored" } else { "not read" };
    let object = ObjectRef { place: None, ..problem.object.clone() };
    let about = harmless::line(&object.to_string()).into_owned();
    if out.width().is_none() {
        let place = place(problem.object);
        let place = if place.is_empty() { place } else { format!("  [{place}]") };
        let message = harmless::line(problem.message);
        return writeln!(out, "{colour}{word:<8}{colour:#} {about}  {message}{place}");
    }
    writeln!(out, "{colour}{word:<8}{colour:#} {about}")?;
    write_place(problem.object, out)?;
    sentence("         ", "         ", problem.message, out)
}

/// A request that was refused: what, and of which object.
type Request<'p> = (&'p Denied, &'p ObjectRef);

/// A line for each user, with what the server says beside it.
fn rights(denied: &[ProblemRow<'_>]) -> Vec<String> {
    let mut by_user: Vec<(&str, Vec<Request<'_>>)> = Vec::new();
    for problem in denied {
        let Some(denied) = problem.denied else { continue };
        let who = denied.user.as_str();
        match by_user.iter_mut().find(|(known, _)| *known == who) {
            Some((_, requests)) => requests.push((denied, problem.object)),
            None => by_user.push((who, vec![(denied, problem.object)])),
        }
    }
    let line = |(user, requests): (&str, Vec<Request<'_>>)| {
        let needs = needs(&requests).join("; ");
        let mut why: Vec<&str> = Vec::new();
        for told in requests.iter().filter_map(|(denied, _)| denied.why.as_deref()) {
            if !why.contains(&told) {
                why.push(told);
            }
        }
        let why = if why.is_empty() { String::new() } else { format!(" ({})", a_few(&why)) };
        format!("RBAC: user {user} needs {needs}{why}")
    };
    by_user.into_iter().map(line).collect()
}

/// `list on secrets, ingresses in all namespaces`, for each verb and for kinds of the same reach.
fn needs(requests: &[Request<'_>]) -> Vec<String> {
    let mut order: Vec<(&str, Kind, bool)> = Vec::new();
    let mut reach: BTreeMap<(&str, Kind, bool), BTreeSet<ObjectRef>> = BTreeMap::new();
    for (denied, object) in requests {
        let row = (denied.verb, object.kind, object.name.is_empty());
        if !order.contains(&row) {
            order.push(row);
        }
        reach.entry(row).or_default().insert((*object).clone());
    }
    let mut needs: Vec<((&str, String), Vec<&str>)> = Vec::new();
    for row in order {
        let (verb, kind, is_a_list) = row;
        let objects: Vec<&ObjectRef> = reach.get(&row).into_iter().flatten().collect();
        let within = if is_a_list { namespaces(&objects) } else { named(&objects) };
        match needs.iter_mut().find(|(known, _)| *known == (verb, within.clone())) {
            Some((_, kinds)) => kinds.push(kind.plural()),
            None => needs.push(((verb, within), vec![kind.plural()])),
        }
    }
    let text = |((verb, within), kinds): ((&str, String), Vec<&str>)| {
        format!("{verb} on {} {within}", kinds.join(", "))
    };
    needs.into_iter().map(text).collect()
}

/// Where lists are refused.
fn namespaces(lists: &[&ObjectRef]) -> String {
    let everywhere = lists.iter().any(|list| list.namespace.is_none());
    let names: Vec<&str> = lists.iter().filter_map(|list| list.namespace.as_deref()).collect();
    match names.as_slice() {
        _ if everywhere => "in all namespaces (or choose one with -n)".to_owned(),
        [] => "in all namespaces (or choose one with -n)".to_owned(),
        [one] => format!("in namespace {one}"),
        names => format!("in {} namespaces ({})", names.len(), a_few(names)),
    }
}

/// Which objects may not be read.
fn named(objects: &[&ObjectRef]) -> String {
    let of: BTreeSet<&str> = objects.iter().map(|object| object.namespace()).collect();
    let names: Vec<String> = match of.len() {
        1 => objects.iter().map(|object| object.name.clone()).collect(),
        _ => objects.iter().map(|it| format!("{}/{}", it.namespace(), it.name)).collect(),
    };
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let within = match (of.first(), of.len()) {
        (Some(namespace), 1) => format!("in namespace {namespace} "),
        _ => String::new(),
    };
    format!("{within}({})", a_few(&names))
}

fn a_few(names: &[&str]) -> String {
    let more = names.len().saturating_sub(NAMED);
    let named = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{named} and {more} more") } else { named }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of these requests of one user: verb, kind, namespace and name, `-` for none.
    fn told(requests: &[(&'static str, Kind, &str, &str)]) -> String {
        let object = |(_, kind, namespace, name): &(_, Kind, &str, &str)| match (*namespace, *name)
        {
            ("-", _) => ObjectRef::all(*kind, None),
            (namespace, "-") => ObjectRef::all(*kind, Some(namespace)),
            (namespace, name) => ObjectRef::namespaced(*kind, namespace, name),
        };
        let rows: Vec<(ObjectRef, Denied)> = requests
            .iter()
            .map(|row| (object(row), Denied { verb: row.0, user: "jane".to_owned(), why: None }))
            .collect();
        let row = |(object, denied)| ProblemRow {
            object,
            message: "forbidden",
            only_a_policy: false,
            denied: Some(denied),
        };
        let rows: Vec<ProblemRow<'_>> =
            rows.iter().map(|(object, denied)| row((object, denied))).collect();
        rights(&rows).join("\n")
    }

    #[test]
    fn rights_are_told_in_one_line_however_many_requests_were_refused() {
        use Kind::{Ingress, Secret, Service};
        for (requests, line) in [
            (
                vec![("list", Secret, "-", "-")],
                "list on secrets in all namespaces (or choose one with -n)",
            ),
            (
                vec![("list", Secret, "-", "-"), ("list", Ingress, "-", "-")],
                "list on secrets, ingresses in all namespaces (or choose one with -n)",
            ),
            (
                vec![("list", Secret, "shop", "-"), ("list", Service, "-", "-")],
                "list on secrets in namespace shop; list on services in all namespaces (or choose one with -n)",
            ),
            (
                ["a", "b", "c", "d", "e"].map(|name| ("list", Secret, name, "-")).to_vec(),
                "list on secrets in 5 namespaces (a, b, c and 2 more)",
            ),
            (
                ["a", "b", "c", "d"].map(|name| ("get", Secret, "shop", name)).to_vec(),
                "get on secrets in namespace shop (a, b, c and 1 more)",
            ),
            (
                vec![("get", Secret, "shop", "a"), ("get", Secret, "blog", "a")],
                "get on secrets (blog/a, shop/a)",
            ),
        ] {
            assert_eq!(told(&requests), format!("RBAC: user jane needs {line}"));
        }
    }
}
