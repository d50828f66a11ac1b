//! The forms of strings that the API requires, as matchers over bytes.
//!
//! Every matcher accepts exactly what its regular expression finds, searched
//! and not anchored, as the API server does. They run on every name and
//! hostname of the input, so they are loops and not an automaton; a property
//! test compares each with its expression.

use std::borrow::Cow;

use crate::parser::api::Duration;

/// A form that a string must have.
#[derive(Clone, Copy, Debug)]
pub struct Pattern {
    /// What such a string is, with its article.
    pub noun: &'static str,
    /// The rule in words.
    pub rule: &'static str,
    /// The regular expression of the API.
    pub regex: &'static str,
    /// Whether a string has the form.
    pub matches: fn(&str) -> bool,
}

macro_rules! patterns {
    ($($(#[doc = $doc:literal])+ $name:ident = $matches:path, $noun:literal, $rule:literal, $regex:literal;)+) => {
        $($(#[doc = $doc])+
        pub static $name: Pattern = Pattern { noun: $noun, rule: $rule, regex: $regex, matches: $matches };)+
        /// Every pattern.
        pub static PATTERNS: &[&Pattern] = &[$(&$name),+];
    };
}

patterns! {
    /// A DNS name without a wildcard.
    SUBDOMAIN = is_subdomain, "a DNS name",
        "lower-case letters, digits and `-` in labels separated by `.`; a label begins and ends with a letter or digit",
        r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
    /// A DNS name whose first label may be `*`.
    HOSTNAME = is_hostname, "a hostname",
        "a DNS name in lower case without scheme, port or path; only the first label may be `*`",
        r"^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
    /// An API group; empty for core.
    GROUP = is_group, "an API group",
        "a DNS name such as `gateway.networking.k8s.io`, or `\"\"` for the core group",
        r"^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
    /// A kind.
    KIND = is_kind, "a kind",
        "letters, digits and `-`; it begins with a letter and ends with a letter or digit",
        r"^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$";
    /// A DNS label.
    NAMESPACE = is_label, "a namespace",
        "lower-case letters, digits and `-`; it begins and ends with a letter or digit",
        r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
    /// A DNS name that may end with the dot of the root.
    FULL_NAME = is_full_name, "a DNS name with or without its last dot",
        "lower-case letters, digits and `-` in labels separated by `.`; a label begins and ends with a letter or digit",
        r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\.?$";
    /// An IP address, or what looks like one.
    ADDRESS = is_address, "an IP address",
        "four numbers up to 255 separated by `.`, or groups of up to four hexadecimal digits separated by `:`",
        r"^((25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)\.){3}(25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)$|^(([0-9a-fA-F]{1,4}:){1,7}[0-9a-fA-F]{1,4}|::|(([0-9a-fA-F]{1,4}:){0,5})?(:[0-9a-fA-F]{1,4}){1,2})$";
    /// What no line ends.
    ONE_LINE = is_one_line, "text of one line",
        "no carriage return, no line feed and no NUL",
        r"^[^\r\n\x00]*$";
    /// The value of a label.
    LABEL_VALUE = is_label_value, "a label value",
        "letters, digits, `-`, `_` and `.`; it begins and ends with a letter or digit, or is empty",
        r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$";
    /// The name of a header or parameter.
    TOKEN = is_token, "a header name",
        "letters, digits and ``!#$%&'*+-.^_`|~``",
        r"^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$";
    /// The value of a header.
    HEADER_VALUE = is_header_value, "a header value",
        "printable ASCII characters, with single spaces or tabs between them",
        r"^[!-~]+([\t ]?[!-~]+)*$";
    /// The characters of a path.
    PATH = is_path, "a path",
        "letters, digits, ``-._~!$&'()*+,;=:@/`` and `%` with two hexadecimal digits",
        r"^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$";
    /// A duration.
    DURATION = is_duration, "a duration",
        "one to four whole numbers of up to five digits, each with the unit `h`, `m`, `s` or `ms`, such as `1m30s`",
        r"^([0-9]{1,5}(h|m|s|ms)){1,4}$";
    /// The name of a controller.
    CONTROLLER = is_controller, "a controller name",
        "a DNS name, `/` and a path, such as `example.com/gateway-controller`",
        r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+$";
    /// The type of an address.
    ADDRESS_TYPE = is_address_type, "an address type",
        "`IPAddress`, `Hostname`, `NamedAddress`, or a DNS name, `/` and a path",
        r"^Hostname|IPAddress|NamedAddress|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+$";
    /// The protocol of a listener.
    PROTOCOL = is_protocol, "a protocol",
        "`HTTP`, `HTTPS`, `TLS`, `TCP`, `UDP`, or a DNS name, `/` and a name",
        r"^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9]+$";
    /// An absolute URI.
    ABSOLUTE_URI = is_absolute_uri, "an absolute URI",
        "a scheme, `://` and the rest, such as `spiffe://example.com/service`",
        r"^(([^:/?#]+):)(//([^/?#]*))([^?#]*)(\?([^#]*))?(#(.*))?";
    /// An origin of a cross-origin request.
    CORS_ORIGIN = is_cors_origin, "an origin",
        "`*`, or `http://` or `https://`, a host (`*`, or a name whose first label may be `*`) and optionally `:` and a port, without a path",
        r"(^\*$)|(^(http(s)?):\/\/(((\*\.)?([a-zA-Z0-9\-]+\.)*[a-zA-Z0-9-]+|\*)(:([0-9]{1,5}))?)$)";
    /// The name of a set of well-known authorities.
    WELL_KNOWN_CA = is_well_known_ca, "a set of certificate authorities",
        "`System`, or a DNS name, `/` and a name",
        r"^(System|([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]))$";
    /// The key of a label or annotation.
    QUALIFIED_NAME = is_qualified_name, "a qualified name",
        "a name of up to 63 letters, digits, `-`, `_` and `.` that begins and ends with a letter or digit, with an optional DNS name and `/` before it",
        r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$";
    /// A gRPC service with its package.
    GRPC_SERVICE = is_grpc_service, "a gRPC service name",
        "identifiers separated by `.`, such as `shop.v1.Cart`",
        r"^(?i)\.?[a-z_][a-z_0-9]*(\.[a-z_][a-z_0-9]*)*$";
    /// An IPv4 or IPv6 address with the length of its prefix, anywhere in the string.
    CIDR = is_cidr, "a range of addresses",
        "an address, `/` and the length of the prefix, such as `10.0.0.0/8` or `2001:db8::/32`",
        r"((25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)\.(25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)\.(25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)\.(25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)\/([0-9]+))|((([0-9a-fA-F]{1,4}:){7,7}[0-9a-fA-F]{1,4}|([0-9a-fA-F]{1,4}:){1,7}:|([0-9a-fA-F]{1,4}:){1,6}:[0-9a-fA-F]{1,4}|([0-9a-fA-F]{1,4}:){1,5}(:[0-9a-fA-F]{1,4}){1,2}|([0-9a-fA-F]{1,4}:){1,4}(:[0-9a-fA-F]{1,4}){1,3}|([0-9a-fA-F]{1,4}:){1,3}(:[0-9a-fA-F]{1,4}){1,4}|([0-9a-fA-F]{1,4}:){1,2}(:[0-9a-fA-F]{1,4}){1,5}|[0-9a-fA-F]{1,4}:((:[0-9a-fA-F]{1,4}){1,6})|:((:[0-9a-fA-F]{1,4}){1,7}|:)|fe80:(:[0-9a-fA-F]{0,4}){0,4}%[0-9a-zA-Z]{1,}|::(ffff(:0{1,4}){0,1}:){0,1}((25[0-5]|(2[0-4]|1{0,1}[0-9]){0,1}[0-9])\.){3,3}(25[0-5]|(2[0-4]|1{0,1}[0-9]){0,1}[0-9])|([0-9a-fA-F]{1,4}:){1,4}:((25[0-5]|(2[0-4]|1{0,1}[0-9]){0,1}[0-9])\.){3,3}(25[0-5]|(2[0-4]|1{0,1}[0-9]){0,1}[0-9]))\/([0-9]+))";
    /// An origin of any scheme. Letters and digits are those of ASCII, as in Go's expressions.
    ORIGIN = is_origin, "an origin with its scheme",
        "`*`, or a scheme, `://`, a host (`*`, or a name whose first label may be `*`) and optionally `:` and a port, without a path",
        r"^(\*|[A-Za-z][A-Za-z0-9+.-]*:\/\/(\*|(\*\.)?(([0-9A-Za-z_-]+\.?)+)?[0-9A-Za-z_-]+)(:[0-9]{1,5})?)$";
    /// A size.
    QUANTITY = is_quantity, "a size",
        "a whole number that does not begin with `0` and optionally one of the units `k`, `M`, `G`, `T`, `P`, `E` or `Ki`, `Mi`, `Gi`, `Ti`, `Pi`, `Ei`",
        r"^[1-9]+[0-9]*([EPTGMK]i|[EPTGMk])?$";
    /// Bytes, as a string.
    BASE64 = is_base64, "bytes in base64",
        "groups of four letters, digits, `+` and `/`, the last of them filled up with `=`",
        r"^(?:[A-Za-z0-9+\/]{4})*(?:[A-Za-z0-9+\/]{2}==|[A-Za-z0-9+\/]{3}=|[A-Za-z0-9+\/]{4})$";
    /// Letters, digits and `-`.
    PLAIN_NAME = is_plain_name, "a plain name",
        "letters, digits and `-`",
        r"^[A-Za-z0-9-]+$";
    /// A country of ISO 3166.
    COUNTRY = is_country, "the code of a country",
        "two letters, such as `DE`",
        r"^[A-Za-z]{2}$";
    /// The name of a module.
    MODULE_NAME = is_module_name, "the name of a module",
        "lower-case letters, digits, `-` and `.`; it begins and ends with a letter or digit",
        r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$";
    /// What Envoy knows of a request.
    ATTRIBUTE = is_attribute, "the name of an attribute",
        "`connection`, `source`, `destination`, `request`, `response`, `upstream` and a `.`, or `xds.route_`; then lower-case letters, `_` and digits but `0`",
        r"^(connection\.|source\.|destination\.|request\.|response\.|upstream\.|xds\.route_)[a-z_1-9]*$";
    /// A gRPC method.
    GRPC_METHOD = is_identifier, "a gRPC method name",
        "letters, digits and `_`; it does not begin with a digit",
        r"^[A-Za-z_][A-Za-z_0-9]*$";
}

fn is_lower(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

/// Whether `bytes` is not empty, `edge` holds at both ends and `inner` (or `edge`) between them.
fn has_edges(bytes: &[u8], edge: fn(u8) -> bool, inner: &[u8]) -> bool {
    match bytes {
        [first, .., last] => {
            edge(*first) && edge(*last) && bytes.iter().all(|&byte| edge(byte) || inner.contains(&byte))
        }
        [only] => edge(*only),
        [] => false,
    }
}

/// A DNS label (RFC 1123) in lower case, of any length.
pub fn is_label(text: &str) -> bool {
    has_edges(text.as_bytes(), is_lower, b"-")
}

/// DNS labels separated by dots, of any length.
pub fn is_subdomain(text: &str) -> bool {
    text.split('.').all(is_label)
}

fn is_hostname(text: &str) -> bool {
    is_subdomain(text.strip_prefix("*.").unwrap_or(text))
}

fn is_one_line(text: &str) -> bool {
    !text.contains(['\r', '\n', '\0'])
}

fn is_full_name(text: &str) -> bool {
    is_subdomain(text.strip_suffix('.').unwrap_or(text))
}

/// Not every form of version 6 has this form: of those with `::` only those that end in one or two groups behind it.
fn is_address(text: &str) -> bool {
    let is_number = |part: &str| {
        (1..=3).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && part.parse::<u16>().is_ok_and(|number| number < 256)
    };
    let is_group = |part: &&str| (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let groups: Vec<&str> = text.split(':').collect();
    let filled = groups.iter().filter(|part| is_group(part)).count();
    let is_shortened = || {
        let gap = groups.iter().position(|part| part.is_empty());
        gap.is_some_and(|gap| gap <= 5 && (1..=2).contains(&(groups.len() - gap - 1)) && filled + 1 == groups.len())
    };
    text.split('.').count() == 4 && text.split('.').all(is_number)
        || text == "::"
        || filled == groups.len() && (2..=8).contains(&filled)
        || is_shortened()
}

fn is_group(text: &str) -> bool {
    text.is_empty() || is_subdomain(text)
}

fn is_kind(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && has_edges(text.as_bytes(), |byte| byte.is_ascii_alphanumeric(), b"-")
}

fn is_label_value(text: &str) -> bool {
    text.is_empty() || is_name(text)
}

fn is_name(text: &str) -> bool {
    has_edges(text.as_bytes(), |byte| byte.is_ascii_alphanumeric(), b"-_.")
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(crate::http::is_token)
}

fn is_header_value(text: &str) -> bool {
    let mut gap = true;
    for byte in text.bytes() {
        let blank = byte == b' ' || byte == b'\t';
        if !(byte.is_ascii_graphic() || (blank && !gap)) {
            return false;
        }
        gap = blank;
    }
    !gap
}

fn is_path(text: &str) -> bool {
    let mut rest = text.as_bytes();
    let filled = !rest.is_empty();
    while let [byte, tail @ ..] = rest {
        rest = match (byte, tail) {
            (b'%', [high, low, tail @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => tail,
            _ if byte.is_ascii_alphanumeric() || b"-/._~!$&'()*+,;=:@".contains(byte) => tail,
            _ => return false,
        };
    }
    filled
}

fn is_duration(text: &str) -> bool {
    Duration::parse(text).is_some()
}

fn is_domain_path(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:".contains(&byte))
}

fn is_controller(text: &str) -> bool {
    text.split_once('/').is_some_and(|(domain, path)| is_subdomain(domain) && is_domain_path(path))
}

/// The alternatives of the expression are searched anywhere, so that only the
/// character before a `/` is left of the DNS name.
fn is_address_type(text: &str) -> bool {
    text.starts_with("Hostname")
        || text.contains("IPAddress")
        || text.contains("NamedAddress")
        || ends_with_domain_and(text, is_domain_path)
}

fn is_protocol(text: &str) -> bool {
    has_edges(text.as_bytes(), |byte| byte.is_ascii_alphanumeric(), b"-")
        || ends_with_domain_and(text, |name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

fn ends_with_domain_and(text: &str, is_tail: fn(&str) -> bool) -> bool {
    text.match_indices('/').any(|(at, _)| text[..at].bytes().last().is_some_and(is_lower) && is_tail(&text[at + 1..]))
}

fn is_absolute_uri(text: &str) -> bool {
    text.find([':', '/', '?', '#']).is_some_and(|at| at > 0 && text[at..].starts_with("://"))
}

fn is_cors_origin(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://")) else {
        return text == "*";
    };
    let (host, port) = rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port)));
    let label =
        |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (host == "*" || host.strip_prefix("*.").unwrap_or(host).split('.').all(label))
        && port.is_none_or(|port| (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_well_known_ca(text: &str) -> bool {
    text == "System"
        || text.split_once('/').is_some_and(|(domain, name)| is_subdomain(domain) && name.len() <= 63 && is_name(name))
}

/// A name of up to 63 characters with an optional DNS name of any length and `/` before it.
pub fn is_qualified_name(text: &str) -> bool {
    let (domain, name) = text.split_once('/').map_or((None, text), |(domain, name)| (Some(domain), name));
    domain.is_none_or(is_subdomain) && name.len() <= 63 && is_name(name)
}

/// Without regard to case, `s` and `k` are also what a long s and the sign of the Kelvin are in lower case.
fn is_grpc_service(text: &str) -> bool {
    const FOLDED: [(&str, &str); 2] = [("\u{17f}", "s"), ("\u{212a}", "k")];
    let ascii = FOLDED.iter().fold(Cow::Borrowed(text), |text, (from, to)| {
        if text.contains(from) { Cow::Owned(text.replace(from, to)) } else { text }
    });
    ascii.strip_prefix('.').unwrap_or(&ascii).split('.').all(is_identifier)
}

fn is_identifier(text: &str) -> bool {
    !text.starts_with(|first: char| first.is_ascii_digit())
        && !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Every address of the expression that is longer has one of these as its end.
fn is_cidr(text: &str) -> bool {
    text.match_indices('/').any(|(at, _)| {
        let address = &text[..at];
        text[at + 1..].starts_with(|first: char| first.is_ascii_digit())
            && (ends_with_ipv4(address) || ends_with_ipv6(address) || ends_with_zone(address))
    })
}

fn ends_with_ipv4(text: &str) -> bool {
    let is_octet = |label: &str| {
        (1..=3).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_digit())
            && label.parse().is_ok_and(|octet: u16| octet <= 255)
    };
    let mut labels = text.rsplitn(4, '.');
    (0..3).all(|_| labels.next().is_some_and(is_octet))
        && labels.next().is_some_and(|first| first.ends_with(|last: char| last.is_ascii_digit()))
}

fn ends_with_ipv6(text: &str) -> bool {
    let is_group = |group: &&str| (1..=4).contains(&group.len()) && group.bytes().all(|byte| byte.is_ascii_hexdigit());
    let groups = text.rsplit(':').take(7).take_while(is_group).count();
    let mut before = text.rsplit(':').skip(groups);
    match (before.next(), before.next()) {
        _ if groups == 0 => text.ends_with("::"),
        // `::` stands before the groups.
        (Some(""), Some(_)) => true,
        (Some(first), _) => groups == 7 && first.ends_with(|last: char| last.is_ascii_hexdigit()),
        (None, _) => false,
    }
}

/// An address that is valid on one link, with the name of the link.
fn ends_with_zone(text: &str) -> bool {
    let Some((address, zone)) = text.rsplit_once('%') else { return false };
    let is_group = |group: &str| group.len() <= 4 && group.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_rest = |rest: &str| {
        rest.is_empty()
            || rest
                .strip_prefix(':')
                .is_some_and(|groups| groups.split(':').count() <= 4 && groups.split(':').all(is_group))
    };
    !zone.is_empty()
        && zone.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && address.match_indices("fe80:").any(|(at, link)| is_rest(&address[at + link.len()..]))
}

fn is_origin(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return text == "*" };
    let (host, port) = rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port)));
    let label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte))
        && (host == "*" || host.strip_prefix("*.").unwrap_or(host).split('.').all(label))
        && port.is_none_or(|port| (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_quantity(text: &str) -> bool {
    let (number, unit) = text.split_at(text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len()));
    let is_unit = match unit.strip_suffix('i') {
        Some(unit) => matches!(unit, "E" | "P" | "T" | "G" | "M" | "K"),
        None => matches!(unit, "" | "E" | "P" | "T" | "G" | "M" | "k"),
    };
    is_unit && !number.is_empty() && !number.starts_with('0')
}

fn is_base64(text: &str) -> bool {
    let content = text.strip_suffix("==").or_else(|| text.strip_suffix('=')).unwrap_or(text);
    !text.is_empty()
        && text.len().is_multiple_of(4)
        && content.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/')
}

fn is_plain_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn is_attribute(text: &str) -> bool {
    const FAMILIES: [&str; 7] =
        ["connection.", "source.", "destination.", "request.", "response.", "upstream.", "xds.route_"];
    let name = FAMILIES.iter().find_map(|family| text.strip_prefix(family));
    name.is_some_and(|name| name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'_' | b'1'..=b'9')))
}

fn is_module_name(text: &str) -> bool {
    has_edges(text.as_bytes(), is_lower, b"-.")
}
