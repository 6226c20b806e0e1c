//! The table of certificates: a row for each object that holds one, or should.

use crate::instant;
use crate::inventory::Coverage;
use crate::inventory::frontend::Frontend;
use crate::object_ref::{Kind, ObjectRef};
use crate::render::layout::{Columns, GOOD, serial, some, status_of, style};
use crate::render::model::{CertificateRow, HolderRow, Model, SortBy};
use crate::render::page::Page;
use crate::x509::cert::Certificate;
use anstyle::Style;
use std::collections::BTreeMap;
use std::io::{self, Write as _};

/// How many names, and how many users, stand in a cell of a terminal.
const SHOWN: usize = 2;

/// Writes a row for each, at most so many; tells whether there was any.
pub(super) fn write(model: &Model<'_>, most: usize, out: &mut Page<'_>) -> io::Result<bool> {
    let rows = model.holders();
    if rows.is_empty() {
        return Ok(false);
    }
    let mut heads = vec!["STATUS"];
    heads.extend(model.look.namespaces.then_some("NAMESPACE"));
    let objects = rows.iter().map(|row| row.object.kind);
    heads.extend([holder(objects), "NAMES", "EXPIRES", "DAYS", "USED BY", "OWNER", "KEY"]);
    // Whose it is was asked where the owner sorts, or what ends soon is listed.
    let asks_owner = model.look.sort_by == SortBy::Owner || model.look.ends_by.is_some();
    let spare = if asks_owner {
        ["KEY", "USED BY", "DAYS", "OWNER"]
    } else {
        ["KEY", "OWNER", "DAYS", "USED BY"]
    };
    let mut columns = Columns::new(heads, model.look.no_headers).spare(&spare);
    // What is no terminal is searched, not read.
    let few = if out.width().is_some() && !model.look.all { SHOWN } else { usize::MAX };
    let lent = if few == usize::MAX { lent(model) } else { BTreeMap::new() };
    for row in rows.iter().take(most) {
        let colour = row.status.severity().map_or(GOOD, style);
        let status = status_of(row.status.as_str(), out.width());
        columns.styled_row(colour, cells(row, &lent, model.look.namespaces, few, status));
    }
    columns.write(out)?;
    let more = rows.len().saturating_sub(most);
    if more > 0 {
        writeln!(out, "and {more} more; --all shows them")?;
    }
    Ok(true)
}

/// By Secret, who serves its certificate without naming it, and for which hosts.
type Lent = BTreeMap<ObjectRef, BTreeMap<String, Vec<String>>>;

/// The hosts that are covered by a Secret which another Ingress names.
fn lent(model: &Model<'_>) -> Lent {
    let mut lent = Lent::new();
    // A host that was asked for is served by nobody.
    for row in model.hosts().filter(|row| row.frontend.object.kind != Kind::Endpoint) {
        let Coverage::Covered { by, .. } = row.coverage() else { continue };
        let secret = ObjectRef { key: None, place: None, ..by };
        if !row.frontend.hosts_of(&secret).contains(&row.demand.host.as_str()) {
            let users = lent.entry(secret).or_default();
            let hosts = users.entry(row.frontend.object.short()).or_default();
            hosts.push(row.demand.host.clone());
        }
    }
    lent
}

fn cells(
    row: &HolderRow<'_>,
    lent: &Lent,
    namespaces: bool,
    few: usize,
    status: String,
) -> Vec<String> {
    let mut cells = vec![status];
    cells.extend(namespaces.then(|| row.object.namespace().to_owned()));
    let of_leaf = |text: &dyn Fn(&Certificate) -> String| row.leaf.map(text).unwrap_or_default();
    let on_a_terminal = few != usize::MAX;
    let user = |user: &Frontend| {
        if on_a_terminal { user.object.short() } else { used_by(user, row.object, row.leaf) }
    };
    let mut users: Vec<String> = row.users().into_iter().map(user).collect();
    let secret = ObjectRef { key: None, place: None, ..row.object.clone() };
    users.extend(row.uses().into_iter().map(|one| one.workload.short()));
    for (user, hosts) in lent.get(&secret).into_iter().flatten() {
        users.push(format!("{user}({})", hosts.join(",")));
    }
    cells.extend([
        name(row.object),
        of_leaf(&|leaf| names(leaf, few)),
        of_leaf(&|leaf| instant::show_date(leaf.not_after)),
        row.whole_days().map(|days| days.to_string()).unwrap_or_default(),
        some(&users, few),
        row.owner().unwrap_or_default().to_owned(),
        of_leaf(&|leaf| leaf.key_type.to_string()),
    ]);
    cells
}

/// `ingress/web`, and in brackets the hosts that it serves with the certificate and that do not stand
/// among its names: whoever looks for a host with grep is to find the row. On a terminal the table of
/// hosts has those.
fn used_by(user: &Frontend, secret: &ObjectRef, leaf: Option<&Certificate>) -> String {
    let names = leaf.map(|leaf| leaf.names.as_slice()).unwrap_or_default();
    let stands = |host: &str| names.iter().any(|name| name.to_string() == host);
    let mut hosts = user.hosts_of(secret);
    hosts.retain(|host| !stands(host));
    let short = user.object.short();
    if hosts.is_empty() { short } else { format!("{short}({})", hosts.join(",")) }
}

/// The object's name, with the key that holds the certificates where that is not a TLS Secret's, and with
/// its kind where that is no Secret.
fn name(object: &ObjectRef) -> String {
    let name = match object.kind {
        Kind::Secret | Kind::File | Kind::Endpoint => object.name.clone(),
        _ => object.short(),
    };
    object.key.as_ref().map_or_else(|| name.clone(), |key| format!("{name}:{key}"))
}

/// What all of them are in.
fn holder(kinds: impl Iterator<Item = Kind>) -> &'static str {
    let kinds: Vec<Kind> = kinds.collect();
    let all = |kind| kinds.iter().all(|it| *it == kind);
    if all(Kind::File) {
        "FILE"
    } else if all(Kind::Endpoint) {
        "SERVER"
    } else if all(Kind::Route) {
        "ROUTE"
    } else if kinds.iter().all(|kind| matches!(kind, Kind::Secret | Kind::File | Kind::Endpoint)) {
        "SECRET"
    } else {
        "OBJECT"
    }
}

/// The names a certificate answers to, or its subject in brackets when it has none.
fn names(certificate: &Certificate, most: usize) -> String {
    let names: Vec<String> = certificate.names.iter().map(ToString::to_string).collect();
    if names.is_empty() { format!("({})", certificate.subject) } else { some(&names, most) }
}

/// Writes every certificate with all that is known of it; tells whether there was any.
pub(super) fn write_wide(model: &Model<'_>, out: &mut Page<'_>) -> io::Result<bool> {
    let mut rows: Vec<CertificateRow<'_>> = model.certificates().collect();
    if rows.is_empty() {
        return Ok(false);
    }
    rows.sort_by(|a, b| {
        let ends = |row: &CertificateRow<'_>| row.certificate.not_after;
        ends(a).cmp(&ends(b)).then_with(|| a.object.cmp(b.object)).then(a.index.cmp(&b.index))
    });
    let mut heads = if model.look.namespaces { vec!["NAMESPACE"] } else { Vec::new() };
    heads.extend([holder(rows.iter().map(|row| row.object.kind)), "#", "NAMES", "EXPIRES", "DAYS"]);
    heads.extend(["USED BY", "OWNER", "ISSUER", "KEY", "SERIAL", "SHA256"]);
    let mut columns = Columns::new(heads, model.look.no_headers);
    for row in &rows {
        columns.styled_row(Style::new(), wide_cells(row, model.look.namespaces));
    }
    columns.write(out)?;
    Ok(true)
}

fn wide_cells(row: &CertificateRow<'_>, namespaces: bool) -> Vec<String> {
    let certificate = row.certificate;
    let leaf = Some(certificate).filter(|_| row.is_leaf);
    let users = row.users().into_iter().map(|user| used_by(user, row.object, leaf));
    let uses = row.uses().into_iter().map(|one| one.workload.short());
    let users: Vec<String> = users.chain(uses).collect();
    let issuer = if certificate.self_signed {
        "self-signed".to_owned()
    } else {
        certificate.issuer.to_string()
    };
    let mut cells = if namespaces { vec![row.object.namespace().to_owned()] } else { Vec::new() };
    cells.extend([
        name(row.object),
        row.index.to_string(),
        names(certificate, usize::MAX),
        instant::show_date(certificate.not_after),
        row.whole_days().to_string(),
        users.join(","),
        row.owner().unwrap_or_default().to_owned(),
        issuer,
        certificate.key_type.to_string(),
        serial(&certificate.serial),
        certificate.fingerprint(),
    ]);
    cells
}
