//! Headers: what the proxy strips, adds and changes
//! ([HTTP header manipulation](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers)).

use std::net::{IpAddr, Ipv4Addr};

use crate::ir::{Existing, HeaderMutation, HeaderMutations, WEBSOCKET};

use super::request::Version;
use super::rewritten::{Fate, Message, fate, fate_of_neighbour};
use super::url::is_referer;

/// Header lines with names in lower case.
pub(super) type Lines = Vec<(String, String)>;

/// How many headers `connection` may name.
const MOST_NOMINATED: usize = 9;

/// Headers whose values only a run shows.
pub(super) const GENERATED: &[&str] = &["x-envoy-external-address", "x-forwarded-for", "x-request-id"];

/// Where clients are taken to connect from: rules may match the address.
pub(super) const CLIENT: &str = "127.0.0.1";

/// Any UUID: rules may match what every one has in common.
pub(super) const UUID: &str = "00000000-0000-4000-8000-000000000000";

/// A request whose connection headers make no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BadConnection;

/// The first line of a header.
pub(super) fn line<'l>(lines: &'l Lines, name: &str) -> Option<&'l str> {
    lines.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
}

/// Adds a value: a line of its own, or the end of the line that there is, where neither is empty.
pub(super) fn append(lines: &mut Lines, name: &str, value: &str, message: Message) {
    let own = lines.iter_mut().find(|(other, _)| other == name).filter(|_| message.joins(name));
    match own {
        Some((_, values)) => {
            if !values.is_empty() && !value.is_empty() {
                values.push(',');
            }
            values.push_str(value);
        }
        None => lines.push((name.to_owned(), value.to_owned())),
    }
}

/// Lines as Envoy keeps them.
pub(super) fn joined(lines: &[(String, String)], message: Message) -> Lines {
    let mut kept = Lines::with_capacity(lines.len() + 2);
    lines.iter().for_each(|(name, value)| append(&mut kept, &name.to_ascii_lowercase(), value, message));
    kept
}

/// What the proxy reads of the headers that were sent. Those of a tunnel's connection are not looked into.
pub(super) fn receive(sent: &[(String, String)], version: Version, is_tunnel: bool) -> Result<Lines, BadConnection> {
    let mut lines = Lines::with_capacity(sent.len() + 4);
    for (name, value) in sent {
        let (name, value) = (name.to_ascii_lowercase(), value.trim_matches([' ', '\t']));
        match lines.iter_mut().find(|(other, _)| version == Version::Http2 && name == "cookie" && *other == name) {
            Some((_, cookies)) if cookies.is_empty() => value.clone_into(cookies),
            Some((_, cookies)) => {
                cookies.push_str("; ");
                cookies.push_str(value);
            }
            None => append(&mut lines, &name, value, Message::Request),
        }
    }
    if version == Version::Http2 {
        lines.retain(|(name, value)| name != "cookie" || !value.is_empty());
    }
    match version {
        Version::Http1 if is_tunnel => {}
        Version::Http1 => sanitize_connection(&mut lines)?,
        Version::Http2 if has_connection(&lines) => return Err(BadConnection),
        Version::Http2 => {}
    }
    Ok(lines)
}

/// Whether headers of one connection are among those of a stream. An upgrade is written as over HTTP/1.1.
fn has_connection(lines: &Lines) -> bool {
    let is_odd = |(name, value): &(String, String)| match fate(name) {
        Fate::OfUpgrades => upgrade(lines).is_none(),
        Fate::Trailers => value != "trailers",
        Fate::Removed => !name.starts_with("x-"),
        _ => false,
    };
    lines.iter().any(is_odd)
}

fn tokens(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|token| !token.is_empty())
}

/// What a request wants its connection to become.
pub(super) fn upgrade(lines: &Lines) -> Option<&str> {
    let asks = tokens(line(lines, "connection")?).any(|token| token.eq_ignore_ascii_case("upgrade"));
    line(lines, "upgrade").filter(|_| asks)
}

/// Whether a connection may become that.
pub(super) fn is_upgradable(protocol: &str) -> bool {
    protocol.eq_ignore_ascii_case(WEBSOCKET)
}

/// Takes out the headers that `connection` names, and an upgrade to HTTP/2.
fn sanitize_connection(lines: &mut Lines) -> Result<(), BadConnection> {
    if upgrade(lines).is_some_and(|protocol| protocol.eq_ignore_ascii_case("h2c")) {
        lines.retain(|(name, _)| name != "upgrade" && name != "http2-settings");
    }
    if upgrade(lines).is_some() {
        return Ok(());
    }
    let Some(nominated) = line(lines, "connection") else { return Ok(()) };
    let nominated: Vec<String> = tokens(nominated).map(str::to_ascii_lowercase).collect();
    // Whoever takes these out hides where a request comes from.
    let is_protected = |name: &String| {
        name.starts_with(':') || ["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"].contains(&name.as_str())
    };
    if nominated.len() > MOST_NOMINATED || nominated.iter().any(is_protected) {
        return Err(BadConnection);
    }
    lines.retain(|(name, _)| ["connection", "te"].contains(&name.as_str()) || !nominated.contains(name));
    Ok(())
}

/// The address of the client, as far as the proxies in front are trusted to tell it.
fn client(received: &Lines, trusted_hops: u32) -> &str {
    let told: Vec<&str> = line(received, "x-forwarded-for").map(|list| tokens(list).collect()).unwrap_or_default();
    let hops = usize::try_from(trusted_hops).unwrap_or(usize::MAX);
    told.len().checked_sub(hops).and_then(|place| told.get(place)).copied().unwrap_or(CLIENT)
}

/// The address of the client, for whatever is decided by it. Who is believed tells it as the last of those that it lists.
pub(super) fn client_address(received: &Lines, (trusted_hops, are_believed): (u32, bool)) -> IpAddr {
    let hops = if are_believed { trusted_hops.saturating_add(1) } else { trusted_hops };
    let told = if hops > 0 { client(received, hops) } else { CLIENT };
    told.parse().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
}

/// The headers of a request as the routes see them. `scheme` is what its line about that becomes.
pub(super) fn admit(received: &Lines, scheme: &str, trusted_hops: u32) -> Lines {
    let mut lines = passed(received, fate);
    append(&mut lines, "x-forwarded-for", CLIENT, Message::Request);
    let client = client(received, trusted_hops);
    for (name, value) in [("x-forwarded-proto", scheme), ("x-envoy-external-address", client), ("x-request-id", UUID)] {
        lines.push((name.to_owned(), value.to_owned()));
    }
    lines
}

/// The same where clients are believed: what they say is kept, and what they do not say is added.
pub(super) fn admit_believed(received: &Lines, scheme: &str) -> Lines {
    let mut lines = admit_neighbour(received, scheme);
    if line(&lines, "x-request-id").is_none_or(str::is_empty) {
        set(&mut lines, "x-request-id", UUID);
    }
    lines
}

/// The same where clients are neighbours: what they say is kept, and nothing is added but the scheme.
pub(super) fn admit_neighbour(received: &Lines, scheme: &str) -> Lines {
    let mut lines = passed(received, fate_of_neighbour);
    if line(&lines, "x-forwarded-proto").is_none() {
        lines.push(("x-forwarded-proto".to_owned(), scheme.to_owned()));
    }
    lines
}

/// What is left of the lines, by what becomes of each header.
fn passed(received: &Lines, fate: fn(&str) -> Fate) -> Lines {
    let is_upgrade = upgrade(received).is_some();
    let mut lines = Lines::with_capacity(received.len() + 4);
    for (name, value) in received {
        match fate(name) {
            Fate::Kept if name == "host" => {}
            fate => lines.extend(kept(fate, is_upgrade, value).map(|value| (name.clone(), value.to_owned()))),
        }
    }
    lines
}

/// What is left of a line.
fn kept(fate: Fate, is_upgrade: bool, value: &str) -> Option<&str> {
    let is_kept = match fate {
        Fate::Kept | Fate::Appended => true,
        Fate::OfUpgrades => is_upgrade,
        Fate::Expectation => !value.eq_ignore_ascii_case("100-continue"),
        Fate::Url => is_referer(value),
        Fate::Trailers if value.is_empty() => true,
        Fate::Trailers => return tokens(value).any(|token| token == "trailers").then_some("trailers"),
        Fate::Removed | Fate::Address | Fate::Scheme | Fate::Fresh => false,
    };
    is_kept.then_some(value)
}

/// The header that has the status of a call of gRPC.
pub(super) const GRPC_STATUS: &str = "grpc-status";

/// Who was told how often a request was sent.
pub(super) const ATTEMPT_COUNT: &str = "x-envoy-attempt-count";

/// Puts a line in the place of all lines of its name.
pub(super) fn set(headers: &mut Vec<(String, String)>, name: &str, value: &str) {
    headers.retain(|(other, _)| other != name);
    headers.push((name.to_owned(), value.to_owned()));
}

/// Changes to headers that may be applied later.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mutate<'c>(pub(super) &'c HeaderMutations);

impl Mutate<'_> {
    /// Changes the headers of a response.
    pub(super) fn apply(&self, lines: &mut Lines) {
        apply(self.0, lines, Message::Response);
    }

    /// The headers that are named.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.0.iter().map(|mutation| mutation.name.as_str())
    }
}

/// Changes headers as one of Envoy's lists does: removals, then replacements, then additions.
pub(super) fn apply(mutations: &HeaderMutations, lines: &mut Lines, message: Message) {
    for HeaderMutation { name, existing, added: _ } in mutations.0.iter() {
        match existing {
            Existing::Kept => {}
            Existing::Removed => lines.retain(|(other, _)| *other != *name),
            // An empty value is not sent, and so replaces nothing.
            Existing::Replaced(value) | Existing::Defaulted(value) if value.is_empty() => {}
            Existing::Defaulted(value) => {
                if line(lines, name).is_none() {
                    lines.push((name.to_string(), value.shown()));
                }
            }
            Existing::Replaced(value) => {
                lines.retain(|(other, _)| *other != *name);
                lines.push((name.to_string(), value.shown()));
            }
        }
    }
    for HeaderMutation { name, existing: _, added } in mutations.0.iter() {
        added.iter().filter(|value| !value.is_empty()).for_each(|value| append(lines, name, &value.shown(), message));
    }
}

/// Whether the values of a header are known once these changes are made.
pub(super) fn decides(mutations: &HeaderMutations, name: &str) -> bool {
    mutations.0.iter().any(|mutation| {
        mutation.name == name
            && match &mutation.existing {
                // A value of the request stays as it is.
                Existing::Kept | Existing::Defaulted(_) => false,
                Existing::Removed => true,
                Existing::Replaced(value) => !value.is_empty(),
            }
    })
}

#[cfg(test)]
mod tests {
    use super::{BadConnection, Lines, admit, line, receive};
    use crate::simulate::request::Version::{self, Http1, Http2};

    fn received(sent: &[(&str, &str)], version: Version) -> Result<Lines, BadConnection> {
        let sent: Lines = sent.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        receive(&sent, version, false)
    }

    #[test]
    fn what_connection_names_is_gone_unless_it_hides_where_a_request_comes_from() {
        let lines = received(&[("Connection", "X-A, te, close"), ("x-a", "1"), ("te", "trailers")], Http1).unwrap();
        assert_eq!((line(&lines, "x-a"), line(&lines, "te")), (None, Some("trailers")));
        assert_eq!(received(&[("connection", "x-forwarded-for")], Http1), Err(BadConnection));
        assert_eq!(received(&[("connection", ":path")], Http1), Err(BadConnection));
        let hidden = [("connection".to_owned(), "x-forwarded-for".to_owned())];
        assert!(receive(&hidden, Http1, true).is_ok());
        assert_eq!(received(&[("connection", "a,b,c,d,e,f,g,h,i,j")], Http1), Err(BadConnection));
        let kept = received(&[("connection", "upgrade, x-a"), ("upgrade", "foo"), ("x-a", "1")], Http1).unwrap();
        assert_eq!(line(&kept, "x-a"), Some("1"));
    }

    #[test]
    fn empty_values_are_not_joined() {
        for (values, seen) in [(["", "1"], "1"), (["1", ""], "1"), (["", ""], "")] {
            for version in [Http1, Http2] {
                let lines = received(&values.map(|value| ("accept", value)), version).unwrap();
                assert_eq!(line(&lines, "accept"), Some(seen));
            }
        }
        let cookies = |values: [&str; 3]| {
            let lines = received(&values.map(|value| ("cookie", value)), Http2).unwrap();
            line(&lines, "cookie").map(str::to_owned)
        };
        assert_eq!(cookies(["", "", "2"]).as_deref(), Some("2"));
        assert_eq!(cookies(["1", "", "2"]).as_deref(), Some("1; ; 2"));
        assert_eq!(cookies(["", "", ""]), None);
    }

    #[test]
    fn a_referer_that_is_no_reference_is_gone_before_routes_are_matched() {
        let admitted = |value: &str| admit(&received(&[("referer", value)], Http1).unwrap(), "http", 0);
        assert_eq!(line(&admitted("https://partner.com/x"), "referer"), Some("https://partner.com/x"));
        assert_eq!(line(&admitted("https://u@partner.com/x"), "referer"), None);
    }

    #[test]
    fn http2_knows_no_connection_headers() {
        for header in [("connection", "close"), ("te", "gzip"), ("keep-alive", "1"), ("upgrade", "websocket")] {
            assert_eq!(received(&[header], Http2), Err(BadConnection), "{header:?}");
        }
        let lines = received(&[("cookie", "a=1"), ("cookie", "b=2"), ("te", "trailers")], Http2).unwrap();
        assert_eq!(line(&lines, "cookie"), Some("a=1; b=2"));
    }

    #[test]
    fn routes_see_what_the_proxy_knows_better_than_the_client() {
        let sent = [("x-forwarded-for", "192.0.2.1, 192.0.2.2"), ("x-forwarded-proto", "ftp"), ("accept", "a")];
        let lines = received(&[&sent[..], &[("accept", "b")]].concat(), Http1).unwrap();
        let admitted = admit(&lines, "http", 1);
        assert_eq!(line(&admitted, "x-forwarded-for"), Some("192.0.2.1, 192.0.2.2,127.0.0.1"));
        assert_eq!(line(&admitted, "x-envoy-external-address"), Some("192.0.2.2"));
        assert_eq!(line(&admitted, "x-forwarded-proto"), Some("http"));
        assert_eq!(line(&admitted, "accept"), Some("a,b"));
        assert_eq!(line(&admit(&lines, "http", 0), "x-envoy-external-address"), Some("127.0.0.1"));
    }
}
