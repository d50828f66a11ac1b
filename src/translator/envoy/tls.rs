//! TLS contexts
//! ([TLS transport socket](https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/tls.proto)).

use std::path::Path;

use envoy_types::pb::envoy::config::core::v3::{DataSource, WatchedDirectory, data_source::Specifier};
use envoy_types::pb::envoy::extensions::transport_sockets::tls::v3::certificate_validation_context::TrustChainVerification;
use envoy_types::pb::envoy::extensions::transport_sockets::tls::v3::common_tls_context::{
    CombinedCertificateValidationContext, ValidationContextType,
};
use envoy_types::pb::envoy::extensions::transport_sockets::tls::v3::subject_alt_name_matcher::SanType;
use envoy_types::pb::envoy::extensions::transport_sockets::tls::v3::{
    CertificateValidationContext, CommonTlsContext, DownstreamTlsContext, SdsSecretConfig, Secret,
    SubjectAltNameMatcher, TlsCertificate, TlsParameters, downstream_tls_context::SessionTicketKeysType, secret,
};
use envoy_types::pb::envoy::r#type::matcher::v3::StringMatcher;
use envoy_types::pb::google::protobuf::Any;

use crate::ir::{
    Authorities, CertificateId, ClientCertificates, ClientChecks, ClientName, ClientNameKind, Config, KeyPair,
    Material, OnlyVersion, TextIs, TlsTermination, TlsTerms,
};

use super::layout::{Layout, Source};
use super::name;
use super::proto::{any, boolean, to_pattern};
use super::tls_parameters::to_parameters;

/// The name of the transport socket.
pub(super) const TRANSPORT_SOCKET: &str = "envoy.transport_sockets.tls";
const DOWNSTREAM_CONTEXT: &str = "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext";

/// The context of connections from clients.
pub(super) fn to_downstream_context(
    (tls, only): (&TlsTermination, Option<OnlyVersion>),
    config: &Config,
    layout: &Layout,
) -> Any {
    let TlsTermination { certificates, alpn, clients, terms } = tls;
    let TlsTerms { alpn: own_alpn, oldest, newest, ciphers, curves, has_tickets, remembers, checks } = &**terms;
    let parameters = to_parameters([*oldest, *newest], ciphers, curves);
    let alpn: Vec<&str> = match own_alpn.is_empty() {
        true => alpn.to_vec(),
        false => own_alpn.iter().map(String::as_str).collect(),
    };
    let (require, validation) = match clients {
        ClientCertificates::Unasked => (None, None),
        ClientCertificates::Required(authorities) | ClientCertificates::Checked(authorities) => {
            (Some(boolean(clients.must_show())), Some(to_validation(authorities, to_checks(checks), layout)))
        }
        // Without authorities Envoy lets those in who show nothing (seen at 1.40).
        ClientCertificates::Shown(authorities) => {
            (Some(boolean(true)), Some(to_validation(authorities, accept_untrusted(), layout)))
        }
        ClientCertificates::Optional => {
            (Some(boolean(false)), Some(ValidationContextType::ValidationContext(accept_untrusted())))
        }
    };
    // Clients choose among what they are offered.
    let is_spoken = |protocol: &&str| match only {
        Some(OnlyVersion::Http1) => *protocol != "h2",
        Some(OnlyVersion::Http2) => *protocol != "http/1.1",
        None => true,
    };
    let context = DownstreamTlsContext {
        common_tls_context: Some(CommonTlsContext {
            alpn_protocols: alpn.into_iter().filter(is_spoken).map(str::to_owned).collect(),
            tls_params: (parameters != TlsParameters::default()).then_some(parameters),
            validation_context_type: validation,
            ..with_certificates(certificates, config, layout)
        }),
        require_client_certificate: require,
        disable_stateful_session_resumption: *remembers == Some(false),
        session_ticket_keys_type: (*has_tickets == Some(false))
            .then_some(SessionTicketKeysType::DisableStatelessSessionResumption(true)),
        ..DownstreamTlsContext::default()
    };
    any(DOWNSTREAM_CONTEXT, &context)
}

/// What certificates of clients have to be beside being of an authority.
fn to_checks(ClientChecks { hashes, key_hashes, names, takes_expired }: &ClientChecks) -> CertificateValidationContext {
    let to_name = |ClientName { kind, is }: &ClientName| {
        let kind = match kind {
            ClientNameKind::Dns => SanType::Dns,
            ClientNameKind::Email => SanType::Email,
            ClientNameKind::Ip => SanType::IpAddress,
            ClientNameKind::Uri => SanType::Uri,
        };
        let matcher = StringMatcher { match_pattern: Some(to_pattern(is.clone())), ..StringMatcher::default() };
        SubjectAltNameMatcher { san_type: kind as i32, matcher: Some(matcher), ..SubjectAltNameMatcher::default() }
    };
    CertificateValidationContext {
        verify_certificate_hash: hashes.to_vec(),
        verify_certificate_spki: key_hashes.to_vec(),
        match_typed_subject_alt_names: names.iter().map(to_name).collect(),
        allow_expired_certificate: *takes_expired,
        ..CertificateValidationContext::default()
    }
}

/// Whether names of clients are compared with an expression.
pub(super) fn uses_regex(TlsTermination { terms, .. }: &TlsTermination) -> bool {
    terms.checks.names.iter().any(|name| matches!(name.is, TextIs::Regex(_)))
}

/// A certificate with its key, under a name that contexts refer to.
pub(super) fn to_secret(pair: &KeyPair) -> Secret {
    Secret { name: name::secret(pair), r#type: Some(secret::Type::TlsCertificate(to_certificate(pair))) }
}

fn to_certificate(pair: &KeyPair) -> TlsCertificate {
    let KeyPair { namespace: _, name: _, chain, key, origin: _ } = pair;
    TlsCertificate {
        certificate_chain: Some(to_data_source(chain)),
        private_key: Some(to_data_source(key)),
        ..TlsCertificate::default()
    }
}

/// A certificate in files, which are read again when they change. Where they lie in one directory that is watched, so
/// that a swapped link on the way to them is noticed as well; in two, Envoy watches the directory of each
/// ([watched directory](https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/common.proto#envoy-v3-api-field-extensions-transport-sockets-tls-v3-tlscertificate-watched-directory)).
pub(super) fn to_followed_secret(pair: &KeyPair) -> Secret {
    let directory = pair.files().and_then(|(chain, key)| {
        let parent = Path::new(chain).parent()?;
        (Path::new(key).parent() == Some(parent)).then_some(parent)
    });
    let certificate = TlsCertificate { watched_directory: directory.map(watched), ..to_certificate(pair) };
    Secret { name: name::secret(pair), r#type: Some(secret::Type::TlsCertificate(certificate)) }
}

/// Authorities in a file, under a name that contexts refer to; `None` where they are not.
pub(super) fn to_followed_authorities(authorities: &Authorities) -> Option<Secret> {
    let (path, object) = authorities.file()?;
    let context = CertificateValidationContext {
        trusted_ca: Some(to_data_source(&authorities.bundle)),
        watched_directory: Path::new(path).parent().map(watched),
        ..CertificateValidationContext::default()
    };
    Some(Secret { name: name::authorities(object), r#type: Some(secret::Type::ValidationContext(context)) })
}

fn watched(directory: &Path) -> WatchedDirectory {
    WatchedDirectory { path: directory.to_string_lossy().into_owned(), ..WatchedDirectory::default() }
}

/// What a context says of its own certificates.
pub(super) fn with_certificates(ids: &[CertificateId], config: &Config, layout: &Layout) -> CommonTlsContext {
    let pairs = || ids.iter().map(|id| config.certificate(*id));
    let sources = pairs().map(|pair| {
        let name = name::secret(pair);
        layout.secret_source(&name, pair.files().is_some()).into_reference(name)
    });
    // Envoy refuses a context that has some of its certificates inline and some not
    // ([secrets of a context](https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/tls.proto#envoy-v3-api-field-extensions-transport-sockets-tls-v3-commontlscontext-tls-certificate-sds-secret-configs)).
    match sources.collect::<Option<Vec<_>>>() {
        Some(references) => {
            CommonTlsContext { tls_certificate_sds_secret_configs: references, ..CommonTlsContext::default() }
        }
        None => {
            CommonTlsContext { tls_certificates: pairs().map(to_certificate).collect(), ..CommonTlsContext::default() }
        }
    }
}

/// The check that a peer's certificate comes from one of the authorities, beside what else is checked.
pub(super) fn to_validation(
    authorities: &Authorities,
    beside: CertificateValidationContext,
    layout: &Layout,
) -> ValidationContextType {
    let Authorities { bundle, object: _, origin: _ } = authorities;
    let reference = authorities.file().and_then(|(_, object)| {
        let name = name::authorities(object);
        match layout.secret_source(&name, true) {
            // A bootstrap has certificates beside what uses them, and no authorities.
            Source::Beside | Source::Inline => None,
            followed @ Source::File(_) => followed.into_reference(name),
        }
    });
    match reference {
        None => ValidationContextType::ValidationContext(CertificateValidationContext {
            trusted_ca: Some(to_data_source(bundle)),
            ..beside
        }),
        Some(reference) if beside == CertificateValidationContext::default() => {
            ValidationContextType::ValidationContextSdsSecretConfig(reference)
        }
        Some(reference) => ValidationContextType::CombinedValidationContext(CombinedCertificateValidationContext {
            default_validation_context: Some(beside),
            validation_context_sds_secret_config: Some(reference),
            ..CombinedCertificateValidationContext::default()
        }),
    }
}

impl Source {
    /// How a context refers to a secret; `None` where it has it itself.
    fn into_reference(self, name: String) -> Option<SdsSecretConfig> {
        match self {
            Self::Inline => None,
            Self::Beside => Some(SdsSecretConfig { name, sds_config: None }),
            Self::File(source) => Some(SdsSecretConfig { name, sds_config: Some(*source) }),
        }
    }
}

/// A certificate is asked for, and whatever comes is accepted.
fn accept_untrusted() -> CertificateValidationContext {
    CertificateValidationContext {
        trust_chain_verification: TrustChainVerification::AcceptUntrusted as i32,
        ..CertificateValidationContext::default()
    }
}

fn to_data_source(material: &Material) -> DataSource {
    let specifier = match material {
        Material::Inline(text) => Some(Specifier::InlineString(text.to_string())),
        Material::File(path) => Some(Specifier::Filename(path.clone())),
        // What is emitted has none. Were there one, Envoy would refuse a source without content.
        Material::Unseen(_) | Material::Several(_) => None,
    };
    DataSource { specifier, ..DataSource::default() }
}
