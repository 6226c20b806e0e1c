//! A Service of type LoadBalancer keeps a second load balancer: pointed out, and changed only when
//! asked for and when Helm would not change it back.

use super::{SERVICE, bootstrap, chart_service, create, gke, hand_made_service, object, versions};
use crate::support::live::Live;
use serde_json::{Value, json};

fn load_balancer(mut service: Value) -> Value {
    service["spec"]["type"] = "LoadBalancer".into();
    service
}

#[track_caller]
fn expect_pointed_out(live: &Live) {
    let ran = bootstrap(live, &["--no-wait"]).expect_code(0);
    let said = format!("{} {}", ran.stdout, ran.stderr);
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("type LoadBalancer"), "{said}");
    assert!(said.contains("--cluster-ip"), "{said}");
    let service = object(live, &format!("Service/{SERVICE}"));
    assert_eq!(service["spec"]["type"], "LoadBalancer");
}

#[test]
fn it_is_pointed_out_and_left_alone() {
    let Some(live) = gke("a_load_balancer_is_pointed_out") else { return };
    create(&live, &load_balancer(hand_made_service()));
    expect_pointed_out(&live);
}

#[test]
fn it_is_pointed_out_again_when_there_is_nothing_else_to_do() {
    let Some(live) = gke("a_load_balancer_is_pointed_out_again") else { return };
    create(&live, &load_balancer(hand_made_service()));
    bootstrap(&live, &["--no-wait"]).expect_code(0);
    expect_pointed_out(&live);
}

#[test]
fn it_is_changed_although_it_has_fields_of_a_load_balancer() {
    let Some(live) = gke("a_load_balancer_with_fields") else { return };
    let mut service = load_balancer(hand_made_service());
    service["spec"]["externalTrafficPolicy"] = "Local".into();
    service["spec"]["loadBalancerSourceRanges"] = json!(["10.0.0.0/8"]);
    create(&live, &service);
    bootstrap(&live, &["--no-wait", "--cluster-ip"]).expect_code(0);
    assert_eq!(object(&live, &format!("Service/{SERVICE}"))["spec"]["type"], "ClusterIP");
}

#[test]
fn it_is_changed_when_asked_for() {
    let Some(live) = gke("a_load_balancer_is_changed") else { return };
    create(&live, &load_balancer(hand_made_service()));
    let before = object(&live, &format!("Service/{SERVICE}"));
    bootstrap(&live, &["--no-wait", "--cluster-ip"]).expect_code(0);
    let after = object(&live, &format!("Service/{SERVICE}"));
    assert_eq!(after["spec"]["type"], "ClusterIP");
    assert_eq!(after["spec"]["clusterIP"], before["spec"]["clusterIP"]);
    assert_eq!(after["spec"]["selector"], before["spec"]["selector"]);
    let ports = |service: &Value| -> Vec<(Value, Value)> {
        let ports = service["spec"]["ports"].as_array().expect("ports");
        ports.iter().map(|port| (port["name"].clone(), port["port"].clone())).collect()
    };
    assert_eq!(ports(&after), ports(&before));
    let versions_before = versions(&live);
    bootstrap(&live, &["--no-wait", "--cluster-ip"]).expect_code(0);
    assert_eq!(versions(&live), versions_before);
}

#[test]
fn it_is_not_changed_when_helm_owns_it() {
    let Some(live) = gke("a_load_balancer_of_helm") else { return };
    create(&live, &load_balancer(chart_service()));
    let ran = bootstrap(&live, &["--no-wait", "--cluster-ip"]).expect_code(0);
    let said = format!("{} {}", ran.stdout, ran.stderr);
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("Helm"), "{said}");
    assert!(said.contains("--set service.type=ClusterIP"), "{said}");
    assert_eq!(object(&live, &format!("Service/{SERVICE}"))["spec"]["type"], "LoadBalancer");
}
