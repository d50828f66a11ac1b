//! The features that gwctl supports, by the names that conformance profiles
//! give them ([supported features](https://gateway-api.sigs.k8s.io/geps/gep-2162/)).

use crate::options::Channel;

use super::object::Feature;

/// Every feature that is supported, with the channel that has it, by name: those that `docs/features.md` says so of.
pub const SUPPORTED_FEATURES: &[(&str, Channel)] = &[
    ("BackendTLSPolicy", Channel::Standard),
    ("BackendTLSPolicySANValidation", Channel::Standard),
    ("GRPCRoute", Channel::Standard),
    ("GRPCRouteNamedRouteRule", Channel::Standard),
    ("GRPCRouteRequestHeaderModifier", Channel::Standard),
    ("Gateway", Channel::Standard),
    ("GatewayAddressEmpty", Channel::Standard),
    ("GatewayBackendClientCertificate", Channel::Standard),
    ("GatewayFrontendClientCertificateValidation", Channel::Standard),
    ("GatewayFrontendClientCertificateValidationInsecureFallback", Channel::Standard),
    ("GatewayHTTPListenerIsolation", Channel::Standard),
    ("GatewayHTTPSListenerDetectMisdirectedRequests", Channel::Standard),
    ("GatewayPort8080", Channel::Standard),
    ("GatewayStaticAddresses", Channel::Standard),
    ("HTTPRoute", Channel::Standard),
    ("HTTPRoute303RedirectStatusCode", Channel::Standard),
    ("HTTPRoute307RedirectStatusCode", Channel::Standard),
    ("HTTPRoute308RedirectStatusCode", Channel::Standard),
    ("HTTPRouteBackendProtocolH2C", Channel::Standard),
    ("HTTPRouteBackendProtocolWebSocket", Channel::Standard),
    ("HTTPRouteBackendRequestHeaderModification", Channel::Standard),
    ("HTTPRouteBackendRequestRedirect", Channel::Standard),
    ("HTTPRouteBackendTimeout", Channel::Standard),
    ("HTTPRouteBackendURLRewrite", Channel::Standard),
    ("HTTPRouteCORS", Channel::Standard),
    ("HTTPRouteDestinationPortMatching", Channel::Experimental),
    ("HTTPRouteExternalAuth", Channel::Experimental),
    ("HTTPRouteExternalAuthForwardBody", Channel::Experimental),
    ("HTTPRouteExternalAuthGRPC", Channel::Experimental),
    ("HTTPRouteExternalAuthHTTP", Channel::Experimental),
    ("HTTPRouteHostRewrite", Channel::Standard),
    ("HTTPRouteMethodMatching", Channel::Standard),
    ("HTTPRouteNamedRouteRule", Channel::Standard),
    ("HTTPRouteParentRefPort", Channel::Standard),
    ("HTTPRoutePathRedirect", Channel::Standard),
    ("HTTPRoutePathRewrite", Channel::Standard),
    ("HTTPRoutePortRedirect", Channel::Standard),
    ("HTTPRouteQueryParamMatching", Channel::Standard),
    ("HTTPRouteRequestMirror", Channel::Standard),
    ("HTTPRouteRequestMultipleMirrors", Channel::Standard),
    ("HTTPRouteRequestPercentageMirror", Channel::Standard),
    ("HTTPRouteRequestTimeout", Channel::Standard),
    ("HTTPRouteResponseHeaderModification", Channel::Standard),
    ("HTTPRouteRetry", Channel::Experimental),
    ("HTTPRouteRetryBackendTimeout", Channel::Experimental),
    ("HTTPRouteRetryConnectionError", Channel::Experimental),
    ("HTTPRouteSchemeRedirect", Channel::Standard),
    ("ListenerSet", Channel::Standard),
    ("ReferenceGrant", Channel::Standard),
    ("TCPRoute", Channel::Standard),
    ("TLSRoute", Channel::Standard),
    ("TLSRouteModeMixed", Channel::Experimental),
    ("TLSRouteModeTerminate", Channel::Standard),
    ("UDPRoute", Channel::Standard),
];

/// The features of meshes that are supported, by name.
pub const MESH_FEATURES: &[(&str, Channel)] = &[
    ("Mesh", Channel::Standard),
    ("MeshClusterIPMatching", Channel::Standard),
    ("MeshConsumerRoute", Channel::Standard),
    ("MeshHTTPRouteBackendRequestHeaderModification", Channel::Standard),
    ("MeshHTTPRouteNamedRouteRule", Channel::Standard),
    ("MeshHTTPRouteQueryParamMatching", Channel::Standard),
    ("MeshHTTPRouteRedirectPath", Channel::Standard),
    ("MeshHTTPRouteRedirectPort", Channel::Standard),
    ("MeshHTTPRouteRewritePath", Channel::Standard),
    ("MeshHTTPRouteSchemeRedirect", Channel::Standard),
];

/// What features of routes begin with that hold for the routes of Services too. What their names say of Gateways,
/// listeners and policies does not.
const OF_ROUTES: [&str; 2] = ["GRPCRoute", "HTTPRoute"];
/// Kinds of routes that are served, of whose further features some are about listeners.
const OTHER_ROUTES: [&str; 3] = ["TCPRoute", "TLSRoute", "UDPRoute"];

/// The features that a mesh has in a channel, by name.
pub(super) fn mesh_features_of(channel: Channel) -> Vec<Feature> {
    let is_of_routes = |name: &str| OTHER_ROUTES.contains(&name) || OF_ROUTES.iter().any(|own| name.starts_with(own));
    let of_routes = SUPPORTED_FEATURES.iter().filter(|(name, _)| is_of_routes(name));
    let mut features = features_in(channel, of_routes.chain(MESH_FEATURES));
    features.sort_by_key(|feature| feature.name);
    features
}

/// The features of a channel; the experimental one has those of the standard one too.
pub(super) fn features_of(channel: Channel) -> Vec<Feature> {
    features_in(channel, SUPPORTED_FEATURES)
}

fn features_in<'f>(channel: Channel, of: impl IntoIterator<Item = &'f (&'static str, Channel)>) -> Vec<Feature> {
    let is_in = |of: Channel| channel == Channel::Experimental || of == Channel::Standard;
    of.into_iter().filter(|(_, of)| is_in(*of)).map(|(name, _)| Feature { name }).collect()
}

#[cfg(test)]
mod tests {
    use super::{Channel, MESH_FEATURES, SUPPORTED_FEATURES, features_of, mesh_features_of};

    /// The rows of the document's table whose support does not begin with `no`.
    fn documented() -> Vec<(String, Channel)> {
        let text = include_str!("../../docs/features.md");
        let rows = text.lines().filter_map(|line| {
            let cells: Vec<_> = line.strip_prefix('|')?.split('|').map(str::trim).collect();
            let channel = match *cells.get(1)? {
                "standard" => Channel::Standard,
                "experimental" => Channel::Experimental,
                _ => return None,
            };
            let is_supported = !cells.get(2)?.starts_with("no ") && *cells.get(2)? != "no";
            is_supported.then(|| (cells[0].to_owned(), channel))
        });
        let mut rows: Vec<_> = rows.collect();
        rows.sort_by(|one, other| one.0.cmp(&other.0));
        rows
    }

    #[test]
    fn the_lists_are_those_of_the_document_in_ascending_order() {
        let own = |list: &[(&str, Channel)]| -> Vec<_> {
            list.iter().map(|(name, channel)| ((*name).to_owned(), *channel)).collect()
        };
        let (of_meshes, of_gateways) =
            documented().into_iter().partition::<Vec<_>, _>(|(name, _)| name.starts_with("Mesh"));
        assert_eq!(own(SUPPORTED_FEATURES), of_gateways);
        assert_eq!(own(MESH_FEATURES), of_meshes);
    }

    #[test]
    fn a_mesh_has_the_features_of_routes_and_none_of_gateways() {
        let names: Vec<_> = mesh_features_of(Channel::Standard).iter().map(|feature| feature.name).collect();
        assert!(names.is_sorted());
        assert!(["HTTPRoute", "GRPCRoute", "TCPRoute", "MeshConsumerRoute"].iter().all(|name| names.contains(name)));
        let is_gateways = |name: &str| {
            ["Gateway", "ListenerSet", "BackendTLSPolicy", "TLSRouteMode"].iter().any(|of| name.starts_with(of))
        };
        assert!(!names.iter().any(|name| is_gateways(name)));
        assert!(mesh_features_of(Channel::Experimental).len() <= 64);
    }

    #[test]
    fn the_standard_channel_has_no_experimental_feature() {
        let names = |channel| features_of(channel).iter().map(|feature| feature.name).collect::<Vec<_>>();
        assert!(names(Channel::Experimental).contains(&"HTTPRouteRetry"));
        assert!(!names(Channel::Standard).contains(&"HTTPRouteRetry"));
        assert!(names(Channel::Experimental).len() <= 64);
    }
}
