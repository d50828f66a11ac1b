//! Absolute URLs as Envoy reads them in request lines and in `referer`: in hosts stricter than
//! [RFC 3986](https://www.rfc-editor.org/rfc/rfc3986#section-3), and laxer behind them. Measured with Envoy 1.40.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The parts of an absolute URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Url<'t> {
    pub(super) scheme: &'t str,
    /// The host, and the port with its colon, without the user before them.
    pub(super) authority: &'t str,
    /// What follows: path, query and fragment.
    pub(super) rest: &'t str,
    has_user: bool,
    has_fragment: bool,
}

impl<'t> Url<'t> {
    /// `None` where Envoy takes the text for no absolute URL.
    pub(super) fn parse(text: &'t str) -> Option<Self> {
        let (scheme, behind) = text.split_once("://")?;
        let (authority, rest) = behind.split_at(behind.find(['/', '?']).unwrap_or(behind.len()));
        let (user, authority) = match authority.split_once('@') {
            Some((user, authority)) => (user, authority),
            None => ("", authority),
        };
        let is_url = is_scheme(scheme)
            && user.bytes().all(is_user_byte)
            && is_authority(authority)
            && rest.bytes().all(|byte| byte.is_ascii_graphic());
        // A sign without text behind it is no fragment.
        let fragment = rest.split_once('#').map_or("", |(_, fragment)| fragment.trim_start_matches('#'));
        let (has_user, has_fragment) = (!user.is_empty(), !fragment.is_empty());
        is_url.then_some(Self { scheme, authority, rest, has_user, has_fragment })
    }
}

fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn is_user_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.!~*'()%;:&=+$,".contains(&byte)
}

fn is_authority(authority: &str) -> bool {
    let (is_host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) => (address.parse::<Ipv6Addr>().is_ok() || address.parse::<Ipv4Addr>().is_ok(), port),
        None => {
            let end = authority.find(':').unwrap_or(authority.len());
            let (host, port) = authority.split_at(end);
            let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
            (!host.is_empty() && host.bytes().all(is_name), port)
        }
    };
    is_host && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
}

fn is_port(digits: &str) -> bool {
    digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u16>().is_ok()
}

/// Whether Envoy hands a `referer` on: one that is neither an absolute URL without user and fragment nor a relative
/// reference is taken out of the request
/// ([RFC 7231](https://www.rfc-editor.org/rfc/rfc7231#section-5.5.2)).
pub fn is_referer(value: &str) -> bool {
    match Url::parse(value) {
        Some(url) => !url.has_user && !url.has_fragment,
        None => is_relative(value),
    }
}

fn is_relative(reference: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!$&'()*+,-./:;=?@_~%".contains(&byte);
    // A colon in front of every slash would end a scheme.
    let first = reference.split('/').next().unwrap_or_default();
    !first.contains(':') && reference.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::{Url, is_referer};

    /// What Envoy 1.40 did with each value.
    #[test]
    fn referers_are_kept_as_measured() {
        for kept in [
            "",
            "partner.com",
            "/partner",
            "//partner.com",
            "https://partner.com",
            "https://partner.com/#",
            "https://partner.com/##",
            "https://partner.com?x",
            "https://partner.com?x#",
            "https://partner.com:0/",
            "https://partner.com:065535/",
            "https://@partner.com/",
            "https://[::1]:80/",
            "https://[1.2.3.4]/",
            "HTTPS://PARTNER.com/",
            "android-app://com.partner/",
            "h2://partner/",
            "a+b://x",
            "a.b://x",
            "*x",
            "http://a.com/x|y",
            "http://a.com/x\"y",
            "http://a.com/[x]",
            "http://a.com/\\x",
            "/x:y",
            "x/y:z",
            "/?b:c",
            "a_b",
            "http://.",
            "http://-",
            "http://partner.com.:80/",
            "a,b",
            "%zz",
            "a!b$&()*+,;=~",
        ] {
            assert!(is_referer(kept), "{kept}");
        }
        for removed in [
            "https://partner.com/x?y#z",
            "https://u:p@partner.com/",
            "https://u@partner.com/",
            "https://u@@partner.com/",
            "https://partner.com:99999/",
            "https://partner.com:x/",
            "https://partner.com:",
            "https://partner.com#",
            "https://partner.com#x",
            "https://partner.com/##x",
            "https://partner.com/#?",
            "http:partner.com",
            "about:blank",
            "about:blank#partner",
            "http://a b partner",
            "http://",
            "http:///x",
            "http://?x",
            "https://par_tner.com/",
            "https://par%74ner.com/",
            "https://[zz]/",
            "https://[1:2]/",
            "https://[::1",
            "https://[fe80::1%25eth0]/",
            "https://::1/",
            "http://[::1]x/",
            "http://:80/",
            "http://a.com:80:90/",
            "a_b://x",
            "1http://x/",
            "/a b",
            "/x|y",
            "/[x]",
            "\\x",
            "x:y",
            "a?b:c",
            "#",
            "/#x",
            "/é",
            "a, b",
            "http://a.com,http://b.com",
            "http://a/\tb",
        ] {
            assert!(!is_referer(removed), "{removed}");
        }
    }

    #[test]
    fn the_user_is_no_part_of_the_authority() {
        let url = Url::parse("http://u:p@p.com:80/q?x").unwrap();
        assert_eq!((url.scheme, url.authority, url.rest), ("http", "p.com:80", "/q?x"));
        let url = Url::parse("HTTP://p.com?x").unwrap();
        assert_eq!((url.scheme, url.authority, url.rest), ("HTTP", "p.com", "?x"));
    }
}
