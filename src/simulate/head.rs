//! How much the head of a request may be.

use crate::ir::HttpLimits;

use super::request::{Request, Version};

/// The most headers of a request, and the most KiB of its head, where nothing else is asked for
/// ([HttpProtocolOptions](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/core/v3/protocol.proto)).
const MOST_HEADERS: u32 = 100;
const MOST_KIB: u32 = 60;

const VERSION: &str = " HTTP/1.1";
const LINE_END: &str = "\r\n";

/// Whether the head of a request is more than connections take. Over HTTP/1.1 all bytes of it count, line ends too, and
/// the host is one header of all (seen at Envoy 1.40); the head of HTTP/2 is compressed and not looked at here.
pub(super) fn is_too_large(request: &Request, limits: HttpLimits) -> bool {
    let Request { connection: _, version, method, authority, target, headers, body_bytes: _ } = request;
    if *version != Version::Http1 {
        return false;
    }
    let line = |(name, value): (&str, &str)| name.len() + ": ".len() + value.len() + LINE_END.len();
    let host = authority.as_deref().map(|host| ("host", host));
    let lines = || host.into_iter().chain(headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let first = method.len() + " ".len() + target.len() + VERSION.len() + LINE_END.len();
    let bytes = first + lines().map(line).sum::<usize>() + LINE_END.len();
    let is_above = |number: usize, most: u64| u64::try_from(number).is_ok_and(|number| number > most);
    is_above(lines().count(), u64::from(limits.headers.unwrap_or(MOST_HEADERS)))
        || is_above(bytes, u64::from(limits.header_kib.unwrap_or(MOST_KIB)) * 1024)
}

#[cfg(test)]
mod tests {
    use super::is_too_large;
    use crate::ir::HttpLimits;
    use crate::simulate::request::Request;

    fn with(headers: Vec<(String, String)>, target: &str) -> Request {
        Request { headers, ..Request::get(80, "h", target) }
    }

    #[test]
    fn heads_are_as_long_as_measured() {
        let limits = HttpLimits { header_kib: Some(1), ..HttpLimits::default() };
        let long = |length: usize| with(vec![("x-a".to_owned(), "b".repeat(length))], "/");
        assert!(!is_too_large(&long(990), limits) && is_too_large(&long(991), limits));
        let path = |length: usize| with(Vec::new(), &format!("/{}", "p".repeat(length)));
        assert!(!is_too_large(&path(997), limits) && is_too_large(&path(998), limits));
    }

    #[test]
    fn the_host_is_one_of_the_headers() {
        let limits = HttpLimits { headers: Some(12), ..HttpLimits::default() };
        let many = |number: usize| with((0..number).map(|at| (format!("x-{at}"), String::new())).collect(), "/");
        assert!(!is_too_large(&many(11), limits) && is_too_large(&many(12), limits));
        assert!(!is_too_large(&many(99), HttpLimits::default()) && is_too_large(&many(100), HttpLimits::default()));
    }
}
