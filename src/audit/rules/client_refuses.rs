//! `client-refuses`: a certificate that clients refuse for what no other rule tells of: a key of a
//! type that few know (secp256k1, RSA-PSS, Ed25519), an encoding that not every reader takes, an
//! unknown critical extension. Source: the table of `inspect`, [`crate::audit::clients`];
//! kubernetes/ingress-nginx#4948 and kubernetes/kubernetes#58227, where the controller served its
//! default certificate and nobody was told why.

use super::{certificate_place, remade, somebody_elses};
use crate::audit::backends::grpc;
use crate::audit::clients::{self, Client, Problem};
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::{Rule, View, remedy};
use crate::inventory::frontend::Frontend;
use crate::inventory::{Inventory, SecretFacts};
use crate::remedy::Remedy;
use crate::x509::cert::Certificate;
use crate::x509::defect::EncodingDefect;
use crate::x509::name;
use crate::x509::san::San;

pub(super) const RULE: Rule = Rule {
    code: "client-refuses",
    severity: Severity::Warning,
    remedy: "make a certificate with an RSA-2048 or P-256 key",
    explain: "What rustls, Go, OpenSSL, browsers and gRPC's Python package make of a certificate was \
              measured; certwright inspect shows it of any. Here stands what no other rule reports: \
              keys on secp256k1 or with explicit curve parameters nobody takes, RSA-PSS keys only \
              OpenSSL, Ed25519 and P-521 no browser; nor does everybody read each odd encoding. \
              Controllers written in Go (ingress-nginx, Traefik, Kong) load a certificate and key by \
              tls.X509KeyPair: what that refuses is not served at all, but their default \
              certificate in its place, which is an error. What no Ingress serves may be for a \
              client that takes it: it is told, for information, only where nobody would.",
    check,
};

/// Those that connect; Google's load balancer has rules of its own.
const CONNECTING: [Client; 5] =
    [Client::Rustls, Client::Go, Client::OpenSsl, Client::Browsers, Client::GrpcPython];

fn check(view: &View<'_>, found: &mut Findings) {
    let View { inventory, context, .. } = *view;
    let told = found.told();
    for secret in inventory.tls_secrets() {
        let Some(leaf) = secret.bundle.leaf() else { continue };
        let mut problems = clients::problems(&secret.bundle, context.now);
        if !view.is_on_gke(&secret.object) {
            for problem in &mut problems {
                problem.who.retain(|client| *client != Client::GkeLoadBalancer);
            }
        }
        let is_served = inventory.is_used(&secret.object);
        // What is for no server at all, such as a client's own certificate, need not name a host.
        problems.retain(|problem| {
            !problem.who.is_empty() && (is_served || !problem.told_by.contains(&"cn-only"))
        });
        let is_told =
            |problem: &Problem| problem.told_by.iter().any(|rule| told.of(rule, &secret.object));
        let (elsewhere, problems): (Vec<Problem>, Vec<Problem>) =
            problems.into_iter().partition(is_told);
        keep_in_mind_who_serves(inventory, secret, &elsewhere, found);
        found.extend(Refused::of(inventory, secret, leaf, problems).finding());
    }
}

/// What keeps certificate and key from being loaded is worse where it is served than another rule
/// can know.
fn keep_in_mind_who_serves(
    inventory: &Inventory,
    secret: &SecretFacts,
    told: &[Problem],
    found: &mut Findings,
) {
    let by_go = |floor: Severity, user| {
        floor.max(if loads_by_go(user) { Severity::Error } else { Severity::Warning })
    };
    let floor = inventory.users(&secret.object).fold(Severity::Info, by_go);
    for problem in told.iter().filter(|problem| problem.go_cannot_load) {
        for rule in problem.told_by {
            found.raise(rule, &secret.object, floor);
        }
    }
}

/// A certificate with what speaks against it.
struct Refused<'i> {
    inventory: &'i Inventory,
    secret: &'i SecretFacts,
    leaf: &'i Certificate,
    problems: Vec<Problem>,
    users: Vec<&'i Frontend>,
    /// Whether anything that it serves is gRPC: else nobody meets gRPC's Python package there.
    is_grpc: bool,
}

impl<'i> Refused<'i> {
    fn of(
        inventory: &'i Inventory,
        secret: &'i SecretFacts,
        leaf: &'i Certificate,
        mut problems: Vec<Problem>,
    ) -> Self {
        let users: Vec<&Frontend> = inventory.users(&secret.object).collect();
        let is_grpc = users.iter().any(|user| {
            let mut hosts = user.hosts_of(&secret.object).into_iter();
            hosts.any(|host| grpc(inventory, user, host).is_some())
        });
        problems.retain(|problem| is_grpc || problem.who != [Client::GrpcPython]);
        Self { inventory, secret, leaf, problems, users, is_grpc }
    }

    /// None where nothing is left to say, or for what no frontend serves and somebody takes.
    fn finding(&self) -> Option<Finding> {
        if self.problems.is_empty() {
            return None;
        }
        let accepting: Vec<Client> =
            CONNECTING.into_iter().filter(|client| !self.is_refused_by(*client)).collect();
        let ousted = self.problems.iter().any(|problem| problem.go_cannot_load);
        let ousted = self.users.iter().filter(|user| ousted && loads_by_go(user)).copied();
        let ousted: Vec<&Frontend> = ousted.collect();
        let severity = match (self.users.as_slice(), accepting.as_slice()) {
            ([], []) => Severity::Info,
            ([], _) => return None,
            (_, []) => Severity::Error,
            _ if !ousted.is_empty() => Severity::Error,
            _ => Severity::Warning,
        };
        let refusing = Client::ALL.into_iter().filter(|client| self.is_refused_by(*client));
        let finding = RULE
            .on(&certificate_place(&self.secret.object), self.message(&ousted))
            .severity(severity)
            .evidence("refusedBy", names(refusing))
            .evidence("acceptedBy", names(accepting.into_iter()))
            .evidence("keyType", &self.leaf.key_type)
            .evidence("sha256", self.leaf.fingerprint())
            .remedy(self.remedy());
        Some(finding.used_by(self.users.iter().copied()))
    }

    fn is_refused_by(&self, client: Client) -> bool {
        self.problems.iter().any(|problem| problem.who.contains(&client))
    }

    /// Each reason once, with who has it.
    fn message(&self, ousted: &[&Frontend]) -> String {
        let mut told: Vec<(&[Client], Vec<&str>)> = Vec::new();
        for problem in &self.problems {
            match told.iter_mut().find(|(who, _)| *who == problem.who.as_slice()) {
                Some((_, reasons)) => reasons.push(&problem.why),
                None => told.push((&problem.who, vec![&problem.why])),
            }
        }
        let mut parts: Vec<String> = told
            .into_iter()
            .map(|(who, reasons)| {
                let reasons = reasons.join("; ");
                if CONNECTING.iter().all(|client| who.contains(client)) {
                    return format!("no client accepts it: {reasons}");
                }
                let told = |client: &Client| self.is_grpc || *client != Client::GrpcPython;
                let who = who.iter().copied().filter(told);
                format!("refused by {}: {reasons}", names(who))
            })
            .collect();
        if let Some(class) = ousted.iter().find_map(|user| user.class.as_deref()) {
            parts.push(format!(
                "the controller of class {class}, written in Go, cannot load it and serves its default certificate instead"
            ));
        }
        parts.join("; ")
    }

    /// `rotate` keeps names and key type, which is no help where they are what is refused.
    fn remedy(&self) -> Remedy {
        let object = &self.secret.object;
        if let Some(remedy) = somebody_elses(self.inventory, self.secret) {
            return remedy;
        }
        if !self.leaf.self_signed {
            return remedy::import(object);
        }
        let living = living_names(self.leaf);
        let bad_names = [
            EncodingDefect::NameBeyondAscii,
            EncodingDefect::BadUri,
            EncodingDefect::StrangeName,
            EncodingDefect::BrokenName,
        ];
        if living.is_empty() || self.leaf.defects.iter().any(|defect| bad_names.contains(defect)) {
            return remedy::issue_anew(object, &living);
        }
        let remade = remade(self.inventory, object, Some(self.secret));
        let by_key = self.problems.iter().any(|problem| problem.told_by.contains(&"weak-key"));
        if by_key { remedy::with_makable_key(remade) } else { remade }
    }
}

/// Whether the controller of this frontend loads its certificates by Go's `tls.X509KeyPair`.
fn loads_by_go(frontend: &Frontend) -> bool {
    frontend.likely_controller().loads_pairs_with_go()
}

/// So many names are named in a command.
const NAMED: usize = 5;

fn living_names(leaf: &Certificate) -> Vec<String> {
    let alive = leaf.names.iter().filter_map(|name| match name {
        San::Dns(text) => name::check_dns_name(text).is_ok().then(|| text.clone()),
        San::Ip(address) => Some(format!("--ip {address}")),
        San::Email(_) | San::Uri(_) | San::Other(_) => None,
    });
    alive.take(NAMED).collect()
}

fn names(clients: impl Iterator<Item = Client>) -> String {
    clients.map(Client::as_str).collect::<Vec<_>>().join(", ")
}
