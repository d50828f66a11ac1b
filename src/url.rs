//! Where URLs lead: the host, the port, and whether TLS is spoken there
//! ([RFC 3986](https://www.rfc-editor.org/rfc/rfc3986#section-3.2)). Only what can be asked for something is read.

use std::net::{IpAddr, Ipv6Addr};

/// The ports that URLs stand for which name none.
const HTTP: u16 = 80;
const HTTPS: u16 = 443;

/// The most bytes of a name in the DNS, and of one of its labels
/// ([RFC 1035](https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4)).
const LONGEST_NAME: usize = 253;
const LONGEST_LABEL: usize = 63;

/// Where a URL leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UrlHost {
    /// Whether the URL begins with `https:`.
    pub(crate) is_tls: bool,
    /// A name or an address, in lower case, without the brackets of an address and the dot at the end of a name.
    pub(crate) host: String,
    /// The port, never 0.
    pub(crate) port: u16,
}

impl UrlHost {
    /// Reads a URL; `None` where nothing can be had by it.
    pub(crate) fn read(url: &str) -> Option<Self> {
        let (is_tls, rest) = match url.strip_prefix("https://") {
            Some(rest) => (true, rest),
            None => (false, url.strip_prefix("http://")?),
        };
        if !rest.bytes().all(|byte| byte.is_ascii_graphic()) || rest.contains('#') {
            return None;
        }
        let authority = rest.split('/').next().unwrap_or_default();
        let (host, port) = match authority.strip_prefix('[') {
            Some(inner) => {
                let (host, after) = inner.split_once(']')?;
                host.parse::<Ipv6Addr>().ok()?;
                (host, if after.is_empty() { None } else { Some(after.strip_prefix(':')?) })
            }
            None => match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            },
        };
        let port = match port {
            Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => port.parse::<u16>().ok()?,
            Some(_) => return None,
            None if is_tls => HTTPS,
            None => HTTP,
        };
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        let is_host = host.parse::<IpAddr>().is_ok() || is_name(&host);
        (port > 0 && is_host).then_some(Self { is_tls, host, port })
    }

    /// `http` or `https`.
    pub(crate) fn scheme(&self) -> &'static str {
        if self.is_tls { "https" } else { "http" }
    }

    /// Its address, where it has no name.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

/// Whether something is a name of the DNS, and not a number that is taken for an address.
fn is_name(host: &str) -> bool {
    let is_label = |label: &str| {
        let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=LONGEST_LABEL).contains(&label.len())
            && label.bytes().all(is_inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x");
    host.len() <= LONGEST_NAME && host.split('.').all(is_label) && !is_number
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Option<(bool, String, u16)> {
        UrlHost::read(url).map(|UrlHost { is_tls, host, port }| (is_tls, host, port))
    }

    #[test]
    fn urls_lead_to_hosts_and_ports() {
        assert_eq!(read("https://id.example/keys"), Some((true, "id.example".into(), 443)));
        assert_eq!(read("http://ID.example.:8080"), Some((false, "id.example".into(), 8080)));
        assert_eq!(read("http://[fd00::1]/k?a=b"), Some((false, "fd00::1".into(), 80)));
        assert_eq!(read("https://10.0.0.1:8443/"), Some((true, "10.0.0.1".into(), 8443)));
    }

    #[test]
    fn nothing_is_had_by_what_is_no_url() {
        for url in [
            "",
            "ftp://a.b/",
            "https://",
            "https:///k",
            "https://a b/",
            "https://u:p@a.b/",
            "https://a.b:0/",
            "https://a.b:65536/",
            "https://a.b:+80/",
            "https://a.b:/",
            "https://a..b/",
            "https://-a.b/",
            "https://127.1/",
            "https://0x7f.0x1/",
            "https://[a.b]/",
            "https://[::1]x/",
            "https://a.b/#k",
            "https://a.b?k",
            "HTTPS://a.b/",
        ] {
            assert_eq!(read(url), None, "{url}");
        }
    }
}
