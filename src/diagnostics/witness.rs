//! A request that shows a problem, with what becomes of it. Both have the form
//! of request cases (`docs/request-cases.md`), so that a witness can be kept as
//! a test: `request` is a case's `request`, `answer` its `expect`.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

/// A request that shows a problem.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Witness {
    /// What a client sends.
    pub request: WitnessRequest,
    /// The Gateway that it is sent to, `NAMESPACE/NAME`, where several have the port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
    /// The namespace that a client of a Service sends it from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What becomes of it.
    pub answer: WitnessAnswer,
}

/// What a client sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WitnessRequest {
    /// The method.
    pub method: String,
    /// The URL; its scheme and port are those of a Gateway's listener, or its host and port those of a Service.
    pub url: String,
    /// The headers, Host only where it is not that of the URL.
    pub headers: BTreeMap<String, String>,
    /// The connection, where its server name is not the URL's host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<WitnessTls>,
}

/// The connection of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WitnessTls {
    /// The server name that the client asks for.
    pub sni: String,
}

/// What becomes of a request. What does not apply is left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct WitnessAnswer {
    /// The status, where the proxy itself gives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The Location of a redirect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect: Option<String>,
    /// Who answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backend: Option<String>,
    /// Who answers how often, in percent, where there are several.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub backends: BTreeMap<String, f64>,
    /// Whether the connection is closed without an answer.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub closed: bool,
    /// What the backend sees, where that is the point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream: Option<WitnessHeaders>,
    /// What the client sees, where that is the point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<WitnessHeaders>,
}

/// The lines of some headers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WitnessHeaders {
    /// The lines of headers that are there.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Vec<String>>,
    /// Headers that are not there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub absent: Vec<String>,
}

/// One line: the request as `gwctl route` takes it, and what becomes of it.
impl fmt::Display for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { request, gateway, from, answer } = self;
        write!(f, "{request}")?;
        if let Some(from) = from {
            write!(f, " --from {from}")?;
        }
        if let Some(gateway) = gateway {
            write!(f, " --gateway {gateway}")?;
        }
        write!(f, " → {answer}")
    }
}

impl fmt::Display for WitnessRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, url, headers, tls } = self;
        // What begins otherwise is a connection of bytes, or a datagram.
        match url.starts_with("http") {
            true => write!(f, "{method} {url}")?,
            false => write!(f, "{url}")?,
        }
        for (name, value) in headers {
            write!(f, " -H '{name}: {value}'")?;
        }
        if let Some(WitnessTls { sni }) = tls {
            write!(f, " --sni {sni}")?;
        }
        Ok(())
    }
}

impl fmt::Display for WitnessAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, redirect, backend, backends, closed, upstream, response } = self;
        let mut parts = Vec::new();
        parts.extend(closed.then(|| "the connection is closed".to_owned()));
        parts.extend(status.map(|status| status.to_string()));
        parts.extend(redirect.as_ref().map(|location| format!("Location {location}")));
        parts.extend(backend.clone());
        // Thirds have no end.
        let shown = |percent: &f64| (percent * 100.0).round() / 100.0;
        parts.extend(backends.iter().map(|(name, percent)| format!("{name} {}%", shown(percent))));
        parts.extend(upstream.as_ref().map(|headers| format!("the backend sees {headers}")));
        parts.extend(response.as_ref().map(|headers| format!("the client sees {headers}")));
        f.write_str(&parts.join(", "))
    }
}

impl fmt::Display for WitnessHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { headers, absent } = self;
        let lines =
            headers.iter().flat_map(|(name, values)| values.iter().map(move |value| format!("`{name}: {value}`")));
        let parts: Vec<String> = lines.chain(absent.iter().map(|name| format!("no `{name}`"))).collect();
        f.write_str(&parts.join(" and "))
    }
}

#[cfg(test)]
mod tests {
    use super::WitnessAnswer;

    #[test]
    fn shares_are_written_with_two_digits() {
        let backends = [("a".to_owned(), 100.0 / 3.0), ("b".to_owned(), 200.0 / 3.0), ("c".to_owned(), 25.0)];
        let answer = WitnessAnswer { backends: backends.into(), ..WitnessAnswer::default() };
        assert_eq!(answer.to_string(), "a 33.33%, b 66.67%, c 25%");
    }
}
