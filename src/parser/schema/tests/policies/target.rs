//! What policies attach to.

use super::{SPECS, check};

const ROUTE: &str = "{group: gateway.networking.k8s.io, kind: HTTPRoute, name: a}";
const GATEWAY: &str = "{group: gateway.networking.k8s.io, kind: Gateway, name: a}";

#[test]
fn targets_are_named_in_one_way() {
    for (kind, _) in SPECS {
        for good in [
            format!("{{targetRef: {GATEWAY}}}"),
            format!("{{targetRefs: [{GATEWAY}]}}"),
            "{targetRefs: []}".to_owned(),
            "{targetSelectors: [{kind: Gateway}]}".to_owned(),
            format!("{{targetRef: {GATEWAY}, targetRefs: [{GATEWAY}], targetSelectors: [{{kind: Gateway}}]}}"),
        ] {
            assert_eq!(check(kind, &good), Vec::<String>::new(), "{kind} {good}");
        }
        for (bad, wanted) in [
            ("{}".to_owned(), "GW1009 spec.targetRefs"),
            ("{targetSelectors: []}".to_owned(), "GW1009 spec.targetRefs"),
            (format!("{{targetRef: {GATEWAY}, targetRefs: [{GATEWAY}]}}"), "GW1009 spec.targetRef"),
        ] {
            assert_eq!(check(kind, &bad), [wanted], "{kind} {bad}");
        }
    }
}

#[test]
fn targets_are_of_gateway_api() {
    for (kind, _) in SPECS {
        for (bad, wanted) in [
            ("{targetRef: {group: '', kind: Gateway, name: a}}", "GW1009 spec.targetRef.group"),
            ("{targetRefs: [{group: a.b, kind: Gateway, name: a}]}", "GW1009 spec.targetRefs[0].group"),
            ("{targetSelectors: [{group: a.b, kind: Gateway}]}", "GW1009 spec.targetSelectors[0].group"),
        ] {
            assert_eq!(check(kind, bad), [wanted], "{kind} {bad}");
        }
    }
}

#[test]
fn targets_are_of_the_kinds_of_their_policy() {
    for (policy, good, bad) in [
        ("ClientTrafficPolicy", &["Gateway", "ListenerSet"][..], &["HTTPRoute", "TCPRoute", "Service"][..]),
        (
            "BackendTrafficPolicy",
            &["Gateway", "ListenerSet", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"],
            &["Service", "gateway"],
        ),
        (
            "SecurityPolicy",
            &["Gateway", "ListenerSet", "HTTPRoute", "GRPCRoute", "TCPRoute"],
            &["TLSRoute", "UDPRoute", "Service"],
        ),
    ] {
        for (kinds, wanted) in
            [(good, None), (bad, Some(["GW1009 spec.targetRefs[0].kind", "GW1009 spec.targetRef.kind"]))]
        {
            for kind in kinds {
                let target = format!("{{group: gateway.networking.k8s.io, kind: {kind}, name: a}}");
                let found = [format!("{{targetRefs: [{target}]}}"), format!("{{targetRef: {target}}}")]
                    .map(|spec| check(policy, &spec));
                let wanted = wanted.map_or([vec![], vec![]], |paths| paths.map(|path| vec![path.to_owned()]));
                assert_eq!(found, wanted, "{policy} {kind}");
            }
        }
    }
}

#[test]
fn policies_of_routes_alone_are_merged() {
    for (policy, _) in &SPECS[1..] {
        for good in [
            format!("{{targetRef: {ROUTE}, mergeType: StrategicMerge}}"),
            format!("{{targetRefs: [{ROUTE}], mergeType: JSONMerge}}"),
            "{targetSelectors: [{kind: HTTPRoute}], mergeType: StrategicMerge}".to_owned(),
        ] {
            assert_eq!(check(policy, &good), Vec::<String>::new(), "{policy} {good}");
        }
        for (bad, wanted) in [
            (format!("{{targetRef: {GATEWAY}, mergeType: JSONMerge}}"), "GW1009 spec.targetRef.kind"),
            (format!("{{targetRefs: [{ROUTE}, {GATEWAY}], mergeType: JSONMerge}}"), "GW1009 spec.targetRefs[1].kind"),
            (
                "{targetSelectors: [{kind: ListenerSet}], mergeType: JSONMerge}".to_owned(),
                "GW1009 spec.targetSelectors[0].kind",
            ),
            (format!("{{targetRefs: [{ROUTE}], mergeType: Replace}}"), "GW1009 spec.mergeType"),
        ] {
            assert_eq!(check(policy, &bad), [wanted], "{policy} {bad}");
        }
    }
}

#[test]
fn namespaces_are_selected_by_a_selector() {
    for (good, wanted) in [
        ("{from: All}", None),
        ("{}", None),
        ("{from: Selector, selector: {matchLabels: {a: b}}}", None),
        ("{from: Selector}", Some("GW1009 spec.targetSelectors[0].namespaces.selector")),
        ("{from: None}", Some("GW1005 spec.targetSelectors[0].namespaces.from")),
    ] {
        let spec = format!("{{targetSelectors: [{{kind: Gateway, namespaces: {good}}}]}}");
        let wanted: Vec<&str> = wanted.into_iter().collect();
        assert_eq!(check("ClientTrafficPolicy", &spec), wanted, "{spec}");
    }
}
