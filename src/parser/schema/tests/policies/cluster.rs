//! Rules of the settings of clusters, in a BackendTrafficPolicy and beside the backends of a SecurityPolicy.

use super::cases;

/// Checks the settings where they are those of routes and where they are those of a service.
#[track_caller]
fn settings(part: &str, good: &[&str], bad: &[(&str, &str)]) {
    let places = [
        ("BackendTrafficPolicy", "%", "spec"),
        (
            "SecurityPolicy",
            "extAuth: {http: {backendRefs: [{name: a, port: 1}], backendSettings: {%}}}",
            "spec.extAuth.http.backendSettings",
        ),
    ];
    for (kind, template, base) in places {
        let template = template.replace('%', part);
        cases(kind, &template, good, &[]);
        for (part, wanted) in bad {
            let (code, path) = wanted.split_once(' ').unwrap();
            cases(kind, &template, &[], &[(part, &[&format!("{code} {base}.{path}")])]);
        }
    }
}

#[test]
fn connections_are_predicted_under_some_types() {
    settings(
        "connection: {preconnect: {predictivePercent: 200}}%",
        &[", loadBalancer: {type: Random}", ", loadBalancer: {type: RoundRobin}"],
        &[
            ("", "GW1009 connection.preconnect.predictivePercent"),
            (", loadBalancer: {type: LeastRequest}", "GW1009 connection.preconnect.predictivePercent"),
        ],
    );
}

#[test]
fn a_balancer_has_the_settings_of_its_type() {
    settings(
        "loadBalancer: {%}",
        &[
            "type: ConsistentHash, consistentHash: {type: SourceIP}",
            "type: BackendUtilization, backendUtilization: {}",
            "type: DynamicModule, dynamicModule: {name: a, lbPolicyName: b}",
            "type: DynamicModule, dynamicModule: {name: a, lbPolicyName: b, config: {any: [thing]}}",
            "type: RoundRobin, slowStart: {window: 1s}",
            "type: BackendUtilization, backendUtilization: {}, slowStart: {window: 1s}",
            "type: Random, zoneAware: {preferLocal: {}}",
            "type: ConsistentHash, consistentHash: {type: SourceIP}, zoneAware: {weightedZones: [{zone: a, weight: 1}]}",
            "type: Random, endpointOverride: {extractFrom: [{header: a}]}",
        ],
        &[
            ("type: ConsistentHash", "GW1009 loadBalancer.consistentHash"),
            ("type: Random, consistentHash: {type: SourceIP}", "GW1009 loadBalancer.consistentHash"),
            ("type: BackendUtilization", "GW1009 loadBalancer.backendUtilization"),
            ("type: Random, backendUtilization: {}", "GW1009 loadBalancer.backendUtilization"),
            ("type: DynamicModule", "GW1009 loadBalancer.dynamicModule"),
            ("type: Random, dynamicModule: {name: a, lbPolicyName: b}", "GW1009 loadBalancer.dynamicModule"),
            ("type: Random, slowStart: {window: 1s}", "GW1009 loadBalancer.slowStart"),
            (
                "type: ConsistentHash, consistentHash: {type: SourceIP}, zoneAware: {preferLocal: {}}",
                "GW1009 loadBalancer.zoneAware.preferLocal",
            ),
            (
                "type: BackendUtilization, backendUtilization: {}, zoneAware: {preferLocal: {}}",
                "GW1009 loadBalancer.zoneAware.preferLocal",
            ),
            (
                "type: DynamicModule, dynamicModule: {name: a, lbPolicyName: b}, zoneAware: {}",
                "GW1009 loadBalancer.zoneAware",
            ),
            (
                "type: Random, zoneAware: {preferLocal: {}, weightedZones: [{zone: a, weight: 1}]}",
                "GW1009 loadBalancer.zoneAware.weightedZones",
            ),
            (
                "type: DynamicModule, dynamicModule: {name: a, lbPolicyName: b}, endpointOverride: {extractFrom: [{header: a}]}",
                "GW1009 loadBalancer.endpointOverride",
            ),
            (
                "type: BackendUtilization, backendUtilization: {outOfBand: {reportingPeriod: 0s}}",
                "GW1009 loadBalancer.backendUtilization.outOfBand.reportingPeriod",
            ),
            (
                "type: Random, zoneAware: {weightedZones: [{zone: a, weight: 1}, {zone: a, weight: 2}]}",
                "GW1008 loadBalancer.zoneAware.weightedZones[1]",
            ),
        ],
    );
}

#[test]
fn a_hash_has_the_settings_of_its_type() {
    settings(
        "loadBalancer: {type: ConsistentHash, consistentHash: {%}}",
        &[
            "type: SourceIP",
            "type: Header, header: {name: a}",
            "type: Headers, headers: [{name: a}]",
            "type: Cookie, cookie: {name: a}",
            "type: QueryParams, queryParams: [{name: a}]",
        ],
        &[
            ("type: Header", "GW1009 loadBalancer.consistentHash.header"),
            ("type: Headers", "GW1009 loadBalancer.consistentHash.headers"),
            ("type: Cookie", "GW1009 loadBalancer.consistentHash.cookie"),
            ("type: QueryParams", "GW1009 loadBalancer.consistentHash.queryParams"),
            ("type: SourceIP, header: {name: a}", "GW1009 loadBalancer.consistentHash.header"),
            ("type: SourceIP, headers: [{name: a}]", "GW1009 loadBalancer.consistentHash.headers"),
            ("type: SourceIP, cookie: {name: a}", "GW1009 loadBalancer.consistentHash.cookie"),
            ("type: SourceIP, queryParams: [{name: a}]", "GW1009 loadBalancer.consistentHash.queryParams"),
        ],
    );
}

#[test]
fn a_health_check_has_the_settings_of_its_type() {
    settings(
        "healthCheck: {active: {%}}",
        &[
            "type: HTTP, http: {path: /}",
            "type: TCP, tcp: {}",
            "type: GRPC",
            "type: GRPC, grpc: {service: a}",
            "type: TCP, tcp: {}, healthCheckLog: {sinks: [{type: File, file: {path: /a}}], matches: [Failure, Success]}",
            "type: HTTP, http: {path: /, method: put, requestBody: {type: Text, text: a}}",
            "type: HTTP, http: {path: /, expectedResponse: {type: Binary, binary: aaaa}}",
        ],
        &[
            ("type: HTTP", "GW1009 healthCheck.active.http"),
            ("type: TCP, tcp: {}, http: {path: /}", "GW1009 healthCheck.active.http"),
            ("type: TCP", "GW1009 healthCheck.active.tcp"),
            ("type: GRPC, tcp: {}", "GW1009 healthCheck.active.tcp"),
            ("type: TCP, tcp: {}, grpc: {}", "GW1009 healthCheck.active.grpc"),
            (
                "type: GRPC, healthCheckLog: {sinks: [{type: File}]}",
                "GW1009 healthCheck.active.healthCheckLog.sinks[0].file",
            ),
            (
                "type: GRPC, healthCheckLog: {sinks: [{type: File, file: {path: /a}}], matches: [Failure]}",
                "GW1009 healthCheck.active.healthCheckLog.matches",
            ),
            (
                "type: GRPC, healthCheckLog: {sinks: [{type: File, file: {path: /a}}], matches: [HealthyTransition]}",
                "GW1009 healthCheck.active.healthCheckLog.matches",
            ),
            (
                "type: HTTP, http: {path: /, requestBody: {type: Text, text: a}}",
                "GW1009 healthCheck.active.http.requestBody",
            ),
            (
                "type: HTTP, http: {path: /, method: GET, requestBody: {type: Text, text: a}}",
                "GW1009 healthCheck.active.http.requestBody",
            ),
            ("type: TCP, tcp: {send: {type: Text}}", "GW1009 healthCheck.active.tcp.send.text"),
            (
                "type: TCP, tcp: {send: {type: Text, text: a, binary: aaaa}}",
                "GW1009 healthCheck.active.tcp.send.binary",
            ),
            ("type: TCP, tcp: {receive: {type: Binary}}", "GW1009 healthCheck.active.tcp.receive.binary"),
            ("type: TCP, tcp: {receive: {type: Binary, binary: a}}", "GW1007 healthCheck.active.tcp.receive.binary"),
        ],
    );
}

#[test]
fn a_budget_is_at_most_all() {
    settings(
        "circuitBreaker: {retryBudget: {percent: {%}}}",
        &["numerator: 100", "numerator: 5, denominator: 5"],
        &[("numerator: 101", "GW1009 circuitBreaker.retryBudget.percent.numerator")],
    );
}
