//! What is merged, what is patched, and what is not written again.

use super::ingress::with_name;
use super::service::merged_json;
use super::*;

#[test]
fn json_in_an_annotation_is_merged_and_other_keys_stay() {
    let wanted = json!({ "ingress": true });
    assert_eq!(merged_json("", &wanted), Ok(Some(r#"{"ingress":true}"#.to_owned())));
    assert_eq!(merged_json(r#"{"ingress": true}"#, &wanted), Ok(None));
    assert_eq!(
        merged_json(r#"{"exposed_ports":{"80":{}}}"#, &wanted),
        Ok(Some(r#"{"exposed_ports":{"80":{}},"ingress":true}"#.to_owned()))
    );
    assert!(merged_json("not json", &wanted).is_err());
}

#[test]
fn a_patch_names_only_what_differs() {
    let mut changes = Vec::new();
    let wanted = json!({ "healthCheck": { "port": 9091, "type": "HTTP" } });
    let there = json!({ "healthCheck": { "port": 1, "type": "HTTP" }, "cdn": {} });
    assert_eq!(
        difference(&wanted, &there, "spec", &mut changes),
        Some(json!({ "healthCheck": { "port": 9091 } }))
    );
    assert_eq!(changes, [FieldChange::new("spec.healthCheck.port", "1", "9091")]);
    assert_eq!(difference(&wanted, &wanted, "spec", &mut Vec::new()), None);
}

#[test]
fn what_does_not_stay_written_is_refused_and_not_written_again() {
    let object = ObjectRef::ingress("shop", "web");
    let create = CreateObject { object: object.clone(), manifest: json!({}), notes: Vec::new() };
    let mut plan = Plan::empty(OffsetDateTime::UNIX_EPOCH);
    plan.steps.push(Step::CreateObject(create));
    let plan = crate::plan::goal::reverted(plan, &crate::remedy::Target::default());
    assert!(plan.steps.is_empty());
    assert_eq!(plan.refused[0].object, object);
    assert!(
        crate::plan::goal::reverted(
            Plan::empty(OffsetDateTime::UNIX_EPOCH),
            &crate::remedy::Target::default()
        )
        .refused
        .is_empty()
    );
}

#[test]
fn a_name_is_added_to_a_list_once() {
    assert_eq!(with_name("", "a"), "a");
    assert_eq!(with_name("a, b", "b"), "a, b");
    assert_eq!(with_name("a, b", "c"), "a,b,c");
}
