//! Rules of BackendTrafficPolicy.

use super::{cases, check};

const KIND: &str = "BackendTrafficPolicy";

#[test]
fn settings_that_exclude_each_other_stand_alone() {
    cases(
        KIND,
        "%",
        &["compression: [{type: Gzip}]", "compressor: [{type: Gzip}]", "requestBuffer: {limit: 1Ki}, httpUpgrade: []"],
        &[
            ("compression: [{type: Gzip}], compressor: []", &["GW1009 spec.compressor"]),
            ("requestBuffer: {limit: 1Ki}, httpUpgrade: [{type: websocket}]", &["GW1009 spec.requestBuffer"]),
        ],
    );
    cases(
        KIND,
        "httpUpgrade: [{%}]",
        &["type: CONNECT, connect: {terminate: true}", "type: websocket"],
        &[("type: websocket, connect: {}", &["GW1009 spec.httpUpgrade[0].connect"])],
    );
}

#[test]
fn admission_is_of_http() {
    cases(
        KIND,
        "admissionControl: {%}",
        &["", "samplingWindow: 1s, minSuccessRate: 100, maxRejectionPercent: 0"],
        &[
            ("samplingWindow: 999ms", &["GW1009 spec.admissionControl.samplingWindow"]),
            ("minSuccessRate: 0", &["GW1006 spec.admissionControl.minSuccessRate"]),
            ("maxRejectionPercent: 101", &["GW1006 spec.admissionControl.maxRejectionPercent"]),
        ],
    );
    let target = |kind: &str| format!("{{targetSelectors: [{{kind: {kind}}}], admissionControl: {{}}}}");
    assert_eq!(check(KIND, &target("ListenerSet")), Vec::<String>::new());
    assert_eq!(check(KIND, &target("TCPRoute")), ["GW1009 spec.targetSelectors[0].kind"]);
}

#[test]
fn bandwidth_is_limited_in_a_direction() {
    cases(
        KIND,
        "bandwidthLimit: {%}",
        &["request: {limit: {value: 1Ki, unit: Second}}", "response: {limit: {value: 1, unit: Hour}}"],
        &[("", &["GW1009 spec.bandwidthLimit"])],
    );
}

#[test]
fn a_fault_does_something() {
    cases(
        KIND,
        "faultInjection: {%}",
        &["delay: {fixedDelay: 1s}", "abort: {httpStatus: 500}", "abort: {grpcStatus: 14, percentage: 0.5}"],
        &[
            ("", &["GW1009 spec.faultInjection"]),
            ("abort: {}", &["GW1009 spec.faultInjection.abort"]),
            ("abort: {httpStatus: 500, grpcStatus: 14}", &["GW1009 spec.faultInjection.abort.grpcStatus"]),
        ],
    );
}

#[test]
fn limits_select_and_cost() {
    let local = "rateLimit: {type: Local, local: {rules: [{limit: {requests: 1, unit: Second}%}]}}";
    let global = "rateLimit: {type: Global, global: {rules: [{limit: {requests: 1, unit: Second}%}]}}";
    let bad: &[(&str, &[&str])] =
        &[(", clientSelectors: [{}]", &["GW1009 spec.rateLimit.local.rules[0].clientSelectors[0]"])];
    cases(
        KIND,
        local,
        &["", ", clientSelectors: [{methods: [{value: GET}]}]", ", cost: {request: {from: Number, number: 2}}"],
        bad,
    );
    cases(
        KIND,
        local,
        &[],
        &[
            (", cost: {response: {from: Number}}", &["GW1009 spec.rateLimit.local.rules[0].cost.response"]),
            (
                ", cost: {request: {from: Number, number: 1, metadata: {namespace: a, key: b}}}",
                &["GW1009 spec.rateLimit.local.rules[0].cost.request.metadata"],
            ),
        ],
    );
    cases(KIND, global, &[", cost: {response: {from: Metadata, metadata: {namespace: a, key: b}}}"], &[]);
    let metadata = "rateLimit: {type: Global, %: {rules: [{limit: {requests: 1, unit: Second, fromMetadata: {namespace: a, key: b}}}]}}";
    cases(KIND, metadata, &["global"], &[("local", &["GW1009 spec.rateLimit.local.rules[0].limit.fromMetadata"])]);
}

#[test]
fn a_response_gives_way_to_one_other() {
    let codes = "match: {statusCodes: [{value: 500}]}";
    let ok = "response: {statusCode: 200}";
    cases(
        KIND,
        "responseOverride: [{%}]",
        &[
            &format!("{codes}, {ok}"),
            &format!("{codes}, redirect: {{path: {{type: ReplaceFullPath, replaceFullPath: /}}}}"),
            &format!("match: {{responseHeaders: [{{name: a, value: {{value: b}}}}]}}, {ok}"),
            &format!("match: {{statusCodes: [{{type: Range, range: {{start: 500, end: 501}}}}]}}, {ok}"),
            &format!("{codes}, response: {{body: {{type: Inline, inline: a}}}}"),
            &format!(
                "{codes}, response: {{body: {{type: ValueRef, valueRef: {{group: '', kind: ConfigMap, name: a}}}}}}"
            ),
            &format!("{codes}, response: {{header: {{set: [{{name: a, value: b}}], remove: []}}}}"),
        ],
        &[
            (codes, &["GW1009 spec.responseOverride[0]"]),
            (&format!("{codes}, {ok}, redirect: {{}}"), &["GW1009 spec.responseOverride[0].redirect"]),
            (&format!("match: {{}}, {ok}"), &["GW1009 spec.responseOverride[0].match"]),
            (
                &format!("match: {{statusCodes: [{{}}]}}, {ok}"),
                &["GW1009 spec.responseOverride[0].match.statusCodes[0].value"],
            ),
            (
                &format!("match: {{statusCodes: [{{type: Range}}]}}, {ok}"),
                &["GW1009 spec.responseOverride[0].match.statusCodes[0].range"],
            ),
            (
                &format!("match: {{statusCodes: [{{type: Range, range: {{start: 500, end: 500}}}}]}}, {ok}"),
                &["GW1009 spec.responseOverride[0].match.statusCodes[0].range.end"],
            ),
            (
                &format!("{codes}, redirect: {{path: {{type: ReplacePrefixMatch, replacePrefixMatch: /}}}}"),
                &["GW1009 spec.responseOverride[0].redirect.path.type"],
            ),
            (
                &format!("{codes}, redirect: {{path: {{type: ReplacePrefixMatch}}}}"),
                &[
                    "GW1009 spec.responseOverride[0].redirect.path.replacePrefixMatch",
                    "GW1009 spec.responseOverride[0].redirect.path.type",
                ],
            ),
            (
                &format!("{codes}, redirect: {{path: {{type: ReplaceFullPath}}}}"),
                &["GW1009 spec.responseOverride[0].redirect.path.replaceFullPath"],
            ),
            (
                &format!(
                    "{codes}, redirect: {{path: {{type: ReplaceFullPath, replaceFullPath: /, replacePrefixMatch: /}}}}"
                ),
                &["GW1009 spec.responseOverride[0].redirect.path.replacePrefixMatch"],
            ),
        ],
    );
}

#[test]
fn a_response_has_one_body_and_headers_of_its_own() {
    cases(
        KIND,
        "responseOverride: [{match: {statusCodes: [{value: 500}]}, response: {%}}]",
        &[],
        &[
            ("body: {}", &["GW1009 spec.responseOverride[0].response.body.inline"]),
            ("body: {type: ValueRef}", &["GW1009 spec.responseOverride[0].response.body.valueRef"]),
            (
                "body: {type: ValueRef, valueRef: {group: '', kind: Secret, name: a}}",
                &["GW1009 spec.responseOverride[0].response.body.valueRef.kind"],
            ),
            ("header: {remove: [a]}", &["GW1009 spec.responseOverride[0].response.header.remove"]),
        ],
    );
}

#[test]
fn samples_are_at_most_all() {
    cases(
        KIND,
        "telemetry: {tracing: {%}}",
        &["samplingFraction: {numerator: 1}", "customTags: {a: {type: Literal, literal: {value: b}}}"],
        &[(
            "clientSamplingFraction: {numerator: 2, denominator: 1}",
            &["GW1009 spec.telemetry.tracing.clientSamplingFraction.numerator"],
        )],
    );
}
