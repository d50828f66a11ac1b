//! The words by which cluster tools name kinds.

use crate::parser::manifests::Kind;
use crate::spelling::nearest;

/// Words for several kinds.
const GROUPS: [(&str, &[Kind]); 6] = [
    ("all", &Kind::ALL),
    ("backend", BACKENDS),
    ("backends", BACKENDS),
    ("policies", POLICIES),
    ("policy", POLICIES),
    ("routes", ROUTES),
];
/// What rules send to.
pub(super) const BACKENDS: &[Kind] = &[Kind::Service, Kind::XBackend, Kind::Upstream, Kind::Backend];
/// What says something about other objects.
const POLICIES: &[Kind] = &[
    Kind::BackendTLSPolicy,
    Kind::XBackendTrafficPolicy,
    Kind::RouteOption,
    Kind::VirtualHostOption,
    Kind::ListenerOption,
    Kind::HttpListenerOption,
    Kind::ClientTrafficPolicy,
    Kind::BackendTrafficPolicy,
    Kind::SecurityPolicy,
    Kind::EnvoyExtensionPolicy,
];
const ROUTES: &[Kind] = &[Kind::HTTPRoute, Kind::GRPCRoute, Kind::TLSRoute, Kind::TCPRoute, Kind::UDPRoute];

/// The kinds that a word of the command line means, each once, in the order of the word.
///
/// # Errors
/// A message for the user about the first word that means none.
pub(super) fn named(words: &str) -> Result<Vec<Kind>, String> {
    let mut kinds: Vec<Kind> = Vec::new();
    for word in words.split(',') {
        for kind in of_word(word)? {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
    }
    Ok(kinds)
}

fn of_word(word: &str) -> Result<Vec<Kind>, String> {
    let lower = word.to_ascii_lowercase();
    if let Some((_, kinds)) = GROUPS.iter().find(|(name, _)| *name == lower) {
        return Ok(kinds.to_vec());
    }
    // `httproutes.gateway.networking.k8s.io`, with a version before the group or not.
    let (name, rest) = lower.split_once('.').map_or((lower.as_str(), None), |(name, rest)| (name, Some(rest)));
    let is_group = |kind: &Kind| {
        let group = kind.group();
        rest.is_none_or(|rest| {
            rest == group || rest.split_once('.').is_some_and(|(version, rest)| is_version(version) && rest == group)
        })
    };
    let found = Kind::ALL.into_iter().find(|kind| names_of(*kind).iter().any(|own| own == name) && is_group(kind));
    found.map(|kind| vec![kind]).ok_or_else(|| {
        let names: Vec<String> = Kind::ALL.into_iter().flat_map(names_of).collect();
        let candidates = names.iter().map(String::as_str).chain(GROUPS.iter().map(|(name, _)| *name));
        let help = match nearest(name, candidates) {
            Some(near) if near != name => format!("did you mean `{near}`?"),
            _ => {
                let plurals: Vec<String> = Kind::ALL.into_iter().map(plural).collect();
                format!("the kinds are {}, and `routes`, `policies`, `backends` and `all`", plurals.join(", "))
            }
        };
        format!("gwctl reads no kind called `{word}`: {help}")
    })
}

fn is_version(text: &str) -> bool {
    text.strip_prefix('v').is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

/// Every word for a kind, in lower case: one object, several, and the short ones.
fn names_of(kind: Kind) -> Vec<String> {
    let short: &[&str] = match kind {
        Kind::GatewayClass => &["gc"],
        Kind::Gateway => &["gtw", "gw"],
        Kind::ListenerSet => &["lset"],
        Kind::ReferenceGrant => &["refgrant"],
        Kind::BackendTLSPolicy => &["btlspolicy"],
        Kind::XBackendTrafficPolicy => &["xbtrafficpolicy"],
        Kind::RouteOption => &["rto"],
        Kind::VirtualHostOption => &["vho"],
        Kind::ListenerOption => &["lio"],
        Kind::HttpListenerOption => &["hlo"],
        Kind::Upstream => &["us"],
        Kind::Backend => &["be"],
        Kind::ClientTrafficPolicy => &["ctp"],
        Kind::BackendTrafficPolicy => &["btp"],
        Kind::SecurityPolicy => &["sp"],
        Kind::EnvoyExtensionPolicy => &["eep"],
        Kind::HTTPRouteFilter => &["hrf"],
        Kind::Namespace => &["ns"],
        Kind::Service => &["svc"],
        Kind::ConfigMap => &["cm"],
        Kind::HTTPRoute
        | Kind::GRPCRoute
        | Kind::TLSRoute
        | Kind::TCPRoute
        | Kind::UDPRoute
        | Kind::XBackend
        | Kind::XMesh
        | Kind::EndpointSlice
        | Kind::Secret => &[],
    };
    let mut names = vec![singular(kind), plural(kind)];
    names.extend(short.iter().map(|name| (*name).to_owned()));
    names
}

/// The word for one object.
pub(super) fn singular(kind: Kind) -> String {
    kind.name().to_ascii_lowercase()
}

/// The word for several.
pub(super) fn plural(kind: Kind) -> String {
    let one = singular(kind);
    match one.strip_suffix('y') {
        // `gateways`, and `policies`.
        Some(stem) if !stem.ends_with('a') => format!("{stem}ies"),
        _ if one.ends_with(['s', 'h']) => format!("{one}es"),
        _ => format!("{one}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_means_one_kind() {
        let mut seen = std::collections::BTreeMap::new();
        for kind in Kind::ALL {
            for name in names_of(kind) {
                assert_eq!(seen.insert(name.clone(), kind), None, "{name}");
                // What is the word for a group is that.
                let of_group = GROUPS.iter().find(|(group, _)| *group == name);
                assert_eq!(named(&name), Ok(of_group.map_or(vec![kind], |(_, kinds)| kinds.to_vec())));
            }
        }
        for (word, expected) in [
            ("HTTPRoutes", Kind::HTTPRoute),
            ("gateways", Kind::Gateway),
            ("gatewayclasses", Kind::GatewayClass),
            ("xmeshes", Kind::XMesh),
            ("backendtlspolicies.gateway.networking.k8s.io", Kind::BackendTLSPolicy),
            ("gateways.v1.gateway.networking.k8s.io", Kind::Gateway),
            ("backends.gateway.envoyproxy.io", Kind::Backend),
        ] {
            assert_eq!(named(word), Ok(vec![expected]));
        }
        assert_eq!(named("gw,svc,gateways"), Ok(vec![Kind::Gateway, Kind::Service]));
    }

    #[test]
    fn every_policy_and_route_is_in_its_group() {
        let policies: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| kind.is_policy()).collect();
        assert_eq!(named("policies"), Ok(policies));
        let routes: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| kind.is_route()).collect();
        assert_eq!(named("routes"), Ok(routes));
    }

    #[test]
    fn an_unknown_word_is_told_with_the_nearest() {
        assert!(named("htproutes").unwrap_err().ends_with("did you mean `httproutes`?"));
        assert!(named("ingresses").unwrap_err().contains("the kinds are gatewayclasses, "));
        assert!(named("gateways.networking.istio.io").unwrap_err().contains("the kinds are"));
    }
}
