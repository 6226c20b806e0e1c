//! Remedies: the command that mends an object, complete enough to be pasted into a shell, or the
//! sentence that says what is needed.
//!
//! Knows how certwright and kubectl are called, and that what was read from files is mended in
//! files. Refuses to know what is wrong.

use crate::gke::annotations::{PRE_SHARED_CERT, TOUCHED};
use crate::inventory::demand::IngressFacts;
use crate::inventory::frontend::Frontend;
use crate::inventory::owner::Owner;
use crate::inventory::{ByName, Inventory, SecretFacts, TLS_SECRET};
use crate::object_ref::{Kind, ObjectRef};
use crate::remedy::{self, CommandLine, Remedy};
use crate::x509::key_kind::KeyKind;

/// What `-f` calls standard input.
const STDIN: &str = "-";

/// `certwright rotate secret/web -n shop`, or with `-f` for what was read from a file.
#[must_use]
pub fn rotate(secret: &ObjectRef) -> Remedy {
    let rotate = format!("certwright rotate {}", word(&secret.short()));
    match &secret.place {
        Some(place) if place.path == STDIN => from_stdin(),
        Some(place) => {
            let rotate = CommandLine::local(rotate).of_namespace(secret.namespace());
            rewriting(rotate, secret, &place.path).text(" --in-place").into()
        }
        None => CommandLine::on_cluster(format!("{rotate}{}", in_namespace(secret))).into(),
    }
}

/// `rotate`, with the flags without which it would refuse: for data that is made from the pair, and
/// where the type of the key is one that is not made here.
#[must_use]
pub fn remade(secret: &SecretFacts) -> Remedy {
    if !secret.rare.named_otherwise.is_empty() {
        return under_the_keys_that_are_read(secret, None);
    }
    if let Some(place) =
        secret.object.place.as_ref().filter(|_| !secret.rare.missing_keys.is_empty())
    {
        if let Some(key) = &secret.rare.key_under {
            let file = file(&place.path);
            let text = format!("put the value of {key} in {file} under tls.key, where it is read");
            return text.into();
        }
        return format!(
            "write both tls.crt and tls.key into its data in {}, empty where there is no value: then it can be rotated",
            file(&place.path)
        )
        .into();
    }
    let mut rotate = rotate(&secret.object);
    // `rotate` makes the next size of RSA where it does not make this one.
    let makable = |kind: &KeyKind| kind.plain_rsa_bits().is_some() || kind.key_type().is_some();
    if secret.bundle.leaf().is_some_and(|leaf| !makable(&leaf.key_type)) {
        rotate = with_makable_key(rotate);
    }
    let derived = secret.rare.derived_keys.join(", ");
    if derived.is_empty() {
        return rotate;
    }
    rotate.with("--force").note(format!("{derived} must be regenerated afterwards"))
}

/// `the value of server.pem as tls.crt and that of privkey.pem as tls.key`: what stands under names
/// of its own, and where it belongs. What is the wrong way round would be swapped.
fn values_by_name(secret: &SecretFacts, hosts: &[&str], preposition: &str) -> String {
    let pair = |certificate: &str, key: &str| match key {
        _ if certificate == key => format!(
            "the certificates in {certificate} {preposition} tls.crt and the private key in it {preposition} tls.key"
        ),
        // Its key is where it belongs; a new Secret wants both.
        "tls.key" if preposition == "as" => {
            format!("the value of {certificate} as tls.crt and its tls.key as it is")
        }
        "tls.key" => format!("the value of {certificate} {preposition} tls.crt"),
        _ => format!(
            "the value of {certificate} {preposition} tls.crt and that of {key} {preposition} tls.key"
        ),
    };
    match secret.by_name(hosts) {
        ByName::Pair { certificate, key } => pair(certificate, key),
        ByName::Several(pairs) => {
            let pairs: Vec<String> = pairs
                .iter()
                .map(|(certificate, key)| format!("{certificate} with {key}"))
                .collect();
            format!(
                "one certificate and its key {preposition} tls.crt and tls.key, each in a Secret of its own ({})",
                pairs.join("; ")
            )
        }
        ByName::CertificateAlone(certificate) => format!(
            "the value of {certificate} {preposition} tls.crt and its private key {preposition} tls.key"
        ),
        ByName::KeyAlone(key) => format!(
            "the value of {key} {preposition} tls.key and its certificate {preposition} tls.crt"
        ),
        ByName::Unreadable { certificate, key } => format!(
            "the value of {certificate} {preposition} tls.crt and its private key, which that in {key} is not as it stands, {preposition} tls.key"
        ),
        ByName::NoneBelong(_) => format!(
            "a certificate and the key that it is for, of which those in it are none, {preposition} tls.crt and tls.key"
        ),
        ByName::Neither => {
            format!("a server's certificate and its key {preposition} tls.crt and tls.key")
        }
    }
}

/// The rotation with a key of the type that every client and load balancer takes; said once.
#[must_use]
pub fn with_makable_key(rotate: Remedy) -> Remedy {
    const KEY_TYPE: &str = "--key-type";
    let is_told = rotate.to_string().contains(KEY_TYPE);
    if is_told { rotate } else { rotate.with(&format!("{KEY_TYPE} rsa-2048")) }
}

/// The rotation of what is in one file, with another one read beside it: ` -f ingress.yaml`.
#[must_use]
pub fn beside_file(rotate: Remedy, read: &str) -> Remedy {
    if read == STDIN { rotate } else { rotate.with(&format!("-f {}", path(read))) }
}

/// What came through a pipe can be mended only where it came from.
fn from_stdin() -> Remedy {
    "it was read from standard input: keep the manifests in a file and read that with -f, and what \
     rewrites it there is said"
        .into()
}

/// The same with `--force`: what else stands in the place of certificate and key goes too.
#[must_use]
pub fn rotate_forced(secret: &ObjectRef) -> Remedy {
    rotate(secret).with("--force")
}

/// `certwright inspect secret/web -f web.yaml --fix-chain --in-place`: the certificates of a manifest
/// in order and alone, the key and all else as it is. None for what came through a pipe, and live,
/// where `import` writes.
#[must_use]
pub fn fix_chain_in_place(secret: &ObjectRef) -> Option<Remedy> {
    let place = secret.place.as_ref().filter(|place| place.path != STDIN)?;
    let fix = CommandLine::local(format!("certwright inspect {}", word(&secret.short())));
    let fix = fix.of_namespace(secret.namespace());
    Some(rewriting(fix, secret, &place.path).text(" --fix-chain --in-place").into())
}

/// ` -f web.yaml`, of what the line rewrites in it.
fn rewriting(line: CommandLine, secret: &ObjectRef, path: &str) -> CommandLine {
    line.rewriting((secret.namespace(), &secret.name), path)
}

/// That a certificate and its key are to be put into a Route, which holds them itself.
#[must_use]
pub fn into_route(route: &ObjectRef) -> Remedy {
    let place =
        route.place.as_ref().map_or_else(String::new, |place| format!(" in {}", place.path));
    format!(
        "put a new certificate, its key and its chain into certificate, key and caCertificate of \
         spec.tls of {}{place}; or name a Secret in externalCertificate, which rotate can renew",
        route.short()
    )
    .into()
}

/// That a certificate and its key are to be put there, by somebody who has them.
#[must_use]
pub fn import(secret: &ObjectRef) -> Remedy {
    match &secret.place {
        Some(place) => format!(
            "put a certificate and the key it is for in place of those in {}; import --dry-run=client -o yaml prints both as a manifest",
            file(&place.path)
        ),
        None => format!(
            "replace both with a certificate and the key it is for: import {} --replace takes them from files",
            secret.name
        ),
    }
    .into()
}

/// `certwright import web -n shop --cert <(…) --key <(…) --replace`: what is there with another
/// certificate, which `certificate` prints. The key goes through a pipe, into no file.
#[must_use]
pub fn import_certificate(secret: &ObjectRef, certificate: CommandLine) -> Remedy {
    import_with_key_of(secret, &secret.name, certificate).text(" --replace").into()
}

/// `certwright import web-2 -n shop --cert <(…) --key <(…)`: the same in a second Secret.
#[must_use]
pub fn import_copy(secret: &ObjectRef, name: &str) -> CommandLine {
    import_with_key_of(secret, name, stored_certificate(secret))
}

fn import_with_key_of(secret: &ObjectRef, name: &str, certificate: CommandLine) -> CommandLine {
    let (name, namespace) = (word(name), in_namespace(secret));
    CommandLine::on_cluster(format!("certwright import {name}{namespace}"))
        .text(" --cert")
        .output_of(certificate)
        .text(" --key")
        .output_of(stored(secret, "tls.key"))
}

/// `certwright issue shop.example --secret web -n shop --force`, or, for what was read from a file,
/// the same as a manifest. `names` are arguments of `issue`; where there are none the user has to
/// say them.
#[must_use]
pub fn issue_anew(secret: &ObjectRef, names: &[String]) -> Remedy {
    let issue = |flags: &str| issue_secret(secret, names).map(|line| line.text(flags));
    let made = match &secret.place {
        // It prints the manifest that is to stand in the old one's place.
        Some(_) => issue(" --dry-run=client -o yaml"),
        None => issue(" --force"),
    };
    let made = made.map(Remedy::from);
    made.unwrap_or_else(|| {
        format!("make a certificate for its host names with issue --secret {}", secret.name).into()
    })
}

/// `certwright issue shop.example --secret web -n shop`, where names are known.
#[must_use]
pub fn issue_secret(secret: &ObjectRef, names: &[String]) -> Option<CommandLine> {
    let plain = |name: &String| name.split(' ').map(word).collect::<Vec<_>>().join(" ");
    let names: Vec<String> = names.iter().map(plain).collect();
    if names.is_empty() {
        return None;
    }
    let text = format!(
        "certwright issue {} --secret {}{}",
        names.join(" "),
        word(&secret.name),
        in_namespace(secret)
    );
    Some(match secret.place {
        Some(_) => CommandLine::local(text),
        None => CommandLine::on_cluster(text),
    })
}

/// `certwright issue …` and then `kubectl patch …`, which names that Secret in the Ingress; none where
/// no host is known, or where the Ingress stands in a file.
#[must_use]
pub fn issue_and_patch(
    ingress: &ObjectRef,
    hosts: &[&str],
    secret: &str,
    patch: &impl std::fmt::Display,
) -> Option<Remedy> {
    if ingress.place.is_some() {
        return None;
    }
    let words = format!(
        "make a certificate for {} with issue --secret {secret}, and name that in spec.tls",
        hosts.join(", ")
    );
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let issue = issue_secret(&ObjectRef::secret(ingress.namespace(), secret), &hosts)?;
    Some(issue.and(kubectl_patch(ingress, "json", patch, words)).into())
}

/// `kubectl patch ingress web -n shop --type=json -p …`, and the same in words, for what somebody else
/// deploys.
#[must_use]
pub fn kubectl_patch(
    object: &ObjectRef,
    kind: &str,
    patch: &impl std::fmt::Display,
    words: impl Into<String>,
) -> CommandLine {
    CommandLine::on_cluster(format!(
        "kubectl patch {} {}{} --type={kind} -p {}",
        object.kind.word(),
        word(&object.name),
        in_namespace(object),
        word(&patch.to_string())
    ))
    .changing((object.kind.word(), object.namespace(), &object.name), words)
}

/// What to do instead of a command that changes what somebody else deploys and puts back, with what
/// is to be known beside it; the remedy itself where it changes nothing of that kind.
#[must_use]
pub fn for_its_owner(inventory: &Inventory, mut remedy: Remedy) -> Remedy {
    let Some(instead) = where_it_comes_from(inventory, &remedy) else { return remedy };
    match remedy.take_note() {
        Some(note) => instead.note(note),
        None => instead,
    }
}

/// What to do instead of a command that changes what somebody else deploys and puts back; none where
/// it changes nothing of that kind.
pub(super) fn where_it_comes_from(inventory: &Inventory, remedy: &Remedy) -> Option<Remedy> {
    remedy.changes().find_map(|change| {
        let (kind, namespace, name) = &change.object;
        let kind = CHANGED.iter().find(|known| known.word() == kind)?;
        let object = ObjectRef::namespaced(*kind, namespace.as_str(), name.as_str());
        let owner = inventory.deployer(&object)?;
        Some(
            format!(
                "{}, where {} gets {} from: on the cluster it is changed back ({})",
                change.words,
                owner.name,
                object.short(),
                owner.mark
            )
            .into(),
        )
    })
}

/// Kinds of what commands change in place.
const CHANGED: &[Kind] = &[
    Kind::Ingress,
    Kind::Service,
    Kind::BackendConfig,
    Kind::FrontendConfig,
    Kind::ManagedCertificate,
];

/// What to do instead of changing a Secret that somebody owns. A copy is changed by its original,
/// and that by its own owner, where it has one: by a command where both were seen.
#[must_use]
pub fn from_owner(inventory: &Inventory, owner: &Owner) -> Remedy {
    let original = owner.copy_of.as_ref();
    let original =
        original.and_then(|original| inventory.secret(original.namespace(), &original.name));
    match original {
        Some(SecretFacts { owner: Some(of_original), .. }) => of_original.remedy.clone(),
        Some(original) if original.bundle.leaf().is_some_and(|leaf| leaf.self_signed) => {
            rotate(&original.object)
        }
        Some(original) => import_renewed(&original.object)
            .note(format!("the original is {}", original.object.apart())),
        None => owner.remedy.clone(),
    }
}

/// That certificate and key, which stand under keys of other names, are to stand under those that are
/// read; the type of a Secret cannot be changed, so that another type takes another Secret, which
/// `frontend` then names.
#[must_use]
pub fn under_the_keys_that_are_read(secret: &SecretFacts, frontend: Option<&Frontend>) -> Remedy {
    let hosts = frontend.map_or_else(Vec::new, |frontend| frontend.hosts_of(&secret.object));
    if secret.secret_type() == TLS_SECRET {
        return format!("put {}", values_by_name(secret, &hosts, "under")).into();
    }
    let name = frontend.map_or_else(String::new, |frontend| {
        format!(", and name that in spec.tls of {}", frontend.object.short())
    });
    format!(
        "make a new Secret of type {TLS_SECRET} with {}{name}; import takes them from files",
        values_by_name(secret, &hosts, "as")
    )
    .into()
}

/// That the issuer has to renew the certificate first.
#[must_use]
pub fn import_renewed(secret: &ObjectRef) -> Remedy {
    match &secret.place {
        Some(place) => format!(
            "get a renewed certificate from its issuer and put it with its key into {}",
            file(&place.path)
        ),
        None => format!(
            "get a renewed certificate from its issuer, then put it in with import {} --replace",
            secret.name
        ),
    }
    .into()
}

/// `certwright inspect secret/web -n shop --fix-chain`, or the same of a file.
#[must_use]
pub fn inspect(object: &ObjectRef, flags: &str) -> CommandLine {
    match object.kind {
        Kind::File => {
            CommandLine::local(format!("certwright inspect {} {flags}", path(&object.name)))
        }
        _ => CommandLine::on_cluster(format!(
            "certwright inspect {}{} {flags}",
            word(&object.short()),
            in_namespace(object)
        )),
    }
}

/// What stands under `tls.crt`, as `kubectl` reads it.
#[must_use]
pub fn stored_certificate(secret: &ObjectRef) -> CommandLine {
    stored(secret, "tls.crt")
}

/// `kubectl get secret web -n shop -o 'jsonpath={.data.tls\.crt}' | base64 -d`.
fn stored(secret: &ObjectRef, key: &str) -> CommandLine {
    CommandLine::on_cluster(format!(
        "kubectl get secret {}{} -o 'jsonpath={{.data.{}}}'",
        word(&secret.name),
        in_namespace(secret),
        key.replace('.', "\\.")
    ))
    .text(" | base64 -d")
}

/// `certwright managed set-domains web a.example b.example -n shop`. In words it is what that does, for
/// other domains in place would take HTTPS down.
#[must_use]
pub fn set_domains(managed: &ObjectRef, domains: &[String]) -> CommandLine {
    let words = format!(
        "make a second ManagedCertificate for {}, name both in the Ingress, and when the second is \
         Active remove the name of {} from the Ingress, then delete it",
        domains.join(", "),
        managed.name
    );
    let domains: Vec<String> = domains.iter().map(|domain| word(domain)).collect();
    CommandLine::on_cluster(format!(
        "certwright managed set-domains {} {}{}",
        word(&managed.name),
        domains.join(" "),
        in_namespace(managed)
    ))
    .changing((managed.kind.word(), managed.namespace(), &managed.name), words)
}

/// `check --dns ingress/web -n shop`, for a sentence: what shows what DNS says of its hosts, and mends
/// nothing.
#[must_use]
pub fn check_dns(ingress: &ObjectRef) -> String {
    let check = format!("check --dns {}", word(&ingress.short()));
    match &ingress.place {
        Some(place) => format!("{check} -f {}", path(&place.path)),
        None => format!("{check}{}", in_namespace(ingress)),
    }
}

/// The command that wakes GKE's controller, which does not watch Secrets.
#[must_use]
pub fn touch(ingress: &ObjectRef) -> CommandLine {
    let (kind, name) = (ingress.kind.word(), word(&ingress.name));
    let namespace = in_namespace(ingress);
    CommandLine::on_cluster(format!(
        "kubectl annotate --overwrite {kind} {name}{namespace} {TOUCHED}=\"$(date +%s)\""
    ))
}

/// `kubectl annotate --overwrite service web -n shop KEY=VALUE`, or the same in a sentence about a file.
/// An empty value takes the annotation away.
#[must_use]
pub fn set_annotation(object: &ObjectRef, key: &str, value: &str) -> Remedy {
    if value.is_empty() {
        return without_annotation(object, key);
    }
    if let Some(place) = &object.place {
        return format!("set the annotation {key}: {} in {}", word(value), place.path).into();
    }
    let (kind, name) = (object.kind.word(), word(&object.name));
    let namespace = in_namespace(object);
    let value = word(value);
    CommandLine::on_cluster(format!(
        "kubectl annotate --overwrite {kind} {name}{namespace} {key}={value}"
    ))
    .changing(
        (kind, object.namespace(), &object.name),
        format!("set the annotation {key}: {value}"),
    )
    .into()
}

/// Takes these names out of those that the Ingress's load balancer is to serve; the others stay.
#[must_use]
pub fn without_pre_shared(ingress: &IngressFacts, gone: &[&str]) -> Remedy {
    let kept = ingress.items_without(PRE_SHARED_CERT, gone);
    set_annotation(&ingress.frontend.object, PRE_SHARED_CERT, &kept)
}

/// `kubectl annotate service web -n shop KEY-`, or the same in a sentence about a file.
#[must_use]
pub fn without_annotation(object: &ObjectRef, key: &str) -> Remedy {
    if let Some(place) = &object.place {
        return format!("remove the annotation {key} from {}", file(&place.path)).into();
    }
    let (kind, name) = (object.kind.word(), word(&object.name));
    let namespace = in_namespace(object);
    CommandLine::on_cluster(format!("kubectl annotate {kind} {name}{namespace} {key}-"))
        .changing((kind, object.namespace(), &object.name), format!("remove the annotation {key}"))
        .into()
}

/// `kubectl get service web -n shop -o yaml --show-managed-fields`: who writes which of its fields.
#[must_use]
pub fn show_managers(object: &ObjectRef) -> Remedy {
    let (kind, name) = (object.kind.word(), word(&object.name));
    let get = format!("kubectl get {kind} {name}{}", in_namespace(object));
    CommandLine::on_cluster(format!("{get} -o yaml --show-managed-fields")).into()
}

/// `certwright verify web -n shop --wait`, which ends when every address of these Ingresses serves what is
/// stored, or after ten minutes; none where there is none. Of several namespaces all are looked at.
#[must_use]
pub fn verify_all_until_served(ingresses: &[ObjectRef]) -> Option<CommandLine> {
    let (first, others) = ingresses.split_first()?;
    Some(until_served(first, others))
}

/// The same for one Ingress.
#[must_use]
pub fn verify_until_served(ingress: &ObjectRef) -> CommandLine {
    until_served(ingress, &[])
}

fn until_served(first: &ObjectRef, others: &[ObjectRef]) -> CommandLine {
    let within = if others.iter().all(|other| other.namespace == first.namespace) {
        let all = std::iter::once(first).chain(others);
        let name = |frontend: &ObjectRef| match frontend.kind {
            Kind::Ingress => word(&frontend.name),
            _ => word(&frontend.short()),
        };
        let names: Vec<_> = all.map(name).collect();
        format!("{}{}", names.join(" "), in_namespace(first))
    } else {
        "-A".to_owned()
    };
    CommandLine::with_handshakes(format!("certwright verify {within} --wait --timeout 10m"))
}

/// The command that renews what is due: in the namespace of an object, or in all.
#[must_use]
pub fn rotate_due(beside: Option<&ObjectRef>) -> CommandLine {
    let within = beside.map_or_else(|| " -A".to_owned(), in_namespace);
    CommandLine::on_cluster(format!("certwright rotate --due{within}"))
}

/// ` -n shop`.
#[must_use]
pub fn in_namespace(object: &ObjectRef) -> String {
    object
        .namespace
        .as_deref()
        .map_or_else(String::new, |namespace| format!(" -n {}", word(namespace)))
}

/// The text as one word of a POSIX shell, for what a rule puts into a command.
#[must_use]
pub fn word(text: &str) -> String {
    remedy::word(text)
}

/// A path as a word that no program takes for a flag.
fn path(path: &str) -> String {
    remedy::path(path)
}

/// A path in a sentence.
fn file(path: &str) -> &str {
    if path == STDIN { "what came in on standard input" } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object_ref::Place;

    fn in_file(path: &str) -> ObjectRef {
        let place = Place {
            path: path.into(),
            document: 0,
            of_many: false,
            item: None,
            line: 1,
            source: None,
        };
        ObjectRef::secret("shop", "web").at(Some(place))
    }

    #[test]
    fn a_remedy_names_the_namespace_or_the_file() {
        let secret = ObjectRef::secret("shop", "web");
        assert_eq!(rotate(&secret).to_string(), "certwright rotate secret/web -n shop");
        for (path, word) in [("my files/a.yaml", "'my files/a.yaml'"), ("-a.yaml", "./-a.yaml")] {
            assert_eq!(
                rotate(&in_file(path)).to_string(),
                format!("certwright rotate secret/web -f {word} --in-place")
            );
        }
    }

    #[test]
    fn what_came_through_a_pipe_is_mended_by_no_command() {
        assert!(!rotate(&in_file("-")).is_command());
    }

    #[test]
    fn what_needs_files_of_the_user_is_a_sentence() {
        for secret in [ObjectRef::secret("shop", "web"), in_file("a.yaml")] {
            for remedy in [import(&secret), import_renewed(&secret), issue_anew(&secret, &[])] {
                assert!(!remedy.is_command(), "{remedy}");
            }
        }
    }
}
