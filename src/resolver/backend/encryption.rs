//! How the connections to a backend are encrypted.

use std::sync::Arc;

use crate::diagnostics::Reported;

use super::super::backend_tls::TlsSettings;

/// How the connections to a backend are encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackendTls {
    /// They are plain text.
    Plain,
    /// They use TLS.
    Tls(Arc<TlsSettings>),
    /// They should use TLS, with settings that cannot be used: there are no connections.
    Invalid(Reported),
}

impl BackendTls {
    /// What the connections use, where they use TLS that can be used.
    pub fn settings(&self) -> Option<&TlsSettings> {
        match self {
            Self::Tls(settings) => Some(settings),
            Self::Plain | Self::Invalid(_) => None,
        }
    }
}

/// The position of settings in a list, which those with equal ones share.
pub(super) fn position(settings: TlsSettings, list: &mut Vec<Arc<TlsSettings>>) -> usize {
    list.iter().position(|known| **known == settings).unwrap_or_else(|| {
        list.push(Arc::new(settings));
        list.len() - 1
    })
}
