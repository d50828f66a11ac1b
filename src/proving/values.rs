//! The values of request cases: URLs, headers, shares, durations. Each is
//! checked when it is decoded, so that a mistake is reported at its place.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use hyper::header::{HeaderName, HeaderValue};
use hyper::{Method, Uri};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::name::{Name, Namespace};

pub use crate::ir::GatewayName;

/// What is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS.
    Https,
    /// One datagram, and its answer.
    Udp,
    /// A stream of bytes; cases send HTTP over it.
    Tcp,
    /// A stream of bytes over TLS; cases send HTTP over it.
    Tls,
}

impl Scheme {
    /// Whether connections begin with a TLS handshake.
    pub fn is_tls(self) -> bool {
        match self {
            Self::Https | Self::Tls => true,
            Self::Http | Self::Udp | Self::Tcp => false,
        }
    }

    /// Whether it is a stream of bytes that nothing is said about.
    pub fn is_stream(self) -> bool {
        match self {
            Self::Tcp | Self::Tls => true,
            Self::Http | Self::Https | Self::Udp => false,
        }
    }
}

/// The parts of a case's URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The scheme.
    pub scheme: Scheme,
    /// The host, as written.
    pub host: String,
    /// The Gateway's port; 80 or 443 by default.
    pub port: u16,
    /// Path and query, as written; `/` when there is none.
    pub path: String,
}

impl Target {
    fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = match text.split_once("://") {
            Some(("http", rest)) => (Scheme::Http, rest),
            Some(("https", rest)) => (Scheme::Https, rest),
            Some(("udp", rest)) => (Scheme::Udp, rest),
            Some(("tcp", rest)) => (Scheme::Tcp, rest),
            Some(("tls", rest)) => (Scheme::Tls, rest),
            _ => {
                let schemes = "`http://`, `https://`, `tcp://`, `tls://` or `udp://`";
                return Err(format!("`{text}` does not begin with {schemes}"));
            }
        };
        let cut = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(cut);
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => {
                let number = port.parse().ok().filter(|number| *number > 0);
                (host, number.ok_or_else(|| format!("`{port}` is not a port"))?)
            }
            _ => match scheme {
                Scheme::Http => (authority, 80),
                Scheme::Https => (authority, 443),
                Scheme::Udp | Scheme::Tcp | Scheme::Tls => return Err(format!("`{text}` names no port")),
            },
        };
        if host.is_empty() {
            return Err(format!("`{text}` has no host"));
        }
        if host.starts_with('[') != host.ends_with(']') {
            return Err(format!("`{host}` is not a host: an IPv6 address stands between `[` and `]`"));
        }
        let path = match path.chars().next() {
            None => "/".to_owned(),
            Some('/') => path.to_owned(),
            Some(_) => format!("/{path}"),
        };
        check_target(&path)?;
        HeaderValue::from_str(host).map_err(|_| format!("`{host}` is not a host"))?;
        Ok(Self { scheme, host: host.to_owned(), port, path })
    }
}

fn check_target(path: &str) -> Result<(), String> {
    if path.contains('#') {
        return Err("a request never carries a fragment (`#…`)".to_owned());
    }
    path.parse::<Uri>().map(|_| ()).map_err(|error| format!("`{path}` cannot be requested: {error}"))
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::parse(text)
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        decode_text(deserializer, "a URL", Self::parse)
    }
}

/// Written `NAMESPACE/NAME`.
impl<'de> Deserialize<'de> for GatewayName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        decode_text(deserializer, "a Gateway as NAMESPACE/NAME", |text| match text.split_once('/') {
            Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() => {
                Ok(Self { namespace: Namespace::from(namespace), name: Name::from(name) })
            }
            _ => Err(format!("`{text}` is not NAMESPACE/NAME")),
        })
    }
}

/// A version of HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HttpVersion {
    /// HTTP/1.1.
    #[default]
    Http1,
    /// HTTP/2, with prior knowledge where there is no TLS.
    Http2,
}

impl HttpVersion {
    /// The version as backends report it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http1 => "HTTP/1.1",
            Self::Http2 => "HTTP/2.0",
        }
    }
}

impl<'de> Deserialize<'de> for HttpVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        decode_text(deserializer, "`1.1` or `2`", |text| match text {
            "1.1" => Ok(Self::Http1),
            "2" => Ok(Self::Http2),
            _ => Err(format!("`{text}` is not `1.1` or `2`")),
        })
    }
}

/// Header names with their values, in the order of the file. A list of values is one line each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(pub Vec<(HeaderName, Vec<String>)>);

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct HeadersVisitor;

        impl<'de> Visitor<'de> for HeadersVisitor {
            type Value = Headers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping of header names to values")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Headers, A::Error> {
                let mut headers: Vec<(HeaderName, Vec<String>)> = Vec::new();
                while let Some(key) = map.next_key::<String>()? {
                    let name = HeaderName::try_from(key.as_str())
                        .map_err(|_| A::Error::custom(format!("`{key}` is not a header name")))?;
                    if headers.iter().any(|(other, _)| *other == name) {
                        return Err(A::Error::custom(format!("`{key}` stands here twice: write its values as a list")));
                    }
                    let Lines(lines) = map.next_value()?;
                    headers.push((name, lines));
                }
                Ok(Headers(headers))
            }
        }

        deserializer.deserialize_map(HeadersVisitor)
    }
}

struct Lines(Vec<String>);

impl<'de> Deserialize<'de> for Lines {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LinesVisitor;

        fn scalar<E: serde::de::Error>(text: String) -> Result<Lines, E> {
            HeaderValue::from_str(&text).map_err(|_| E::custom(format!("{text:?} is not a header value")))?;
            Ok(Lines(vec![text]))
        }

        impl<'de> Visitor<'de> for LinesVisitor {
            type Value = Lines;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a header value or a list of them")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Lines, E> {
                scalar(text.to_owned())
            }

            fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Lines, E> {
                scalar(value.to_string())
            }

            fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Lines, E> {
                scalar(value.to_string())
            }

            fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Lines, E> {
                scalar(value.to_string())
            }

            fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Lines, E> {
                // 1.10 would be compared as 1.1: only the text itself is safe.
                Err(E::custom(format!("quote the number {value}")))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Lines, A::Error> {
                let mut lines = Vec::new();
                while let Some(text) = list.next_element::<String>()? {
                    lines.append(&mut scalar::<A::Error>(text)?.0);
                }
                if lines.is_empty() {
                    return Err(A::Error::custom(
                        "a header without values: use `absent` for headers that must be missing",
                    ));
                }
                Ok(Lines(lines))
            }
        }

        deserializer.deserialize_any(LinesVisitor)
    }
}

/// A list of names of headers.
pub(super) fn decode_names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    match names.iter().find(|name| HeaderName::try_from(name.as_str()).is_err()) {
        Some(wrong) => Err(D::Error::custom(format!("`{wrong}` is not a header name"))),
        None => Ok(names),
    }
}

/// Shares of the requests in percent. A key is a backend, or `status:CODE` for
/// requests that no backend answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Shares(pub Vec<(String, f64)>);

impl<'de> Deserialize<'de> for Shares {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let shares = decode_percentages(deserializer)?;
        let sum: f64 = shares.iter().map(|(_, share)| share).sum();
        // Thirds are written 33.3: a rounding error of one point is less than the tolerance.
        if (sum - 100.0).abs() > 1.0 {
            return Err(D::Error::custom(format!("the shares sum up to {sum} percent, not to 100")));
        }
        Ok(Self(shares))
    }
}

/// Who receives a copy of each request, or of which share of the requests.
#[derive(Clone, Debug, PartialEq)]
pub enum Mirrors {
    /// Exactly these backends, for every request; none when empty.
    All(Vec<String>),
    /// These backends, each for its percentage of the requests.
    Percent(Vec<(String, f64)>),
}

impl<'de> Deserialize<'de> for Mirrors {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MirrorsVisitor;

        impl<'de> Visitor<'de> for MirrorsVisitor {
            type Value = Mirrors;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of backends, or a mapping of backends to percentages")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Mirrors, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = list.next_element()? {
                    names.push(name);
                }
                Ok(Mirrors::All(names))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Mirrors, A::Error> {
                decode_percentages(MapAccessDeserializer::new(map)).map(Mirrors::Percent)
            }
        }

        deserializer.deserialize_any(MirrorsVisitor)
    }
}

/// How long something may take: `2s` is the longest, `{min: 1s, max: 3s}` both ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The shortest time.
    pub min: Duration,
    /// The longest time.
    pub max: Duration,
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Ends {
            #[serde(default)]
            min: Span,
            max: Span,
        }

        struct WindowVisitor;

        impl<'de> Visitor<'de> for WindowVisitor {
            type Value = Window;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration such as `2s`, or `{min: 1s, max: 3s}`")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Window, E> {
                parse_span(text).map(|max| Window { min: Duration::ZERO, max }).map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Window, A::Error> {
                let ends = Ends::deserialize(MapAccessDeserializer::new(map))?;
                if ends.min.0 > ends.max.0 {
                    return Err(A::Error::custom("`min` is longer than `max`"));
                }
                Ok(Window { min: ends.min.0, max: ends.max.0 })
            }
        }

        deserializer.deserialize_any(WindowVisitor)
    }
}

#[derive(Clone, Copy, Default)]
struct Span(Duration);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        decode_text(deserializer, "a duration such as `500ms` or `2s`", |text| parse_span(text).map(Self))
    }
}

fn parse_span(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 0.001),
        None => (text.strip_suffix('s').unwrap_or_default(), 1.0),
    };
    let seconds = number.parse::<f64>().ok().filter(|number| (0.0..=600_000.0).contains(number));
    let seconds = seconds.ok_or_else(|| format!("`{text}` is not a duration such as `500ms` or `2s`"))?;
    Ok(Duration::from_secs_f64(seconds * unit))
}

fn decode_percentages<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, f64)>, D::Error> {
    struct Percentages;

    impl<'de> Visitor<'de> for Percentages {
        type Value = Vec<(String, f64)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a mapping of backends to percentages")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut shares: Vec<(String, f64)> = Vec::new();
            while let Some((name, share)) = map.next_entry::<String, f64>()? {
                if !(0.0..=100.0).contains(&share) {
                    return Err(A::Error::custom(format!("`{name}`: {share} is not a percentage")));
                }
                if shares.iter().any(|(other, _)| *other == name) {
                    return Err(A::Error::custom(format!("`{name}` stands here twice")));
                }
                shares.push((name, share));
            }
            Ok(shares)
        }
    }

    deserializer.deserialize_map(Percentages)
}

pub(super) fn decode_method<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Method, D::Error> {
    decode_text(deserializer, "a method", |text| {
        Method::from_bytes(text.as_bytes()).map_err(|_| format!("`{text}` is not a method"))
    })
}

pub(super) fn decode_raw_target<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    decode_text(deserializer, "a request target", |text| check_target(text).map(|()| Some(text.to_owned())))
}

/// Decodes a scalar through its text, so that an error has the scalar's place.
fn decode_text<'de, D, T, F>(deserializer: D, expected: &'static str, parse: F) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    F: FnOnce(&str) -> Result<T, String>,
{
    struct TextVisitor<F>(&'static str, F);

    impl<T, F: FnOnce(&str) -> Result<T, String>> Visitor<'_> for TextVisitor<F> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
            (self.1)(text).map_err(E::custom)
        }
    }

    deserializer.deserialize_str(TextVisitor(expected, parse))
}

/// Whether a text has the form of a Service port's name.
pub(super) fn is_service_port(name: &str) -> bool {
    let port = |text: &str| text.parse::<u16>().is_ok_and(|port| port > 0);
    let is_object =
        |text: &str| text.split_once('/').is_some_and(|(namespace, name)| !namespace.is_empty() && !name.is_empty());
    name.rsplit_once(':').is_some_and(|(object, number)| is_object(object) && port(number))
}
