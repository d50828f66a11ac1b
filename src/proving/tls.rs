//! TLS of the runner: what clients show and check, and what backends serve and
//! report.
//!
//! Input: the names of PEM files, relative to the `pki` folder of a file of
//! cases. Output: connectors and acceptors. Certificates here are those of
//! tests; nothing else may trust them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{
    ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore, ServerConfig, ServerConnection,
    SignatureScheme,
};
use tokio_rustls::{TlsAcceptor, TlsConnector};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::error::Error;
use super::values::HttpVersion;

/// How a request uses TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TlsSpec {
    /// The file of the authorities that the server's certificate must come
    /// from; without it every certificate is accepted.
    pub ca: Option<PathBuf>,
    /// The file of the client's certificate; its key is in the file of the
    /// same name that ends in `.key`.
    pub certificate: Option<PathBuf>,
    /// The server name that is sent and checked, where it is not the URL's
    /// host; the empty one sends none.
    pub sni: Option<String>,
}

/// How a backend serves TLS.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackendTlsSpec {
    /// The file of its certificate; the key is in the file that ends in `.key`.
    pub certificate: PathBuf,
    /// The file of the authorities that clients' certificates must come from;
    /// without it clients are not asked.
    pub client_ca: Option<PathBuf>,
    /// The application protocols that it knows, the preferred one first;
    /// `h2` and `http/1.1` by default.
    pub alpn: Option<Vec<String>>,
}

/// What one side of a TLS connection saw of the other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TlsReport {
    /// The server name that the client sent.
    pub sni: Option<String>,
    /// The application protocol that both agreed on.
    pub alpn: Option<String>,
    /// The common name of the peer's certificate.
    pub peer: Option<String>,
}

/// The TLS of one request, ready for use.
#[derive(Clone)]
pub(super) struct ClientTls {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientTls").field("name", &self.name).finish_non_exhaustive()
    }
}

impl ClientTls {
    /// Reads the files that `spec` names. `host` is the URL's.
    pub(super) fn load(spec: &TlsSpec, pki: &Path, host: &str, http: HttpVersion) -> Result<Self, Error> {
        let TlsSpec { ca, certificate, sni } = spec;
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
        let builder = builder.map_err(unusable)?;
        let builder = match ca {
            Some(file) => builder.with_root_certificates(read_roots(&pki.join(file))?),
            None => builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate(provider))),
        };
        let mut config = match certificate {
            Some(file) => {
                let (chain, key) = read_pair(&pki.join(file))?;
                builder.with_client_auth_cert(chain, key).map_err(unusable)?
            }
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![match http {
            HttpVersion::Http1 => b"http/1.1".to_vec(),
            HttpVersion::Http2 => b"h2".to_vec(),
        }];
        config.enable_sni = sni.as_deref() != Some("");
        let name = name(sni.as_deref(), host).to_owned();
        let name =
            ServerName::try_from(name.clone()).map_err(|_| Error::Case(format!("`{name}` is not a server name")))?;
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), name })
    }

    /// The handshake.
    pub(super) async fn connect(&self, stream: TcpStream) -> Result<TlsStream<TcpStream>, std::io::Error> {
        self.connector.connect(self.name.clone(), stream).await
    }
}

/// Whether a client that knows the authorities of `spec` takes a server's chain, in PEM; else what it says. Without
/// authorities every chain is taken.
///
/// # Errors
///
/// When the authorities cannot be read.
pub(super) fn accepts(spec: &TlsSpec, pki: &Path, host: &str, chain: &[u8]) -> Result<Result<(), String>, Error> {
    let TlsSpec { ca: Some(ca), certificate: _, sni } = spec else { return Ok(Ok(())) };
    let roots = Arc::new(read_roots(&pki.join(ca))?);
    let provider = Arc::new(ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider).build().map_err(unusable)?;
    let chain: Vec<_> = CertificateDer::pem_slice_iter(chain).collect::<Result<_, _>>().map_err(unusable)?;
    let name = ServerName::try_from(name(sni.as_deref(), host)).map_err(unusable)?;
    let Some((leaf, others)) = chain.split_first() else { return Ok(Err("there is no certificate".to_owned())) };
    let verified = verifier.verify_server_cert(leaf, others, &name, &[], UnixTime::now());
    Ok(verified.map(|_| ()).map_err(|error| error.to_string()))
}

/// The server name that is sent, and checked.
fn name<'s>(sni: Option<&'s str>, host: &'s str) -> &'s str {
    sni.filter(|name| !name.is_empty()).unwrap_or(host)
}

/// What a client saw of the server.
pub(super) fn report_of_server(stream: &TlsStream<TcpStream>) -> TlsReport {
    let (_, connection) = stream.get_ref();
    TlsReport {
        sni: None,
        alpn: connection.alpn_protocol().map(text),
        peer: connection.peer_certificates().and_then(|chain| common_name(chain.first()?)),
    }
}

/// What a server saw of the client.
pub(super) fn report_of_client(connection: &ServerConnection) -> TlsReport {
    TlsReport {
        sni: connection.server_name().map(str::to_owned),
        alpn: connection.alpn_protocol().map(text),
        peer: connection.peer_certificates().and_then(|chain| common_name(chain.first()?)),
    }
}

/// What accepts connections to a backend with TLS.
pub(super) fn acceptor(spec: &BackendTlsSpec, pki: &Path) -> Result<TlsAcceptor, Error> {
    let BackendTlsSpec { certificate, client_ca, alpn } = spec;
    let (chain, key) = read_pair(&pki.join(certificate))?;
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
    let builder = builder.map_err(unusable)?;
    let builder = match client_ca {
        Some(file) => {
            let roots = Arc::new(read_roots(&pki.join(file))?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build().map_err(unusable)?;
            builder.with_client_cert_verifier(verifier)
        }
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_single_cert(chain, key).map_err(unusable)?;
    config.alpn_protocols = match alpn {
        Some(protocols) => protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect(),
        None => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
    };
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn unusable(error: impl fmt::Display) -> Error {
    Error::Case(format!("TLS cannot be set up: {error}"))
}

fn read_roots(path: &Path) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in read_chain(path)? {
        roots.add(certificate).map_err(|error| Error::Case(format!("{}: {error}", path.display())))?;
    }
    Ok(roots)
}

fn read_pair(path: &Path) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), Error> {
    let key = path.with_extension("key");
    let private =
        PrivateKeyDer::from_pem_file(&key).map_err(|error| Error::Case(format!("{}: {error}", key.display())))?;
    Ok((read_chain(path)?, private))
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let fail = |error| Error::Case(format!("{}: {error}", path.display()));
    CertificateDer::pem_file_iter(path).map_err(fail)?.collect::<Result<_, _>>().map_err(fail)
}

fn text(protocol: &[u8]) -> String {
    String::from_utf8_lossy(protocol).into_owned()
}

fn common_name(certificate: &CertificateDer<'_>) -> Option<String> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    certificate.subject().iter_common_name().next()?.as_str().ok().map(str::to_owned)
}

/// Accepts every certificate, whose key the server must have all the same.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
