//! TLS contexts
//! ([TLS transport socket](https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/tls.proto)).

use envoy_types::pb::envoy::config::core::v3::{DataSource, data_source::Specifier};
use envoy_types::pb::envoy::extensions::transport_sockets::tls::v3::certificate_validation_context::TrustChainVerification;
use envoy_types::pb::envoy::extensions::transport_sockets::tls::v3::common_tls_context::ValidationContextType;
use envoy_types::pb::envoy::extensions::transport_sockets::tls::v3::{
    CertificateValidationContext, CommonTlsContext, DownstreamTlsContext, SdsSecretConfig, Secret, TlsCertificate,
    secret,
};
use envoy_types::pb::google::protobuf::Any;

use crate::ir::{Authorities, CertificateId, ClientCertificates, Config, KeyPair, Material, TlsTermination};

use super::layout::{Layout, Part};
use super::name;
use super::proto::{any, boolean};

/// The name of the transport socket.
pub(super) const TRANSPORT_SOCKET: &str = "envoy.transport_sockets.tls";
const DOWNSTREAM_CONTEXT: &str = "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext";

/// The context of connections from clients.
pub(super) fn to_downstream_context(tls: &TlsTermination, config: &Config, layout: &Layout) -> Any {
    let TlsTermination { certificates, alpn, clients } = tls;
    let (require, validation) = match clients {
        ClientCertificates::Unasked => (None, None),
        ClientCertificates::Required(authorities) => (Some(boolean(true)), Some(to_validation(authorities))),
        ClientCertificates::Optional => (Some(boolean(false)), Some(accept_untrusted())),
    };
    let context = DownstreamTlsContext {
        common_tls_context: Some(CommonTlsContext {
            alpn_protocols: alpn.iter().map(|&protocol| protocol.to_owned()).collect(),
            validation_context_type: validation.map(ValidationContextType::ValidationContext),
            ..with_certificates(certificates, config, layout)
        }),
        require_client_certificate: require,
        ..DownstreamTlsContext::default()
    };
    any(DOWNSTREAM_CONTEXT, &context)
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

/// What a context says of its own certificates.
pub(super) fn with_certificates(ids: &[CertificateId], config: &Config, layout: &Layout) -> CommonTlsContext {
    let pairs = ids.iter().map(|id| config.certificate(*id));
    let sds_config = |name: &str| match &layout.secrets {
        Part::File(files) => Some(files.source(name)),
        Part::Inline | Part::Bootstrap => None,
    };
    if layout.secrets == Part::Inline {
        return CommonTlsContext {
            tls_certificates: pairs.map(to_certificate).collect(),
            ..CommonTlsContext::default()
        };
    }
    let reference = |pair| {
        let name = name::secret(pair);
        SdsSecretConfig { sds_config: sds_config(&name), name }
    };
    CommonTlsContext {
        tls_certificate_sds_secret_configs: pairs.map(reference).collect(),
        ..CommonTlsContext::default()
    }
}

/// The check that a peer's certificate comes from one of the authorities.
pub(super) fn to_validation(authorities: &Authorities) -> CertificateValidationContext {
    let Authorities { bundle, origin: _ } = authorities;
    CertificateValidationContext { trusted_ca: Some(to_data_source(bundle)), ..CertificateValidationContext::default() }
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
