//! What objects of other vendors say, in words, by their fields
//! ([kgateway](https://kgateway.dev/docs/latest/reference/api/)).

use crate::parser::foreign::ForeignObject;

/// The group of kgateway.
const KGATEWAY: &str = "gateway.kgateway.dev";

/// What a field of `spec` is about.
type Meaning = (&'static str, &'static str);

/// What is said of routes.
const TRAFFIC: &[Meaning] = &[
    ("acl", "which addresses requests may come from"),
    ("apiKeyAuth", "which keys requests have to bring"),
    ("autoHostRewrite", "the host that backends see"),
    ("basicAuth", "which passwords requests have to bring"),
    ("buffer", "the length of bodies"),
    ("compression", "how messages are compressed"),
    ("cors", "what pages of other origins may do"),
    ("csrf", "which origins requests may come from"),
    ("extAuth", "who is asked whether requests may pass"),
    ("extProc", "the server that requests are handed to"),
    ("faultInjection", "faults on purpose"),
    ("headerModifiers", "headers"),
    ("internalRedirect", "redirects that the proxy follows itself"),
    ("jwtAuth", "which tokens requests have to bring"),
    ("oauth2", "how people sign in"),
    ("rateLimit", "how many requests there may be"),
    ("rbac", "who may send requests"),
    ("requestMirror", "copies of requests"),
    ("retry", "further tries"),
    ("statPrefix", "statistics"),
    ("timeouts", "limits of time"),
    ("tracing", "spans"),
    ("transformation", "how messages are changed"),
    ("urlRewrite", "the path that backends see"),
];

/// What is said of connections of clients.
const LISTENER: &[Meaning] = &[
    ("acceptHttp10", "versions of HTTP"),
    ("accessLog", "access logs"),
    ("default", "connections of clients"),
    ("healthCheck", "the path that the proxy answers itself"),
    ("idleTimeout", "limits of time"),
    ("perPort", "connections of clients of single ports"),
    ("preserveHttp1HeaderCase", "the letter case of headers"),
    ("serverHeaderTransformation", "the header `server`"),
    ("streamIdleTimeout", "limits of time"),
    ("tracing", "spans"),
    ("upgradeConfig", "what connections may become"),
    ("useRemoteAddress", "how the address of a client is found"),
    ("xffNumTrustedHops", "how the address of a client is found"),
];

/// What is said of connections to backends.
const BACKEND: &[Meaning] = &[
    ("circuitBreakers", "how much a backend gets at a time"),
    ("commonHttpProtocolOptions", "connections"),
    ("connectTimeout", "limits of time"),
    ("dns", "how names are resolved"),
    ("healthCheck", "checks of health"),
    ("http1ProtocolOptions", "versions of HTTP"),
    ("http2ProtocolOptions", "versions of HTTP"),
    ("loadBalancer", "how endpoints are chosen"),
    ("outlierDetection", "which endpoints are left out"),
    ("perConnectionBufferLimitBytes", "buffers"),
    ("tcpKeepalive", "connections"),
    ("tls", "whom a backend has to be, and TLS on the way to it"),
    ("upstreamProxyProtocol", "what backends are told of clients"),
];

/// The fields of a kind of which it is known what they are about.
fn of_kind(group: &str, kind: &str) -> &'static [Meaning] {
    match (group, kind) {
        (KGATEWAY, "TrafficPolicy") => TRAFFIC,
        (KGATEWAY, "ListenerPolicy" | "HTTPListenerPolicy") => LISTENER,
        (KGATEWAY, "BackendConfigPolicy") => BACKEND,
        _ => &[],
    }
}

/// What an object says, in words: each of its fields that is known, with its name.
pub(super) fn of(object: &ForeignObject) -> Option<String> {
    let known = of_kind(&object.identity.group, &object.identity.kind);
    let said = known.iter().filter(|(field, _)| object.fields.iter().any(|own| own == field));
    let said: Vec<String> = said.map(|(field, about)| format!("{about} (`{field}`)")).collect();
    (!said.is_empty()).then(|| said.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stand_in_order_and_once() {
        for fields in [TRAFFIC, LISTENER, BACKEND] {
            assert!(fields.windows(2).all(|pair| pair[0].0 < pair[1].0), "{fields:?}");
        }
    }
}
