//! A redirect before the listener is known.

use crate::ir::{HeaderMutations, HttpFilters, PathRewrite, Redirect, Seldom};
use crate::port::Port;

/// A redirect before the listener is known.
#[derive(Clone, Debug)]
pub(super) struct RedirectTemplate {
    pub(super) scheme: Option<&'static str>,
    pub(super) hostname: Option<String>,
    pub(super) port: Option<Port>,
    pub(super) path: Option<PathRewrite>,
    pub(super) status: u16,
    /// Changes to its headers.
    pub(super) response_headers: HeaderMutations,
    pub(super) http_filters: Seldom<HttpFilters>,
}

impl RedirectTemplate {
    /// The redirect on a listener: the port is the filter's, else the scheme's
    /// well-known one, else the listener's; a scheme's own port is not printed
    /// ([HTTPRequestRedirectFilter](https://gateway-api.sigs.k8s.io/reference/spec/#httprequestredirectfilter)).
    pub(super) fn on_listener(self, on: &'static str, listener_port: Port) -> Redirect {
        let Self { scheme, hostname, port, path, status, response_headers, http_filters } = self;
        let well_known = if scheme.unwrap_or(on) == "https" { Port::HTTPS } else { Port::HTTP };
        let port = port.or(scheme.map(|_| well_known)).unwrap_or(listener_port);
        Redirect {
            scheme,
            hostname,
            port,
            print_port: port != well_known,
            path,
            status,
            response_headers,
            http_filters,
        }
    }
}
