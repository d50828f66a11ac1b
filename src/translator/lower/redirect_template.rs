//! A redirect before the listener is known.

use crate::ir::{HeaderMutations, HttpFilters, PathRewrite, Redirect};
use crate::port::Port;

/// A redirect before the listener is known.
#[derive(Clone, Debug)]
pub(super) struct RedirectTemplate {
    pub(super) scheme: Option<&'static str>,
    pub(super) hostname: Option<String>,
    pub(super) port: Option<Port>,
    pub(super) path: Option<PathRewrite>,
    pub(super) status: u16,
}

impl RedirectTemplate {
    /// The redirect on a listener: the port is the filter's, else the scheme's
    /// well-known one, else the listener's; a scheme's own port is not printed
    /// ([HTTPRequestRedirectFilter](https://gateway-api.sigs.k8s.io/reference/spec/#httprequestredirectfilter)).
    pub(super) fn on_listener(
        &self,
        scheme: &'static str,
        listener_port: Port,
        response_headers: HeaderMutations,
        http_filters: HttpFilters,
    ) -> Redirect {
        let effective = self.scheme.unwrap_or(scheme);
        let well_known = if effective == "https" { Port::HTTPS } else { Port::HTTP };
        let port = self.port.or(self.scheme.map(|_| well_known)).unwrap_or(listener_port);
        Redirect {
            scheme: self.scheme,
            hostname: self.hostname.clone(),
            port,
            print_port: port != well_known,
            path: self.path.clone(),
            status: self.status,
            response_headers,
            http_filters,
        }
    }
}
