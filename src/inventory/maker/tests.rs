//! Who makes which Secret, by table.

use super::*;
use crate::inventory::selection::Selection;
use crate::observation::{MetaSeen, Observation, SecretSeen, TlsEntry};
use ring::rand::SystemRandom;

fn maker(kind: Kind, by: &'static str, name: &str, makes: Vec<Made>) -> MakerSeen {
    let object = ObjectRef::namespaced(kind, "shop", name);
    MakerSeen { object, by, told_by: "spec.secretName".to_owned(), makes, stuck: None }
}

fn made(namespace: Option<&str>, name: &str) -> Made {
    Made {
        namespace: namespace.map(str::to_owned),
        not_in: None,
        name: name.to_owned(),
        hashed: false,
    }
}

fn asks(key: &str, value: &str, tls: Vec<TlsEntry>) -> IngressSeen {
    IngressSeen {
        default_backend: None,
        object: ObjectRef::ingress("shop", "front"),
        meta: MetaSeen {
            annotations: [(key.to_owned(), value.to_owned())].into(),
            ..MetaSeen::default()
        },
        class_name: None,
        rules: Vec::new(),
        tls,
        addresses: Vec::new(),
    }
}

fn entry(host: &str, secret: &str) -> TlsEntry {
    TlsEntry { hosts: vec![host.to_owned()], secret_name: Some(secret.to_owned()) }
}

#[expect(clippy::disallowed_methods, reason = "absorbing wants randomness; none is used here")]
fn of(observations: Vec<Observation>) -> Inventory {
    let mut inventory = Inventory::new(Selection::default());
    for seen in observations {
        inventory.absorb(seen, &SystemRandom::new());
    }
    inventory
}

fn seen(maker: MakerSeen) -> Observation {
    Observation::Makers { searched: None, seen: vec![maker], unseen: Vec::new() }
}

fn secret(namespace: &str, name: &str, annotations: &[(&str, &str)]) -> Observation {
    let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    Observation::Secret(SecretSeen {
        object: ObjectRef::secret(namespace, name),
        meta: MetaSeen {
            annotations: annotations.iter().map(own).collect(),
            ..MetaSeen::default()
        },
        secret_type: "kubernetes.io/tls".to_owned(),
        immutable: false,
        data: BTreeMap::new(),
        not_base64: Vec::new(),
    })
}

fn owner<'i>(inventory: &'i Inventory, namespace: &str, name: &str) -> Option<&'i str> {
    Some(inventory.secret(namespace, name)?.owner.as_ref()?.name.as_str())
}

#[test]
fn an_ingress_asks_by_its_annotation_for_entries_with_hosts_and_a_secret() {
    for (key, value, by) in [
        ("cert-manager.io/issuer", "ca", Some("cert-manager")),
        ("cert-manager.io/cluster-issuer", "", Some("cert-manager")),
        ("kubernetes.io/tls-acme", "True", Some("cert-manager")),
        ("kubernetes.io/tls-acme", "yes", None),
        ("cert-manager.io/issuer-kind", "ClusterIssuer", None),
        ("haproxy-ingress.github.io/cert-signer", "acme", Some("haproxy-ingress")),
        ("cert.gardener.cloud/purpose", "managed", Some("Gardener cert-management")),
        ("acme.cert-manager.io/http01-edit-in-place", "true", None),
    ] {
        let hostless = TlsEntry { hosts: Vec::new(), secret_name: Some("hostless".to_owned()) };
        let nameless = TlsEntry { hosts: vec!["b".to_owned()], secret_name: None };
        let asked = asked_by(&asks(key, value, vec![entry("a", "web"), hostless, nameless]));
        assert_eq!(asked.as_ref().map(|maker| maker.by), by, "{key}: {value}");
        let names = asked.map(|maker| maker.makes.into_iter().map(|made| made.name));
        let names: Vec<String> = names.into_iter().flatten().collect();
        assert_eq!(names, if by.is_some() { vec!["web"] } else { vec![] }, "{key}");
    }
}

#[test]
fn cert_manager_makes_nothing_of_an_ingress_that_it_cannot_understand() {
    const CLUSTER: &str = "cert-manager.io/cluster-issuer";
    let (one, two) = (entry("a", "web"), entry("b", "web"));
    let hostless = TlsEntry { hosts: Vec::new(), secret_name: Some("web".to_owned()) };
    for (also, tls, why) in [
        ("", vec![one.clone(), entry("b", "api")], None),
        ("", vec![one.clone(), hostless], None),
        ("", vec![one.clone(), two], Some("the same Secret")),
        ("cert-manager.io/issuer", vec![one.clone()], Some("both")),
        ("cert-manager.io/issuer-kind", vec![one.clone()], Some("no issuer-kind")),
        ("cert-manager.io/common-name", vec![one.clone()], None),
    ] {
        let mut ingress = asks(CLUSTER, "ca", tls);
        ingress.meta.annotations.insert(also.to_owned(), "x".to_owned());
        let stuck = asked_by(&ingress).expect("it asks").stuck;
        let fits = match (stuck, why) {
            (Some(stuck), Some(why)) => stuck.why.contains(why),
            (stuck, why) => stuck.is_none() && why.is_none(),
        };
        assert!(fits, "{also}: {stuck:?}");
        let inventory = of(vec![Observation::Ingress(ingress)]);
        let maker = inventory.maker_of(&ObjectRef::secret("shop", "web")).expect("there is");
        assert_eq!(maker.told().contains("makes nothing"), why.is_some(), "{}", maker.told());
    }
}

#[test]
fn an_object_beside_an_unmarked_secret_owns_it_whichever_is_seen_first() {
    let certificate =
        || seen(maker(Kind::Certificate, "cert-manager", "web", vec![made(Some("shop"), "web")]));
    for observations in [
        vec![certificate(), secret("shop", "web", &[]), secret("blog", "web", &[])],
        vec![secret("shop", "web", &[]), secret("blog", "web", &[]), certificate()],
    ] {
        let inventory = of(observations);
        assert_eq!(owner(&inventory, "shop", "web"), Some("cert-manager"));
        assert_eq!(owner(&inventory, "blog", "web"), None);
    }
}

#[test]
fn a_mark_on_the_secret_counts_but_a_certificate_counts_before_that_of_a_copy() {
    let copy = [("reflector.v1.k8s.emberstack.com/reflects", "certs/web")];
    let helm = [("meta.helm.sh/release-name", "shop")];
    let made = || vec![made(Some("shop"), "web")];
    for (marks, kind, by, expected) in [
        (&copy[..], Kind::Certificate, "cert-manager", "cert-manager"),
        (&copy, Kind::SealedSecret, "Sealed Secrets", "Reflector"),
        (&helm, Kind::SealedSecret, "Sealed Secrets", "Helm release shop"),
        (&[], Kind::SealedSecret, "Sealed Secrets", "Sealed Secrets"),
    ] {
        let inventory =
            of(vec![secret("shop", "web", marks), seen(maker(kind, by, "web", made()))]);
        assert_eq!(owner(&inventory, "shop", "web"), Some(expected), "{marks:?}");
    }
}

#[test]
fn an_ingress_that_asks_no_more_leaves_the_secret_to_whom_it_was() {
    let ingress = |value: &str| {
        Observation::Ingress(asks("kubernetes.io/tls-acme", value, vec![entry("a", "web")]))
    };
    let copy = [("reflector.v1.k8s.emberstack.com/reflects", "certs/other")];
    for (marks, before, after) in
        [(&[][..], Some("cert-manager"), None), (&copy, Some("Reflector"), Some("Reflector"))]
    {
        let secret = || secret("shop", "web", marks);
        assert_eq!(owner(&of(vec![secret(), ingress("true")]), "shop", "web"), before);
        let inventory = of(vec![secret(), ingress("true"), ingress("false")]);
        assert_eq!(owner(&inventory, "shop", "web"), after);
    }
}

#[test]
fn kustomize_makes_the_name_with_its_hash_too_and_no_other() {
    let hashed = Made { hashed: true, ..made(None, "web") };
    let inventory = of(vec![seen(maker(Kind::Kustomization, "kustomize", "k", vec![hashed]))]);
    for (name, is_made) in [
        ("web", true),
        ("web-5f6h7k8m9t", true),
        ("web-5f6h7k8m9a", false),
        ("web-5f6h7k8m9", false),
        ("web-tls-5f6h7k8m9t", false),
        ("other", false),
    ] {
        let maker = inventory.maker_of(&ObjectRef::secret("any", name));
        assert_eq!(maker.is_some(), is_made, "{name}");
    }
}

#[test]
fn the_original_of_copies_of_one_name_is_not_made() {
    let cloned = Made { not_in: Some("certs".to_owned()), ..made(None, "web") };
    let policy = maker(Kind::ClusterPolicy, "Kyverno", "sync", vec![cloned]);
    let inventory = of(vec![secret("certs", "web", &[]), secret("shop", "web", &[]), seen(policy)]);
    assert_eq!(owner(&inventory, "certs", "web"), None);
    assert_eq!(owner(&inventory, "shop", "web"), Some("Kyverno"));
}

#[test]
fn who_is_named_without_a_namespace_is_looked_for_in_all() {
    let sealed =
        maker(Kind::SealedSecret, "Sealed Secrets", "web", vec![made(Some("shop"), "web")]);
    let inventory = of(vec![seen(sealed)]);
    let anywhere = ObjectRef { namespace: None, ..ObjectRef::secret("", "web") };
    assert!(inventory.maker_of(&anywhere).is_some());
    assert!(inventory.maker_of(&ObjectRef::secret("blog", "web")).is_none());
}
