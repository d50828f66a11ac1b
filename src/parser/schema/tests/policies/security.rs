//! Rules of SecurityPolicy.

use super::cases;

const KIND: &str = "SecurityPolicy";

#[test]
fn a_key_is_in_one_place() {
    cases(
        KIND,
        "apiKeyAuth: {credentialRefs: [{name: a}], extractFrom: [{%}]}",
        &["headers: [a]", "params: [a]", "cookies: [a]"],
        &[
            ("", &["GW1009 spec.apiKeyAuth.extractFrom[0]"]),
            ("headers: [a], cookies: [b]", &["GW1009 spec.apiKeyAuth.extractFrom[0].cookies"]),
        ],
    );
}

#[test]
fn rules_of_authorization_say_something() {
    let rule = "spec.authorization.rules[0]";
    let at = |path: &str| format!("GW1009 {rule}{path}");
    cases(
        KIND,
        "authorization: {rules: [{action: Allow%}]}",
        &[
            ", cel: a",
            ", principal: {clientCIDRs: [10.0.0.0/8]}",
            ", principal: {clientIPGeoLocations: [{country: DE}]}, operation: {methods: [GET]}",
            ", principal: {clientIPGeoLocations: [{anonymous: {isTor: true}}]}",
        ],
        &[
            ("", &[&at("")]),
            (", principal: {}", &[&at(".principal")]),
            (", cel: a, operation: {}", &[&at(".operation")]),
            (", principal: {clientIPGeoLocations: [{}]}", &[&at(".principal.clientIPGeoLocations[0]")]),
            (
                ", principal: {clientIPGeoLocations: [{anonymous: {}}]}",
                &[&at(".principal.clientIPGeoLocations[0].anonymous")],
            ),
        ],
    );
}

#[test]
fn claims_have_a_provider() {
    let rule = "authorization: {rules: [{action: Allow, principal: {jwt: {provider: p, %}}}]}";
    let jwt = ", jwt: {providers: [{name: p, localJWKS: {type: Inline, inline: a}}]}";
    cases(
        KIND,
        &format!("{rule}{jwt}"),
        &["scopes: [a]", "claims: [{name: a, values: [b]}]"],
        &[("", &["GW1009 spec.authorization.rules[0].principal.jwt"])],
    );
    cases(KIND, rule, &[], &[("scopes: [a]", &["GW1009 spec.authorization.rules[0].principal.jwt"])]);
}

#[test]
fn a_service_is_asked_in_one_way() {
    cases(
        KIND,
        "extAuth: {%}",
        &[
            "grpc: {backendRefs: [{name: a, port: 1}]}",
            "http: {backendRef: {name: a, port: 1}, path: /}",
            "http: {backendRefs: [{group: gateway.envoyproxy.io, kind: Backend, name: a}], pathOverride: /}",
            "grpc: {backendRefs: [{group: multicluster.x-k8s.io, kind: ServiceImport, name: a}]}",
        ],
        &[
            ("", &["GW1009 spec.extAuth"]),
            (
                "grpc: {backendRefs: [{name: a, port: 1}]}, http: {backendRefs: [{name: a, port: 1}]}",
                &["GW1009 spec.extAuth.http"],
            ),
            ("grpc: {}", &["GW1009 spec.extAuth.grpc.backendRefs"]),
            ("http: {backendRefs: []}", &["GW1009 spec.extAuth.http.backendRefs"]),
            ("grpc: {backendRefs: [{kind: Pod, name: a}]}", &["GW1009 spec.extAuth.grpc.backendRefs[0].kind"]),
            (
                "grpc: {backendRefs: [{group: a.b, kind: Backend, name: a}]}",
                &["GW1009 spec.extAuth.grpc.backendRefs[0].group"],
            ),
            ("grpc: {backendRefs: [{name: a}]}", &["GW1009 spec.extAuth.grpc.backendRefs[0].port"]),
            ("http: {backendRef: {name: a}}", &["GW1009 spec.extAuth.http.backendRef.port"]),
            (
                "http: {backendRef: {name: a, port: 1}, path: /, pathOverride: /}",
                &["GW1009 spec.extAuth.http.pathOverride"],
            ),
        ],
    );
}

#[test]
fn extensions_of_the_context_have_one_value() {
    cases(
        KIND,
        "extAuth: {grpc: {backendRefs: [{name: a, port: 1}]}, contextExtensions: [{name: a, %}]}",
        &[
            "type: Value, value: b",
            "type: ValueRef, valueRef: {group: '', kind: Secret, name: a, key: b}",
            "type: ValueRef, valueRef: {group: v1, kind: ConfigMap, name: a, key: b}",
        ],
        &[
            ("type: Value", &["GW1009 spec.extAuth.contextExtensions[0].value"]),
            (
                "type: ValueRef, value: b",
                &[
                    "GW1009 spec.extAuth.contextExtensions[0].value",
                    "GW1009 spec.extAuth.contextExtensions[0].valueRef",
                ],
            ),
            (
                "type: ValueRef, valueRef: {group: '', kind: Service, name: a, key: b}",
                &["GW1009 spec.extAuth.contextExtensions[0].valueRef.kind"],
            ),
            (
                "type: ValueRef, valueRef: {group: a.b, kind: Secret, name: a, key: b}",
                &["GW1009 spec.extAuth.contextExtensions[0].valueRef.group"],
            ),
        ],
    );
}

#[test]
fn tokens_have_their_keys() {
    let local = "localJWKS: {type: Inline, inline: a}";
    cases(
        KIND,
        "jwt: {providers: [{name: p, %}]}",
        &[
            local,
            "localJWKS: {type: ValueRef, valueRef: {group: '', kind: ConfigMap, name: a}}",
            "remoteJWKS: {uri: 'https://a'}",
            "remoteJWKS: {uri: 'https://a', backendRefs: [{name: a, port: 1}], backendSettings: {retry: {numRetries: 1}}}",
            &format!("{local}, recomputeRoute: true, claimToHeaders: [{{claim: a, header: b}}]"),
            &format!("{local}, recomputeRoute: false"),
        ],
        &[
            ("", &["GW1009 spec.jwt.providers[0]"]),
            (&format!("remoteJWKS: {{uri: 'https://a'}}, {local}"), &["GW1009 spec.jwt.providers[0].localJWKS"]),
            (&format!("{local}, recomputeRoute: true"), &["GW1009 spec.jwt.providers[0].claimToHeaders"]),
            ("localJWKS: {type: Inline}", &["GW1009 spec.jwt.providers[0].localJWKS.inline"]),
            (
                "localJWKS: {type: Inline, inline: a, valueRef: {group: '', kind: ConfigMap, name: a}}",
                &["GW1009 spec.jwt.providers[0].localJWKS.valueRef"],
            ),
        ],
    );
    cases(
        KIND,
        "jwt: {providers: [{name: p, localJWKS: {type: Inline, inline: a}}], %}",
        &["optional: true", "failOpen: true"],
        &[("optional: false, failOpen: false", &["GW1009 spec.jwt.failOpen"])],
    );
}

#[test]
fn fetches_name_backends_in_the_list_and_are_tried_again_in_few_ways() {
    let bad: [(&str, &str); 3] = [
        ("backendRef: {name: a, port: 1}", "backendRef"),
        ("backendSettings: {retry: {perRetry: {timeout: 1s}}}", "backendSettings.retry.perRetry.timeout"),
        (
            "backendSettings: {retry: {retryOn: {httpStatusCodes: [503]}}}",
            "backendSettings.retry.retryOn.httpStatusCodes",
        ),
    ];
    for (part, path) in bad {
        let jwks = "jwt: {providers: [{name: p, remoteJWKS: {uri: 'https://a', %}}]}";
        cases(KIND, jwks, &[], &[(part, &[&format!("GW1009 spec.jwt.providers[0].remoteJWKS.{path}")])]);
        let oidc = "oidc: {clientID: a, clientSecret: {name: a}, provider: {issuer: 'https://a', %}}";
        cases(KIND, oidc, &[], &[(part, &[&format!("GW1009 spec.oidc.provider.{path}")])]);
    }
}

#[test]
fn logins_name_the_client_once_and_keep_tokens_apart() {
    cases(
        KIND,
        "oidc: {clientSecret: {name: a}, provider: {issuer: 'https://a'}%}",
        &[
            ", clientID: a",
            ", clientIDRef: {name: a}",
            ", clientID: a, forwardAccessToken: true, forwardIDToken: {header: x-id}",
            ", clientID: a, forwardAccessToken: false, forwardIDToken: {header: authorization}",
        ],
        &[
            ("", &["GW1009 spec.oidc"]),
            (", clientID: a, clientIDRef: {name: a}", &["GW1009 spec.oidc.clientIDRef"]),
            (
                ", clientID: a, forwardAccessToken: true, forwardIDToken: {header: Authorization}",
                &["GW1009 spec.oidc.forwardIDToken.header"],
            ),
            (", clientID: a, forwardIDToken: {header: HOST}", &["GW1009 spec.oidc.forwardIDToken.header"]),
        ],
    );
}
