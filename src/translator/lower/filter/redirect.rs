//! RequestRedirect: the answer depends on the listener's port.

use crate::diagnostics::Reported;
use crate::ir::{HeaderMutations, Seldom};
use crate::parser::api::RequestRedirectFilter;

use super::super::redirect_template::RedirectTemplate;
use super::super::rule::RouteLowering;
use super::FilterContext;

impl RouteLowering<'_, '_> {
    pub(super) fn lower_redirect(
        &mut self,
        context: &FilterContext<'_>,
        filter: &RequestRedirectFilter,
    ) -> Result<RedirectTemplate, Reported> {
        let RequestRedirectFilter { scheme, hostname, path, port, status_code } = filter;
        Ok(RedirectTemplate {
            scheme: scheme.as_deref().map(|scheme| if scheme == "https" { "https" } else { "http" }),
            hostname: hostname.clone(),
            port: *port,
            path: self.lower_path(context, "requestRedirect", path.as_ref())?,
            status: *status_code,
            // What else the rule says of it is not known yet.
            response_headers: HeaderMutations::default(),
            http_filters: Seldom::default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::RedirectTemplate;
    use crate::ir::{HeaderMutations, Seldom};
    use crate::port::Port;

    #[test]
    fn the_printed_port_follows_the_table_of_the_specification() {
        for (listener, scheme, port, printed) in [
            (("http", 80), None, None, None),
            (("http", 8080), None, None, Some(8080)),
            (("http", 8080), Some("https"), None, None),
            (("http", 8080), None, Some(80), None),
            (("http", 80), None, Some(8080), Some(8080)),
            (("http", 8080), Some("https"), Some(443), None),
            (("http", 80), Some("https"), Some(8443), Some(8443)),
            (("https", 443), None, None, None),
            (("https", 443), Some("http"), None, None),
            (("https", 443), Some("http"), Some(8080), Some(8080)),
            (("http", 80), None, Some(443), Some(443)),
        ] {
            let template = RedirectTemplate {
                scheme,
                hostname: None,
                port: port.map(Port::new),
                path: None,
                status: 302,
                response_headers: HeaderMutations::default(),
                http_filters: Seldom::default(),
            };
            let redirect = template.on_listener(listener.0, Port::new(listener.1));
            assert_eq!(
                redirect.print_port.then_some(redirect.port.number()),
                printed,
                "{listener:?} {scheme:?} {port:?}"
            );
        }
    }
}
