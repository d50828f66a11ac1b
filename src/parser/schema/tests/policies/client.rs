//! Rules of ClientTrafficPolicy.

use super::cases;

const KIND: &str = "ClientTrafficPolicy";

#[test]
fn the_address_of_a_client_is_found_in_one_way() {
    cases(
        KIND,
        "clientIPDetection: {%}",
        &[
            "xForwardedFor: {numTrustedHops: 1}",
            "customHeader: {name: x-a}",
            "directSourceIP: {}",
            "xForwardedFor: {trustedCIDRs: [10.0.0.0/8]}",
        ],
        &[
            ("", &["GW1009 spec.clientIPDetection"]),
            ("customHeader: {name: x-a}, directSourceIP: {}", &["GW1009 spec.clientIPDetection.directSourceIP"]),
            ("xForwardedFor: {}", &["GW1009 spec.clientIPDetection.xForwardedFor"]),
            (
                "xForwardedFor: {numTrustedHops: 1, trustedCIDRs: [10.0.0.0/8]}",
                &["GW1009 spec.clientIPDetection.xForwardedFor.trustedCIDRs"],
            ),
            (
                "xForwardedFor: {trustedCIDRs: [10.0.0.0]}",
                &["GW1007 spec.clientIPDetection.xForwardedFor.trustedCIDRs[0]"],
            ),
            ("directSourceIP: {a: b}", &["GW1001 spec.clientIPDetection.directSourceIP.a"]),
        ],
    );
}

#[test]
fn connections_are_closed_late_only_under_a_limit() {
    cases(
        KIND,
        "connection: {connectionLimit: {%}}",
        &["value: 1, closeDelay: 1s", "value: 1", "maxStreamDuration: 1s"],
        &[("closeDelay: 1s", &["GW1009 spec.connection.connectionLimit.closeDelay"])],
    );
}

#[test]
fn sizes_are_quantities() {
    cases(
        KIND,
        "connection: {bufferLimit: %}",
        &["32768", "32Ki", "'1'", "0"],
        &[
            ("32K", &["GW1007 spec.connection.bufferLimit"]),
            ("'0'", &["GW1007 spec.connection.bufferLimit"]),
            ("1.5", &["GW1003 spec.connection.bufferLimit"]),
            ("true", &["GW1003 spec.connection.bufferLimit"]),
        ],
    );
}

#[test]
fn the_id_of_a_request_is_kept_in_one_way() {
    cases(
        KIND,
        "headers: {%}",
        &["preserveXRequestID: true", "requestID: Preserve"],
        &[("preserveXRequestID: true, requestID: Preserve", &["GW1009 spec.headers.requestID"])],
    );
}

#[test]
fn details_of_certificates_have_a_mode() {
    cases(
        KIND,
        "headers: {xForwardedClientCert: {%}}",
        &[
            "mode: AppendForward, certDetailsToAdd: [Cert]",
            "mode: SanitizeSet, certDetailsToAdd: [DNS, URI]",
            "certDetailsToAdd: []",
        ],
        &[
            ("certDetailsToAdd: [Cert]", &["GW1009 spec.headers.xForwardedClientCert.certDetailsToAdd"]),
            (
                "mode: Sanitize, certDetailsToAdd: [Cert]",
                &["GW1009 spec.headers.xForwardedClientCert.certDetailsToAdd"],
            ),
        ],
    );
}

#[test]
fn pings_are_answered_before_the_next() {
    cases(
        KIND,
        "http2: {connectionKeepalive: {%}}",
        &["timeout: 1s, interval: 2s", "timeout: 2s", "interval: 1s", "timeout: 59s, interval: 1m"],
        &[
            ("timeout: 60s, interval: 1m", &["GW1009 spec.http2.connectionKeepalive.timeout"]),
            ("timeout: 2s, interval: 1s", &["GW1009 spec.http2.connectionKeepalive.timeout"]),
        ],
    );
}

#[test]
fn versions_of_tls_are_in_order() {
    let ciphers = &["GW1009 spec.tls.ciphers"][..];
    let versions = &["GW1009 spec.tls.maxVersion"][..];
    cases(
        KIND,
        "tls: {%}",
        &[
            "minVersion: '1.2', ciphers: [a]",
            "ciphers: [a]",
            "minVersion: '1.3', maxVersion: '1.3'",
            "minVersion: Auto, maxVersion: '1.0'",
            "minVersion: '1.3', maxVersion: Auto",
            "maxVersion: '1.2'",
            "maxVersion: Auto",
        ],
        &[
            ("minVersion: '1.3', ciphers: [a]", ciphers),
            ("minVersion: '1.3', maxVersion: '1.2'", versions),
            ("maxVersion: '1.1'", versions),
            ("minVersion: 1.3", &["GW1003 spec.tls.minVersion"]),
        ],
    );
}

#[test]
fn expired_certificates_are_allowed_where_they_are_verified() {
    cases(
        KIND,
        "tls: {clientValidation: {allowExpiredCertificate: %}}",
        &["true", "false, mode: Request", "true, mode: VerifyIfGiven", "true, mode: RequireAndVerify"],
        &[
            ("true, mode: Request", &["GW1009 spec.tls.clientValidation.allowExpiredCertificate"]),
            ("true, mode: RequireAny", &["GW1009 spec.tls.clientValidation.allowExpiredCertificate"]),
        ],
    );
}
