//! What of a ClientTrafficPolicy's fields is not translated, and what it means that it is missing.

use crate::diagnostics::FieldPath;
use crate::parser::api::{
    ClientCertificateValidation, ClientConnection, ClientHeaderModifier, ClientHeaders, ClientHttp1, ClientIpDetection,
    ClientTls,
};
use crate::resolver::missing::{Missing, NOT_TRANSLATED};
use crate::resolver::untranslated::SaysMissing;

use super::untranslated::missing;

/// A part that is not translated, and decides who gets in or what is known of who does.
fn security(path: FieldPath, loss: &'static str) -> Missing {
    Missing { path, loss, is_security: true, why: NOT_TRANSLATED }
}

impl SaysMissing for ClientIpDetection {
    fn missing(&self, at: &FieldPath) -> Vec<Missing> {
        let Self { custom_header, direct_source_ip: _, x_forwarded_for } = self;
        let loss = "the address of the connection would be the client's";
        let header = custom_header.map(|_| security(at.with("customHeader"), loss));
        let trusted = x_forwarded_for.as_ref().and_then(|header| header.trusted_cidrs);
        let trusted = trusted.map(|_| security(at.with("xForwardedFor").with("trustedCIDRs"), loss));
        header.into_iter().chain(trusted).collect()
    }
}

impl SaysMissing for ClientConnection {
    fn missing(&self, at: &FieldPath) -> Vec<Missing> {
        let path = at.with("socketBufferLimit");
        let loss = "sockets would have the buffers of the system";
        self.socket_buffer_limit.map(|_| missing(path, loss)).into_iter().collect()
    }
}

impl SaysMissing for ClientHeaders {
    fn missing(&self, at: &FieldPath) -> Vec<Missing> {
        let early = self.early_request_headers.iter().flat_map(|early| {
            let ClientHeaderModifier { add: _, add_if_absent: _, remove: _, remove_on_match, set: _ } = early;
            let path = at.with("earlyRequestHeaders").with("removeOnMatch");
            let loss = "requests would be looked at with the headers that clients send";
            (!remove_on_match.is_empty()).then(|| security(path, loss))
        });
        let late = self
            .late_response_headers
            .map(|_| missing(at.with("lateResponseHeaders"), "responses would have the headers that they have"));
        let keeps_dot = self.host.as_ref().is_some_and(|host| host.strip_trailing_host_dot == Some(false));
        let dot = at.with("host").with("stripTrailingHostDot");
        let dot = keeps_dot.then(|| missing(dot, "the dot behind a host is taken out all the same"));
        early.chain(late).chain(dot).collect()
    }
}

impl SaysMissing for ClientHttp1 {
    fn missing(&self, at: &FieldPath) -> Vec<Missing> {
        let Self { disable_safe_max_connection_duration, http10, ignored_upgrade_types, .. } = self;
        let is_unsafe = (*disable_safe_max_connection_duration == Some(true)).then(|| {
            let loss = "a connection that has lasted for its time would end with its request";
            missing(at.with("disableSafeMaxConnectionDuration"), loss)
        });
        let has_host = http10.as_ref().is_some_and(|http10| http10.use_default_host == Some(true));
        let host = has_host.then(|| {
            let loss = "requests of HTTP/1.0 without a host would be refused";
            missing(at.with("http10").with("useDefaultHost"), loss)
        });
        let upgrades = ignored_upgrade_types
            .map(|_| missing(at.with("ignoredUpgradeTypes"), "requests for these upgrades would be refused"));
        is_unsafe.into_iter().chain(host).chain(upgrades).collect()
    }
}

impl ClientTls {
    /// Whether it says whom handshakes let in.
    pub(super) fn keeps_out(&self) -> bool {
        let Self { ciphers, client_validation, ecdh_curves, max_version, min_version, .. } = self;
        let has_list = !ciphers.is_empty() || !ecdh_curves.is_empty();
        has_list || client_validation.is_some() || max_version.is_some() || min_version.is_some()
    }
}

impl SaysMissing for ClientTls {
    fn missing(&self, at: &FieldPath) -> Vec<Missing> {
        let Self { client_validation, fingerprints, signature_algorithms, .. } = self;
        let at_clients = at.with("clientValidation");
        let clients = client_validation.iter().flat_map(|validation| validation.missing(&at_clients));
        let prints = (!fingerprints.is_empty()).then(|| missing(at.with("fingerprints"), "logs would not have them"));
        let signatures = (!signature_algorithms.is_empty())
            .then(|| security(at.with("signatureAlgorithms"), "handshakes would take every one that Envoy knows"));
        clients.chain(prints).chain(signatures).collect()
    }
}

impl SaysMissing for ClientCertificateValidation {
    fn missing(&self, at: &FieldPath) -> Vec<Missing> {
        let Self { crl, subject_alt_names, .. } = self;
        let revoked = crl.map(|_| security(at.with("crl"), "certificates that are revoked would be taken"));
        let others = subject_alt_names.as_ref().filter(|names| !names.other_names.is_empty());
        let others = others.map(|_| {
            let path = at.with("subjectAltNames").with("otherNames");
            security(path, "clients with such a name would be unknown, or all would be let in")
        });
        revoked.into_iter().chain(others).collect()
    }
}
