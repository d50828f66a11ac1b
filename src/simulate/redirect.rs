//! The Location of redirects.

use crate::hostname::Hostname;
use crate::ir::{PathMatch, Redirect};

use super::admitted::Admitted;
use super::cors_headers::CorsHeaders;
use super::decision::{LocalReply, Reason};
use super::direct_response::change;
use super::host::split_port;
use super::rewrite::rewrite;

/// The answer of a redirect on a virtual host, to a request that such a match takes.
pub(super) fn redirect(
    action: &Redirect,
    (hostname, taken): (&Hostname, &PathMatch),
    request: &Admitted,
) -> LocalReply {
    let Redirect { scheme, hostname: to, port, print_port, path, status, response_headers, http_filters } = action;
    let known = match (to, hostname) {
        (Some(host), _) | (None, Hostname::Exact(host)) => Some(host.as_str()),
        (None, Hostname::Wildcard(_) | Hostname::Any) => None,
    };
    let (sent_host, sent_port) = split_port(&request.authority);
    let has_port = sent_port.len() > 1 && sent_port.bytes().skip(1).all(|byte| byte.is_ascii_digit());
    let host = match known {
        Some(host) => host,
        // Whatever stands behind the colon goes only where another port takes its place.
        None if *print_port || has_port => sent_host,
        None => &request.authority,
    };
    let port = if *print_port || (known.is_none() && has_port) { format!(":{port}") } else { String::new() };
    let path =
        path.as_ref().and_then(|path| rewrite(path, taken, &request.target)).unwrap_or_else(|| request.target.clone());
    let scheme = scheme.unwrap_or(request.scheme);
    let location = format!("{scheme}://{host}{port}{path}");
    // What `CONNECT` asks for has no path, and so none that it could be sent to.
    let is_tunnel = request.target.is_empty();
    let mut headers = if is_tunnel { Vec::new() } else { vec![("location".to_owned(), location)] };
    change(&mut headers, (response_headers, http_filters), "");
    if let Some(cors) = &http_filters.cors {
        CorsHeaders::of(cors, request).set_in(&mut headers);
    }
    LocalReply { headers, ..LocalReply::new(*status, Reason::Redirect) }
}
