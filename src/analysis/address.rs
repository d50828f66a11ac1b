//! IP addresses where hostnames are wanted: the API's types of hostnames are
//! DNS names ([Hostname](https://gateway-api.sigs.k8s.io/reference/spec/#hostname)),
//! and their patterns let IPv4 addresses pass.

use std::net::Ipv4Addr;

use crate::diagnostics::{Diagnostics, Finding, ObjectPart, PartPath, codes};
use crate::parser::api::{Listener, RequestRedirectFilter, UrlRewriteFilter};
use crate::parser::manifests::{Manifests, ObjectHead};
use crate::parser::route::Filter;
use crate::whole;

/// What the traffic of a field does.
const MATCHED: &str =
    "only requests with this address in their Host header match, which clients send that connect to it";
const CHECKED: &str = "the backend's certificate has to name the address as if it were a DNS name, which none does";
const WRITTEN: &str = "the address takes the place of the host as it is written";

/// Reports every hostname that is an IPv4 address.
pub(super) fn report(manifests: &Manifests, diagnostics: &mut Diagnostics) {
    // Hostnames of TLSRoutes are server names, which addresses never are: the schema refuses them.
    for route in manifests.routes().filter(|route| route.kind.has_requests()) {
        report_list(route.object, route.hostnames, diagnostics);
        for rule in route.rules() {
            report_filters(route.object, (rule.index, None), &rule.filters, diagnostics);
            for (index, backend) in rule.backends.iter().enumerate() {
                report_filters(route.object, (rule.index, Some(index)), &backend.filters, diagnostics);
            }
        }
    }
    for gateway in &manifests.gateways {
        report_listeners(gateway, &gateway.spec.listeners, diagnostics);
    }
    for set in &manifests.listener_sets {
        report_listeners(set, &set.spec.listeners, diagnostics);
    }
    for policy in &manifests.backend_tls_policies {
        let at = whole!["spec", "validation", "hostname"];
        report_one(policy, at, &policy.spec.validation.hostname, CHECKED, diagnostics);
    }
}

fn report_list(object: &ObjectHead, hostnames: &[String], diagnostics: &mut Diagnostics) {
    for (index, hostname) in hostnames.iter().enumerate() {
        report_one(object, ObjectPart::Hostname(index).into(), hostname, MATCHED, diagnostics);
    }
}

fn report_listeners(object: &ObjectHead, listeners: &[Listener], diagnostics: &mut Diagnostics) {
    for (index, listener) in listeners.iter().enumerate() {
        if let Some(hostname) = &listener.hostname {
            report_one(object, ObjectPart::Listener(index).with("hostname"), hostname, MATCHED, diagnostics);
        }
    }
}

fn report_filters(
    object: &ObjectHead,
    (rule, backend): (usize, Option<usize>),
    filters: &[Filter<'_>],
    diagnostics: &mut Diagnostics,
) {
    for (index, filter) in filters.iter().enumerate() {
        let (field, hostname) = match filter {
            Filter::RequestRedirect(RequestRedirectFilter { hostname, .. }) => ("requestRedirect", hostname),
            Filter::UrlRewrite(UrlRewriteFilter { hostname, .. }) => ("urlRewrite", hostname),
            Filter::RequestHeaderModifier(_)
            | Filter::ResponseHeaderModifier(_)
            | Filter::RequestMirror(_)
            | Filter::Cors(_)
            | Filter::ExternalAuth(_)
            | Filter::ExtensionRef(_) => continue,
        };
        if let Some(hostname) = hostname {
            let at = ObjectPart::Filter { rule, backend, index }.with(field).with("hostname");
            report_one(object, at, hostname, WRITTEN, diagnostics);
        }
    }
}

fn report_one(object: &ObjectHead, at: PartPath, hostname: &str, consequence: &str, diagnostics: &mut Diagnostics) {
    let host = hostname.strip_prefix("*.").unwrap_or(hostname);
    if host.parse::<Ipv4Addr>().is_ok() {
        diagnostics.report(finding(object, at, hostname).consequence(consequence));
    }
}

fn finding(object: &ObjectHead, at: PartPath, hostname: &str) -> Finding {
    object
        .finding(codes::ADDRESS_AS_HOSTNAME, at, format!("`{hostname}` is an IP address, not a hostname"))
        .label("a DNS name is wanted")
        .help("write a DNS name, or leave the hostname out")
}
