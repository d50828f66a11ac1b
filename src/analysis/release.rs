//! What an older release of Envoy does otherwise than the newest one, where `--envoy-version` names it. Measured: every case of
//! `testdata` with requests was asked of each release (docs/envoy-versions.md).

use std::collections::BTreeSet;

use crate::diagnostics::{Diagnostics, Finding, Location, codes};
use crate::ir::{ChainMatch, Config, ExternalAuthProtocol, Origin, UpstreamProtocol};
use crate::options::EnvoyVersion;

use super::objects::Objects;
use super::reach::hosts;

/// The first release that takes `..;` and `.;` in paths for `..` and `.`.
pub(super) const RESOLVES_PARAMETERS: EnvoyVersion = EnvoyVersion(39);
/// The first release that compares the lines of a repeated header one by one.
const COMPARES_LINES: EnvoyVersion = EnvoyVersion(39);
/// The release that drops the headers of what an authorization service over HTTP answers to the client.
const DROPS_REFUSALS: EnvoyVersion = EnvoyVersion(37);
/// The first release that answers 502 where a backend cannot take a WebSocket.
const TELLS_PROTOCOL_ERRORS: EnvoyVersion = EnvoyVersion(37);

/// The first release that takes what begins like a request for HTTP whatever its method is.
const INSPECTS_METHODS: EnvoyVersion = EnvoyVersion(39);

/// Reports what the oldest Envoy that has to load the output does otherwise.
pub(super) fn report(config: &Config, release: EnvoyVersion, objects: &Objects<'_>, diagnostics: &mut Diagnostics) {
    let before = |first: EnvoyVersion| release < first;
    let findings = [
        before(RESOLVES_PARAMETERS).then(|| parameters(config, release)).flatten(),
        before(COMPARES_LINES).then(|| lines(config, release, objects)).flatten(),
        before(TELLS_PROTOCOL_ERRORS).then(|| protocol_errors(config, release)).flatten(),
        spans(config, release),
        (release <= DROPS_REFUSALS).then(|| refusals(config, objects)).flatten(),
    ];
    for finding in findings.into_iter().flatten() {
        diagnostics.report(finding);
    }
}

/// Reports the same of what the clients of Services have.
pub(super) fn report_for_clients(
    config: &Config,
    release: EnvoyVersion,
    objects: &Objects<'_>,
    diagnostics: &mut Diagnostics,
) {
    let EnvoyVersion(minor) = release;
    let mut detecting = hosts(config).filter(|at| at.chain.select == ChainMatch::Http);
    let first = detecting.find_map(|at| Some((at.listener, at.host.routes.first()?)));
    let first = first.filter(|_| release < INSPECTS_METHODS);
    let message = format!("Envoy 1.{minor} takes a request with a method that it does not know for no HTTP");
    let Some((listener, route)) = first else { return };
    if let Some(finding) = objects.finding(codes::OLDER_ENVOY_PASSES_METHODS, route.origin, true, message) {
        let finding = match objects.location(listener.origin) {
            Some(location) => finding.related(location, "the first of the ports"),
            None => finding,
        };
        diagnostics.report(
            finding
                .label("serves ports on which Envoy looks whether HTTP is spoken")
                .consequence("a request of such a method (`PURGE`, `QUERY`) goes to the Service there, past the routes")
                .help("name the `port` of the parent, or declare the ports for HTTP; or run Envoy 1.39"),
        );
    }
}

fn parameters(config: &Config, EnvoyVersion(minor): EnvoyVersion) -> Option<Finding> {
    hosts(config).next()?;
    let message = format!("Envoy 1.{minor} takes `..;` and `.;` in a path for names, and not for `..` and `.`");
    Some(
        Finding::new(codes::OLDER_ENVOY_KEEPS_PARAMETERS, Location::Run, message)
            .consequence("a request for `/public/..;/admin` meets rules for `/public`, and backends that take it for `/admin` serve that")
            .help("run Envoy 1.39, or let no backend resolve such segments where rules keep clients from a path"),
    )
}

fn lines(config: &Config, EnvoyVersion(minor): EnvoyVersion, objects: &Objects<'_>) -> Option<Finding> {
    let routes = hosts(config).flat_map(|at| &at.host.routes);
    let matches: BTreeSet<Origin> =
        routes.filter(|route| !route.matches.headers.is_empty()).map(|route| route.origin).collect();
    let message = format!("Envoy 1.{minor} joins the lines of a repeated header before it compares them");
    let first = *matches.first()?;
    let finding = objects.finding(codes::OLDER_ENVOY_JOINS_LINES, first, false, message)?;
    let label = match matches.len() - 1 {
        0 => "has a condition on a header".to_owned(),
        1 => "has a condition on a header, and so has 1 other match".to_owned(),
        more => format!("has a condition on a header, and so have {more} other matches"),
    };
    Some(
        finding
            .label(label)
            .consequence("a request that has the header twice is compared by `a,b`, and by neither `a` nor `b`")
            .help("nothing, where clients send the header once; else run Envoy 1.39"),
    )
}

fn protocol_errors(config: &Config, EnvoyVersion(minor): EnvoyVersion) -> Option<Finding> {
    config.clusters.iter().find(|cluster| cluster.protocol == UpstreamProtocol::Http2)?;
    hosts(config).next()?;
    let message = format!("Envoy 1.{minor} answers 503, and not 502, to a WebSocket for a backend that speaks HTTP/2");
    Some(
        Finding::new(codes::OLDER_ENVOY_ANSWERS_503, Location::Run, message)
            .consequence("a client that asks for a WebSocket there sees another status than with later releases")
            .help("let the backend take extended CONNECTs, or speak HTTP/1.1 (`kubernetes.io/ws`)"),
    )
}

fn spans(config: &Config, EnvoyVersion(minor): EnvoyVersion) -> Option<Finding> {
    config.proxy.tracing.as_ref().filter(|tracing| tracing.collector.is_old)?;
    let message = format!("Envoy 1.{minor} cannot name spans by method and backend");
    Some(
        Finding::new(codes::OLDER_ENVOY_NAMES_SPANS, Location::Run, message)
            .consequence("the span of a request is called like its route, and that of a try `router CLUSTER egress`")
            .help("look for spans by these names, or run Envoy 1.37"),
    )
}

fn refusals(config: &Config, objects: &Objects<'_>) -> Option<Finding> {
    let is_http = |protocol: &ExternalAuthProtocol| matches!(protocol, ExternalAuthProtocol::Http { .. });
    let first = config.external_auths.iter().find(|auth| is_http(&auth.settings.protocol))?.origin;
    let EnvoyVersion(minor) = DROPS_REFUSALS;
    let message = format!("Envoy 1.{minor} drops the headers of refusals of an authorization service over HTTP");
    let finding = objects.finding(codes::OLDER_ENVOY_DROPS_REFUSALS, first, false, message)?;
    Some(
        finding
            .label("is asked over HTTP")
            .consequence(
                "a client that is sent to log in gets the status without `Location`, `WWW-Authenticate` or a cookie",
            )
            .help("run another release than 1.37, or ask the service over gRPC"),
    )
}
