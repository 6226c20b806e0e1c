//! Tables of what is planned for ManagedCertificates.

use super::*;
use crate::gke::annotations::{INGRESS_CLASS, PRE_SHARED_CERT, SSL_CERT, TOUCHED};
use crate::gke::load_balancer::HTTPS_FORWARDING_RULE;
use crate::inventory::Inventory;
use crate::inventory::testing::{Given, of_objects, warn};
use crate::object_ref::Kind;
use crate::plan::goal::{Goal, Next};
use crate::plan::step::{FieldChange, Plan, Step};
use crate::remedy::Advice;
use time::{Duration, OffsetDateTime};

fn certificate(status: Value) -> Given<'static> {
    let object = ObjectRef::namespaced(Kind::ManagedCertificate, "shop", "web");
    (object, &[], json!({"domains": ["a.example"]}), status)
}

fn ingress<'g>(annotations: &'g [(&'g str, &'g str)]) -> Given<'g> {
    (ObjectRef::ingress("shop", "web"), annotations, json!({}), Value::Null)
}

#[test]
fn a_certificate_that_no_ingress_names_is_hopeless() {
    let inventory = of_objects(vec![certificate(Value::Null)]);
    let statuses = statuses(&inventory);
    let Advice { message, .. } = statuses[0].hopeless().expect("it is hopeless");
    assert!(message.contains("no Ingress names it"), "{message}");
}

#[test]
fn domains_edited_in_place_are_left_to_who_deploys_the_certificate_or_its_ingress() {
    const HELM: (&str, &str) = ("meta.helm.sh/release-name", "search");
    let status = json!({
        "certificateName": "mcrt-1", "certificateStatus": "Active",
        "domainStatus": [{"domain": "b.example", "status": "Active"}],
    });
    let named = (MANAGED_CERTIFICATES, "web");
    for (of_certificate, of_ingress, expected) in [
        (&[][..], &[named][..], "certwright managed set-domains web a.example -n shop"),
        (
            &[HELM],
            &[named],
            "make a second ManagedCertificate for a.example, name both in the Ingress, and when the second is Active remove the name of web from the Ingress, then delete it, where Helm release search gets managedcertificate/web from",
        ),
        (
            &[],
            &[named, HELM],
            "name in its annotation networking.gke.io/managed-certificates a second ManagedCertificate for a.example, where Helm release search gets ingress/web from",
        ),
    ] {
        let (object, _, spec, _) = certificate(Value::Null);
        let certificate = (object, of_certificate, spec, status.clone());
        let inventory = of_objects(vec![certificate, ingress(of_ingress)]);
        let told = statuses(&inventory)[0].hopeless().expect("it was edited").remedy;
        assert!(told.to_string().starts_with(expected), "{told}");
    }
}

#[test]
fn a_certificate_is_attached_when_the_load_balancer_says_that_it_serves_it() {
    let status = json!({"certificateName": "mcrt-1", "certificateStatus": "Provisioning"});
    for (shared, served, rule, expected) in [
        ("mcrt-0,mcrt-1", "mcrt-0,mcrt-1", "k8s2-fs-1", Attachment::Served),
        // What stands on the Ingress was only asked for.
        ("mcrt-0,mcrt-1", "mcrt-0", "k8s2-fs-1", Attachment::Named),
        ("mcrt-1", "mcrt-1", "", Attachment::Named),
        ("mcrt-0", "", "", Attachment::Unknown),
        ("", "", "", Attachment::Unknown),
    ] {
        let annotations = [
            (MANAGED_CERTIFICATES, "other, web"),
            (PRE_SHARED_CERT, shared),
            (SSL_CERT, served),
            (HTTPS_FORWARDING_RULE, rule),
        ];
        let inventory = of_objects(vec![certificate(status.clone()), ingress(&annotations)]);
        let statuses = statuses(&inventory);
        assert_eq!(statuses[0].ingresses[0].1, expected, "{shared} {served}");
        assert_eq!(statuses[0].is_attached(), expected == Attachment::Served);
        assert_eq!(statuses[0].hopeless(), None);
    }
}

#[test]
fn naming_a_certificate_keeps_the_names_that_are_there() {
    let inventory = of_objects(vec![ingress(&[(MANAGED_CERTIFICATES, "old")])]);
    let object = ObjectRef::namespaced(Kind::ManagedCertificate, "shop", "web");
    let to = ObjectRef::ingress("shop", "web");
    let domains = ["a.example".to_owned()];
    let plan = create(&inventory, &object, &domains, Some(&to), OffsetDateTime::UNIX_EPOCH);
    let Some(Step::PatchObject(patch)) = plan.steps.get(1) else { panic!("{plan:?}") };
    assert_eq!(patch.patch["metadata"]["annotations"][MANAGED_CERTIFICATES], "old,web");
    assert_eq!(patch.resource_version.as_deref(), Some("7"));
}

/// What stands on the Ingress: the certificates it names, their names at Google, and those served.
#[derive(Clone, Copy, Default)]
struct Carried<'c> {
    named: &'c str,
    shared: &'c str,
    served: &'c str,
}

fn member(name: &str, domain: &str, status: Value) -> Given<'static> {
    let object = ObjectRef::namespaced(Kind::ManagedCertificate, "shop", name);
    let marks: &[(&str, &str)] = &[(REPLACES, "web"), (MADE_AFTER, "uid-web")];
    let mark = if name == "web" { &[] } else { marks };
    (object, mark, json!({ "domains": [domain] }), status)
}

fn active(certificate: &str, domain: &str) -> Value {
    json!({
        "certificateName": certificate, "certificateStatus": "Active",
        "domainStatus": [{ "domain": domain, "status": "Active" }],
    })
}

fn family(members: Vec<Given<'_>>, carried: Carried<'_>) -> Inventory {
    let rule = if carried.served.is_empty() { "" } else { "k8s2-fs-1" };
    let annotations = [
        (MANAGED_CERTIFICATES, carried.named),
        (PRE_SHARED_CERT, carried.shared),
        (SSL_CERT, carried.served),
        (HTTPS_FORWARDING_RULE, rule),
    ];
    of_objects(members.into_iter().chain([ingress(&annotations)]).collect())
}

/// The certificate that takes over from `web` for b.example.
const NEW: &str = "web-e8d39256";

fn change() -> SetDomains {
    let name = ObjectRef::namespaced(Kind::ManagedCertificate, "shop", "web");
    SetDomains::new(name, vec!["b.example".to_owned()], true)
}

/// What comes next, as `action name`.
fn steps(goal: &mut SetDomains, inventory: &Inventory, seconds: i64) -> String {
    let show = |step: &Step| match step {
        Step::PatchObject(patch) => {
            let FieldChange { field, after, .. } = &patch.changes[0];
            match field.strip_prefix("annotation ") {
                Some(MANAGED_CERTIFICATES) => format!("list becomes {after}"),
                Some(PRE_SHARED_CERT) => format!("names become {after:?}"),
                Some(TOUCHED) => format!("touch {}", patch.object.short()),
                _ => format!("{field} becomes {after}"),
            }
        }
        step => format!("{} {}", step.action(), step.object().name),
    };
    let shown = |plan: &Plan| plan.steps.iter().map(show).collect::<Vec<_>>().join(", ");
    match goal.next(inventory, OffsetDateTime::UNIX_EPOCH + Duration::seconds(seconds)) {
        Next::Act { plan, .. } => shown(&plan),
        Next::Wait { plan, .. } if plan.steps.is_empty() => "waits".to_owned(),
        Next::Wait { plan, .. } => format!("waits, {}", shown(&plan)),
        Next::Done { .. } => "done".to_owned(),
        Next::Hopeless { advice, .. } => format!("hopeless: {}", advice.message),
        Next::Refused(plan) => format!("refused: {}", plan.refused[0].message),
    }
}

#[test]
fn domains_change_by_a_second_certificate_and_the_first_goes_only_when_that_serves() {
    let old = || member("web", "a.example", active("mcrt-old", "a.example"));
    let new = |status| member(NEW, "b.example", status);
    let unknown = || new(Value::Null);
    let issuing =
        || new(json!({ "certificateName": "mcrt-new", "certificateStatus": "Provisioning" }));
    let issued = || new(active("mcrt-new", "b.example"));
    let both_named = format!("web,{NEW}");
    let old_carried = Carried { named: "web", shared: "mcrt-old", served: "mcrt-old" };
    let named = Carried { named: &both_named, ..old_carried };
    let listed = Carried { shared: "mcrt-new,mcrt-old", ..named };
    let served = Carried { served: "mcrt-new,mcrt-old", ..listed };
    let detached = Carried { named: NEW, ..served };
    let clean = Carried { named: NEW, shared: "mcrt-new", served: "mcrt-new" };
    for (state, members, carried, expected) in [
        ("at first", vec![old()], old_carried, format!("create {NEW}")),
        // A name that Google never makes would stay on the Ingress.
        ("made, unknown to Google", vec![old(), unknown()], old_carried, "waits".to_owned()),
        ("made", vec![old(), issuing()], old_carried, format!("list becomes web,{NEW}")),
        ("issuing", vec![old(), issuing()], named, "waits".to_owned()),
        (
            "on the load balancer",
            vec![old(), issuing()],
            served,
            // It may have come there a moment before.
            "waits".to_owned(),
        ),
        ("Active, only asked for", vec![old(), issued()], listed, "waits".to_owned()),
        ("Active and served", vec![old(), issued()], served, format!("list becomes {NEW}")),
        ("detached", vec![old(), issued()], detached, "delete web".to_owned()),
        ("deleted, its name is there", vec![issued()], detached, "waits".to_owned()),
        ("done", vec![issued()], clean, "done".to_owned()),
    ] {
        let inventory = family(members, carried);
        assert_eq!(steps(&mut change(), &inventory, 0), expected, "{state}");
    }
}

#[test]
fn a_name_that_nobody_takes_out_is_taken_out_once_it_has_been_waited_for() {
    let issued = || vec![member(NEW, "b.example", active("mcrt-new", "b.example"))];
    let carried = |shared, served| Carried { named: NEW, shared, served };
    let dangling = family(issued(), carried("mcrt-gone,mcrt-new", "mcrt-new"));
    let mut goal = change();
    let told: Vec<String> =
        [0, 2, 5, 6, 20].map(|seconds| steps(&mut goal, &dangling, seconds)).into();
    let touched = "waits, touch ingress/web";
    assert_eq!(told, ["waits", touched, "waits", touched, "names become \"mcrt-new\""]);
    // One that is served is a certificate of somebody's choice, unless this run has let it go.
    let chosen = family(issued(), carried("mcrt-gone,mcrt-new", "mcrt-gone,mcrt-new"));
    let mut goal = change();
    let told: Vec<String> = [0, 60, 90].map(|seconds| steps(&mut goal, &chosen, seconds)).into();
    assert_eq!(told, ["waits", touched, "done"]);
    let mut goal = change();
    let old = member("web", "a.example", active("mcrt-gone", "a.example"));
    let both = family(
        issued().into_iter().chain([old]).collect(),
        carried("mcrt-gone,mcrt-new", "mcrt-gone,mcrt-new"),
    );
    assert_eq!(steps(&mut goal, &both, 0), "delete web");
    assert_eq!(steps(&mut goal, &chosen, 1), "waits");
    assert_eq!(steps(&mut goal, &chosen, 21), "names become \"mcrt-new\"");
    // While a certificate has not told its name, an unknown one may be that.
    let nameless = ObjectRef::namespaced(Kind::ManagedCertificate, "shop", "other");
    let nameless = (nameless, &[][..], json!({ "domains": ["c.example"] }), Value::Null);
    let unsure = family(
        issued().into_iter().chain([nameless]).collect(),
        carried("mcrt-gone,mcrt-new", "mcrt-new"),
    );
    assert_eq!(steps(&mut change(), &unsure, 0), "done");
}

#[test]
fn of_two_runs_at_once_the_earlier_refuses() {
    let old = || member("web", "a.example", active("mcrt-old", "a.example"));
    let own = || member(NEW, "b.example", Value::Null);
    let rival = || member("web-ffffffff", "c.example", Value::Null);
    let carried = Carried { named: "web", shared: "mcrt-old", served: "mcrt-old" };
    let mut goal = change();
    assert_eq!(steps(&mut goal, &family(vec![old()], carried), 0), format!("create {NEW}"));
    let told = steps(&mut goal, &family(vec![old(), own(), rival()], carried), 1);
    assert!(told.starts_with("refused: another run of managed set-domains has begun"), "{told}");
    // In one second the name decides, unless the other run began with this one's in view.
    for (name, mark, refuses) in [
        ("web-00000000", "uid-web", false),
        ("web-00000000", "uid-web,uid-web-e8d39256", true),
        ("web-ffffffff", "uid-web", true),
    ] {
        let marks = [(REPLACES, "web"), (MADE_AFTER, mark)];
        let (object, _, spec, status) = member(name, "c.example", Value::Null);
        let other = (object, &marks[..], spec, status);
        let mut goal = change();
        steps(&mut goal, &family(vec![old()], carried), 0);
        let told = steps(&mut goal, &family(vec![old(), own(), other], carried), 1);
        assert_eq!(told.starts_with("refused: another run"), refuses, "{name} {mark}: {told}");
    }
    // What was there at the first look is what an earlier run has left behind.
    let mut goal = change();
    assert_eq!(steps(&mut goal, &family(vec![old(), own(), rival()], carried), 0), "waits");
}

#[test]
fn a_certificate_that_google_has_given_up_is_replaced_by_one_for_the_same_domains() {
    let failed = |name, certificate: &str| {
        let status = json!({
            "certificateName": certificate, "certificateStatus": "ProvisioningFailedPermanently",
        });
        member(name, "b.example", status)
    };
    let carried = Carried { named: "web", shared: "mcrt-old", served: "mcrt-old" };
    let told = steps(&mut change(), &family(vec![failed("web", "mcrt-old")], carried), 0);
    let second = told.strip_prefix("create web-").expect("another one is made");
    assert_ne!(format!("web-{second}"), NEW, "its name is not that of the first for them");
    let again = steps(&mut change(), &family(vec![failed("web", "mcrt-old")], carried), 0);
    assert_eq!(again, told, "a run that was cut short finds its own");
    // One that fails while it is waited for ends the wait; there is no old one that serves on.
    let mut goal = change();
    let inventory = family(vec![member("web", "b.example", Value::Null)], carried);
    assert_eq!(steps(&mut goal, &inventory, 0), "waits");
    let told = steps(&mut goal, &family(vec![failed("web", "mcrt-old")], carried), 1);
    assert!(told.starts_with("hopeless: managedcertificate/web cannot become Active"), "{told}");
    assert!(!told.contains("serves on"), "{told}");
}

#[test]
fn domains_that_were_edited_in_place_are_put_back_and_given_time() {
    let edited = |mark: &'static [(&'static str, &'static str)]| -> Given<'static> {
        let object = ObjectRef::namespaced(Kind::ManagedCertificate, "shop", "web");
        let domains = json!({ "domains": ["a.example", "b.example"] });
        (object, mark, domains, active("mcrt-old", "a.example"))
    };
    let carried = Carried { named: "web", shared: "mcrt-old", served: "mcrt-old" };
    let mut goal = change();
    let told = steps(&mut goal, &family(vec![edited(&[])], carried), 0);
    assert_eq!(told, "spec.domains becomes a.example");
    let restored = || {
        let mark = &[(RESTORED, "1970-01-01T00:00:00Z")];
        let (object, _, _, status) = edited(&[]);
        (object, &mark[..], json!({ "domains": ["a.example"] }), status)
    };
    // That the spec already says what is wanted makes no certificate of it.
    let name = ObjectRef::namespaced(Kind::ManagedCertificate, "shop", "web");
    let both = vec!["a.example".to_owned(), "b.example".to_owned()];
    let mut wanted = SetDomains::new(name, both, true);
    let told = steps(&mut wanted, &family(vec![edited(&[])], carried), 0);
    assert_eq!(told, "spec.domains becomes a.example");
    let restored_to_a = || {
        let (object, _, _, status) = edited(&[]);
        (object, &[][..], json!({ "domains": ["a.example"] }), status)
    };
    let told = steps(&mut wanted, &family(vec![restored_to_a()], carried), 600);
    assert!(told.starts_with("create web-"), "{told}");
    // Until Google's controller has seen it, a change of the Ingress would take HTTPS down.
    for (seconds, expected) in [(1, "waits"), (179, "waits"), (180, "create web-e8d39256")] {
        let told = steps(&mut goal, &family(vec![restored()], carried), seconds);
        assert_eq!(told, expected, "{seconds}");
        // Another run knows it by the mark.
        let told = steps(&mut change(), &family(vec![restored()], carried), seconds);
        assert_eq!(told, expected, "{seconds}");
    }
}

#[test]
fn a_certificate_that_is_only_named_alike_is_never_touched() {
    let certificate = |name: &str, domain: &str| -> Given<'static> {
        let object = ObjectRef::namespaced(Kind::ManagedCertificate, "shop", name);
        (object, &[], json!({ "domains": [domain] }), active(&format!("mcrt-{name}"), domain))
    };
    let annotations = [(MANAGED_CERTIFICATES, "web,web-20260101")];
    let alike = certificate("web-20260101", "b.example");
    let inventory = of_objects(vec![certificate("web", "a.example"), alike, ingress(&annotations)]);
    assert_eq!(steps(&mut change(), &inventory, 0), format!("create {NEW}"));
    let taken = certificate(NEW, "c.example");
    let inventory = of_objects(vec![certificate("web", "a.example"), taken, ingress(&annotations)]);
    let told = steps(&mut change(), &inventory, 0);
    assert!(told.starts_with("refused: it is there without the annotation"), "{told}");
}

#[test]
fn domains_change_only_where_googles_controller_looks() {
    let here = |class: &'static str, names: &'static str| -> Given<'static> {
        let annotations =
            Box::leak(Box::new([(INGRESS_CLASS, class), (MANAGED_CERTIFICATES, names)]));
        (ObjectRef::ingress("shop", class), annotations, json!({}), Value::Null)
    };
    let told = |ingresses: Vec<Given<'_>>| {
        let old = member("web", "b.example", active("mcrt-1", "b.example"));
        let objects = ingresses.into_iter().chain([old]).collect();
        steps(&mut change(), &of_objects(objects), 0)
    };
    let internal = told(vec![here("gce-internal", "web")]);
    assert!(internal.contains("no Ingress of class gce"), "{internal}");
    assert_eq!(told(vec![here("gce-internal", "web"), here("gce", "web")]), "waits");
}

#[test]
fn a_missing_ingress_is_refused_before_anything_is_written() {
    let object = ObjectRef::namespaced(Kind::ManagedCertificate, "shop", "web");
    let to = ObjectRef::ingress("shop", "gone");
    let inventory = of_objects(Vec::new());
    let domains = ["a.example".to_owned()];
    let plan = create(&inventory, &object, &domains, Some(&to), OffsetDateTime::UNIX_EPOCH);
    assert_eq!((plan.steps.len(), plan.refused.len()), (0, 1));
}

fn next_for(goal: &mut WaitForActive, inventory: &Inventory, seconds: i64) -> Next<Awaited> {
    goal.next(inventory, OffsetDateTime::UNIX_EPOCH + Duration::seconds(seconds))
}

/// What comes next, as a word.
fn word<A>(next: &Next<A>) -> &'static str {
    match next {
        Next::Done { .. } => "done",
        Next::Act { .. } => "act",
        Next::Wait { .. } => "wait",
        Next::Hopeless { .. } => "hopeless",
        Next::Refused(_) => "refused",
    }
}

#[test]
fn waiting_for_active_ends_when_it_is_and_when_it_cannot_be() {
    let named = [(MANAGED_CERTIFICATES, "web")];
    let domain = |status: &str| json!([{ "domain": "a.example", "status": status }]);
    let with = |status: Value| of_objects(vec![certificate(status), ingress(&named)]);
    for (case, inventory, expected) in [
        ("not there", of_objects(vec![ingress(&named)]), "refused"),
        ("no status yet", with(Value::Null), "wait"),
        (
            "issuing",
            with(
                json!({ "certificateStatus": "Provisioning", "domainStatus": domain("Provisioning") }),
            ),
            "wait",
        ),
        (
            "Active",
            with(json!({ "certificateStatus": "Active", "domainStatus": domain("Active") })),
            "done",
        ),
        (
            "failed for good",
            with(json!({ "certificateStatus": "ProvisioningFailedPermanently" })),
            "hopeless",
        ),
        ("named nowhere", of_objects(vec![certificate(Value::Null)]), "hopeless"),
    ] {
        let object = ObjectRef::namespaced(Kind::ManagedCertificate, "shop", "web");
        let next = next_for(&mut WaitForActive::new(object, false), &inventory, 0);
        assert_eq!(word(&next), expected, "{case}");
    }
}

#[test]
fn a_failure_that_was_there_before_the_wait_is_waited_out_unless_google_never_tries_again() {
    let named = [(MANAGED_CERTIFICATES, "web")];
    let with = |certificate: &str, domain: &str| {
        let status = json!({
            "certificateName": "mcrt-1", "certificateStatus": certificate,
            "domainStatus": [{ "domain": "a.example", "status": domain }],
        });
        of_objects(vec![self::certificate(status), ingress(&named)])
    };
    let forbidden = || with("Provisioning", "FailedCaaForbidden");
    let provisioning = || with("Provisioning", "Provisioning");
    let given_up = || with("ProvisioningFailedPermanently", "Provisioning");
    for (case, looks, expected) in [
        ("CAA was wrong before", vec![forbidden(), forbidden()], "wait wait"),
        ("it becomes wrong", vec![provisioning(), forbidden()], "wait hopeless"),
        ("it comes again", vec![forbidden(), provisioning(), forbidden()], "wait wait hopeless"),
        ("given up before", vec![given_up()], "hopeless"),
    ] {
        let object = ObjectRef::namespaced(Kind::ManagedCertificate, "shop", "web");
        let mut goal = WaitForActive::new(object, false);
        let told: Vec<&str> = looks.iter().map(|it| word(&next_for(&mut goal, it, 0))).collect();
        assert_eq!(told.join(" "), expected, "{case}");
    }
}

/// What is touched, at these seconds after the wait began.
fn touched(goal: &mut WaitForActive, inventory: &Inventory, seconds: &[i64]) -> Vec<String> {
    let show = |step: &Step| match step {
        Step::PatchObject(patch) => {
            let at = &patch.patch["metadata"]["annotations"][TOUCHED];
            format!("{} {}", patch.object.kind, at.as_str().unwrap_or_default())
        }
        step => panic!("{step:?}"),
    };
    let looks = seconds.iter().map(|seconds| match next_for(goal, inventory, *seconds) {
        Next::Wait { plan, .. } => plan.steps.iter().map(show).collect::<Vec<_>>().join(", "),
        next => panic!("it waits: {next:?}"),
    });
    looks.collect()
}

#[test]
fn the_certificate_is_touched_once_a_minute_and_the_ingress_when_it_lacks_its_name() {
    let status = json!({ "certificateName": "mcrt-1", "certificateStatus": "Provisioning" });
    let rule = (HTTPS_FORWARDING_RULE, "k8s2-fs-1");
    let object = || ObjectRef::namespaced(Kind::ManagedCertificate, "shop", "web");
    let served =
        [(MANAGED_CERTIFICATES, "web"), (PRE_SHARED_CERT, "mcrt-1"), (SSL_CERT, "mcrt-1"), rule];
    let served = of_objects(vec![certificate(status.clone()), ingress(&served)]);
    let mut goal = WaitForActive::new(object(), true);
    let of_certificate = |at: &str| format!("ManagedCertificate 1970-01-01T00:0{at}Z");
    let told = touched(&mut goal, &served, &[0, 1, 59, 60, 61]);
    assert_eq!(told, [&of_certificate("0:00"), "", "", &of_certificate("1:00"), ""]);
    // It lost the race against its own certificate; once it carries that, the status is news soon.
    let lacks = [(MANAGED_CERTIFICATES, "web")];
    let lacks = of_objects(vec![certificate(status), ingress(&lacks)]);
    let mut goal = WaitForActive::new(object(), true);
    let told = touched(&mut goal, &lacks, &[0, 1, 2]);
    assert_eq!(told, ["", "Ingress 1970-01-01T00:00:01Z", ""]);
    let told = touched(&mut goal, &served, &[3, 9, 10, 11]);
    assert_eq!(told, ["", "", &of_certificate("0:10"), ""]);
    let mut goal = WaitForActive::new(object(), false);
    assert_eq!(touched(&mut goal, &served, &[0, 60]), ["", ""], "unless nobody wants it");
}

#[test]
fn what_a_controller_warns_of_is_told_once_it_has_stood_for_two_looks() {
    let named = [(MANAGED_CERTIFICATES, "web")];
    let mut inventory = of_objects(vec![certificate(Value::Null), ingress(&named)]);
    let object = ObjectRef::namespaced(Kind::ManagedCertificate, "shop", "web");
    warn(&mut inventory, &object, "TooManyCertificates", "operation failed: QUOTA_EXCEEDED");
    let mut goal = WaitForActive::new(object, false);
    let told = [0, 1].map(|seconds| match next_for(&mut goal, &inventory, seconds) {
        Next::Wait { awaited, .. } => awaited.advice.expect("there is a reason").message,
        next => panic!("it waits: {next:?}"),
    });
    assert!(told[0].starts_with("no status: "), "{told:?}");
    assert!(told[1].contains("quota of SSL certificates is used up"), "{told:?}");
}

#[test]
fn who_goes_back_to_an_old_certificate_says_so_to_the_run_that_waits_for_the_new_one() {
    let issuing = || json!({ "certificateName": "mcrt-new", "certificateStatus": "Provisioning" });
    let old = || member("web", "b.example", active("mcrt-old", "b.example"));
    let new = || member("web-ffffffff", "c.example", issuing());
    let both = Carried { named: "web,web-ffffffff", shared: "mcrt-old", served: "mcrt-old" };
    // Back to what web holds: first it is noted there, then the other goes.
    let mut back = change();
    let noted = steps(&mut back, &family(vec![old(), new()], both), 0);
    assert_eq!(noted, "annotation certwright.dev/made-after becomes uid-web-ffffffff");
    let (object, _, spec, status) = old();
    let marked =
        || (object.clone(), &[(MADE_AFTER, "uid-web-ffffffff")][..], spec.clone(), status.clone());
    assert_eq!(steps(&mut back, &family(vec![marked(), new()], both), 1), "list becomes web");
    // The run that waits for the other one refuses from then on, also when that is gone.
    let mut forth = SetDomains::new(object.clone(), vec!["c.example".to_owned()], true);
    assert_eq!(steps(&mut forth, &family(vec![old(), new()], both), 0), "waits");
    for left in [vec![marked(), new()], vec![marked()]] {
        let told = steps(&mut forth, &family(left, both), 1);
        assert!(told.starts_with("refused: another run"), "{told}");
    }
    // What an earlier run has noted is no news.
    let mut later = SetDomains::new(object.clone(), vec!["c.example".to_owned()], true);
    assert_eq!(steps(&mut later, &family(vec![marked(), new()], both), 0), "waits");
}

#[test]
fn a_name_in_the_list_that_no_certificate_has_is_taken_out() {
    let old = || member("web", "b.example", active("mcrt-old", "b.example"));
    for (named, expected) in [
        ("web,web-0badc0de", "list becomes web"),
        ("web", "done"),
        // Of others nothing is known.
        ("web,other", "done"),
        ("web,web-of-somebody", "done"),
    ] {
        let carried = Carried { named, shared: "mcrt-old", served: "mcrt-old" };
        assert_eq!(steps(&mut change(), &family(vec![old()], carried), 0), expected, "{named}");
    }
}
