//! What Gateway API's own fields say
//! ([HTTPRouteRule](https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule)).

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::ir::{
    BackOff, Config, CopyHost, Cors, Existing, HeaderMutation, HeaderMutations, HeaderValue, HostRewrite, Mirror,
    OriginHost, OriginPattern, PathMatch, PathRewrite, Retry, RetryOn, Share, Site, Timeouts, default_port,
};

use super::rule::Rule;
use super::topic::Topic;

/// The filter that rewrites paths and hosts.
const REWRITE: (&str, &str) = ("URLRewrite", "urlRewrite");

/// Why something cannot be said, in words.
pub(super) type Unsaid = String;

/// Says a topic of a rule of an HTTPRoute in its own fields.
pub(super) fn say(topic: Topic, rule: &mut Rule<'_>) -> Result<(), Unsaid> {
    let forward = rule.place.forward().ok_or("the rule answers requests itself")?;
    match topic {
        Topic::Timeouts => say_timeouts(*forward.timeouts, forward.retry.as_deref(), rule),
        Topic::Retries => say_retry(forward.retry.as_deref(), rule),
        Topic::Cors => say_cors(forward.http_filters.cors.as_deref(), rule),
        Topic::RequestHeaders => {
            let is_whole = forward.backends.iter().all(|backend| backend.request_headers == HeaderMutations::default());
            say_headers(&forward.request_headers, is_whole, ("RequestHeaderModifier", "requestHeaderModifier"), rule)
        }
        Topic::ResponseHeaders => {
            let is_whole =
                forward.backends.iter().all(|backend| backend.response_headers == HeaderMutations::default());
            say_headers(&forward.response_headers, is_whole, ("ResponseHeaderModifier", "responseHeaderModifier"), rule)
        }
        Topic::Path => say_path(forward.path_rewrite.as_deref(), rule),
        Topic::Host => match forward.host_rewrite.as_deref() {
            Some(HostRewrite::Literal(host)) => {
                rule.tell(REWRITE, "hostname", host.as_str().into());
                Ok(())
            }
            None => Err("the rule's own host would stay".to_owned()),
            Some(_) => {
                Err("a host of a rule is a name: it is not made of a header, the path or the endpoint".to_owned())
            }
        },
        Topic::Mirrors => say_mirrors(&forward.mirrors, rule),
        _ => Err("it has no field for that".to_owned()),
    }
}

/// A length of time as Gateway API writes it ([GEP-2257](https://gateway-api.sigs.k8s.io/geps/gep-2257/)).
pub(super) fn duration(time: Duration) -> Result<String, Unsaid> {
    if !time.subsec_nanos().is_multiple_of(1_000_000) {
        return Err("lengths of time are whole milliseconds".to_owned());
    }
    let seconds = time.as_secs();
    let parts =
        [(seconds / 3600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s"), (time.subsec_millis().into(), "ms")];
    if parts[0].0 > 99_999 {
        return Err("it has no length of time that is so long".to_owned());
    }
    let text: String =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count}{unit}")).collect();
    Ok(if text.is_empty() { "0s".to_owned() } else { text })
}

fn say_timeouts(timeouts: Timeouts, retry: Option<&Retry>, rule: &mut Rule<'_>) -> Result<(), Unsaid> {
    let Timeouts { request, per_try, idle: _, stream: _ } = timeouts;
    if per_try.is_some() && retry.is_none() {
        return Err("the limit of the only try is that of the request".to_owned());
    }
    if request.zip(per_try).is_some_and(|(request, per_try)| per_try > request) {
        return Err("no try has a longer limit than the request".to_owned());
    }
    set_timeouts([("request", request), ("backendRequest", per_try)], rule)
}

/// Says how long requests may take where policies of vendors say the rest: with further tries they say the limit for each.
pub(super) fn say_request_timeout(
    timeouts: Timeouts,
    retry: Option<&Retry>,
    rule: &mut Rule<'_>,
) -> Result<(), Unsaid> {
    let Timeouts { request, per_try, idle: _, stream: _ } = timeouts;
    let is_said_elsewhere = retry.is_some_and(|retry| retry_of(retry).is_err());
    if per_try.is_some() && !is_said_elsewhere {
        return Err("the limit of a try stands beside further tries".to_owned());
    }
    set_timeouts([("request", request), ("backendRequest", None)], rule)
}

fn set_timeouts(limits: [(&str, Option<Duration>); 2], rule: &mut Rule<'_>) -> Result<(), Unsaid> {
    let mut timeouts = Map::new();
    for (name, limit) in limits {
        if let Some(limit) = limit {
            timeouts.insert(name.to_owned(), duration(limit)?.into());
        }
    }
    rule.set("timeouts", timeouts);
    Ok(())
}

fn say_retry(retry: Option<&Retry>, rule: &mut Rule<'_>) -> Result<(), Unsaid> {
    rule.set("retry", retry.map(retry_of).transpose()?.unwrap_or_default());
    Ok(())
}

/// Further tries as a rule says them.
pub(super) fn retry_of(retry: &Retry) -> Result<Map<String, Value>, Unsaid> {
    let Retry { on, attempts, backoff, asked, leaves_priority_after } = retry;
    let on = on.settled();
    let RetryOn::Failures(codes) = &*on else {
        return Err(
            "what is tried again is lost connections and some statuses of 400 and above, always both".to_owned()
        );
    };
    if codes.iter().any(|code| !(400..600).contains(code)) {
        return Err("what is tried again has a status from 400 to 599".to_owned());
    }
    if asked.is_some() || leaves_priority_after.is_some() {
        return Err("what backends ask for, and priorities, have no field".to_owned());
    }
    let mut said = Map::new();
    if !codes.is_empty() {
        said.insert("codes".to_owned(), json!(codes));
    }
    said.insert("attempts".to_owned(), json!(attempts));
    if let Some(backoff) = backoff.map(BackOff::settled) {
        if backoff.longest.is_some() {
            return Err("the longest wait between tries has no field".to_owned());
        }
        said.insert("backoff".to_owned(), duration(backoff.base)?.into());
    }
    Ok(said)
}

/// A share of requests in percent.
pub(super) fn percent(share: Share) -> Value {
    let (whole, parts) = (share.parts(), Share::PARTS / 100);
    if whole.is_multiple_of(parts) { json!(whole / parts) } else { json!(f64::from(whole) / f64::from(parts)) }
}

fn say_cors(cors: Option<&Cors>, rule: &mut Rule<'_>) -> Result<(), Unsaid> {
    let Some(cors) = cors else {
        rule.remove_filter("CORS");
        return Ok(());
    };
    let mut said = cors_without_age(cors)?;
    let max_age = cors
        .max_age
        .ok_or("clients are always told how long they may remember an answer: 5 s where nothing is said")?;
    if max_age.subsec_nanos() != 0 || max_age.is_zero() {
        return Err("how long clients remember an answer is whole seconds, one at least".to_owned());
    }
    said.insert("maxAge".to_owned(), max_age.as_secs().into());
    rule.remove_filter("CORS");
    rule.push_filter("CORS", "cors", said.into());
    Ok(())
}

/// What other origins may do, in the fields that CORS of Gateway API and of Envoy Gateway have in common.
pub(super) fn cors_without_age(cors: &Cors) -> Result<Map<String, Value>, Unsaid> {
    let Cors { origins, methods, headers, exposed_headers, credentials, max_age: _ } = cors;
    let origins: Vec<String> = origins.iter().map(origin).collect::<Option<_>>().ok_or("origins are no expressions")?;
    let mut said = Map::new();
    let lists = [
        ("allowOrigins", &origins),
        ("allowMethods", methods),
        ("allowHeaders", headers),
        ("exposeHeaders", exposed_headers),
    ];
    for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        said.insert(name.to_owned(), json!(list));
    }
    if *credentials {
        said.insert("allowCredentials".to_owned(), true.into());
    }
    Ok(said)
}

/// An origin as CORS of Gateway API and of Envoy Gateway write it.
pub(super) fn origin(pattern: &OriginPattern) -> Option<String> {
    Some(match pattern {
        OriginPattern::Any => "*".to_owned(),
        OriginPattern::Regex(_) => return None,
        OriginPattern::Scheme { scheme, host, port } => {
            let host = match host {
                OriginHost::Any => "*".to_owned(),
                OriginHost::Exact(host) => host.to_owned(),
                OriginHost::Below(suffix) => format!("*.{suffix}"),
            };
            let port = port.filter(|port| Some(*port) != default_port(scheme));
            let port = port.map(|port| format!(":{port}")).unwrap_or_default();
            format!("{scheme}://{host}{port}")
        }
    })
}

fn say_headers(
    HeaderMutations(changes): &HeaderMutations,
    is_whole: bool,
    (filter, field): (&str, &str),
    rule: &mut Rule<'_>,
) -> Result<(), Unsaid> {
    if !is_whole {
        return Err("some backend of the rule has changes of its own, which take the place of the rule's".to_owned());
    }
    let mut lists: [Vec<Value>; 2] = [Vec::new(), Vec::new()];
    let mut removed = Vec::new();
    let named = |name: &str, value: &HeaderValue| match value {
        HeaderValue::Plain(text) => Ok(json!({ "name": name, "value": text })),
        HeaderValue::Secret(_) | HeaderValue::Unread => Err(format!("the value of `{name}` is that of a Secret")),
    };
    for HeaderMutation { name, existing, added } in changes.iter() {
        let (first, others) = match (existing, added.split_first()) {
            (Existing::Kept, _) => (None, added.as_slice()),
            (Existing::Replaced(value), _) => (Some(value), added.as_slice()),
            (Existing::Removed, Some((value, others))) => (Some(value), others),
            (Existing::Removed, None) => {
                removed.push(Value::from(name.as_str()));
                continue;
            }
            (Existing::Defaulted(_), _) => return Err(format!("`{name}` is given where a request has none")),
        };
        if let Some(value) = first {
            lists[0].push(named(name, value)?);
        }
        match others {
            [] => {}
            [value] => lists[1].push(named(name, value)?),
            _ => return Err(format!("`{name}` gets several values")),
        }
    }
    let [set, added] = lists;
    if [&set, &added, &removed].iter().any(|list| list.len() > 16) {
        return Err("a filter changes 16 headers of a sort at most".to_owned());
    }
    rule.remove_filter(filter);
    for (name, list) in [("set", set), ("add", added), ("remove", removed)] {
        if !list.is_empty() {
            rule.tell((filter, field), name, list.into());
        }
    }
    Ok(())
}

fn say_path(path: Option<&PathRewrite>, rule: &mut Rule<'_>) -> Result<(), Unsaid> {
    let full = |path: &str| json!({ "type": "ReplaceFullPath", "replaceFullPath": path });
    let prefix = |to: &str| json!({ "type": "ReplacePrefixMatch", "replacePrefixMatch": to });
    let said = match path {
        None => return Err("the rule's own path would stay".to_owned()),
        Some(PathRewrite::Full(path)) => full(path),
        Some(PathRewrite::Prefix { matched: _, replacement }) if replacement.is_empty() => prefix("/"),
        Some(PathRewrite::Prefix { matched: _, replacement }) => prefix(replacement),
        Some(PathRewrite::Taken(to)) => {
            let is_prefix = |path: &&PathMatch| matches!(path, PathMatch::Prefix(_));
            let prefixes = rule.paths.iter().filter(|path| is_prefix(path)).count();
            match rule.paths.iter().find(|path| is_prefix(path)) {
                None => full(to),
                Some(_) if prefixes < rule.paths.len() => {
                    return Err("a rule with matches of several sorts has one rewrite for all".to_owned());
                }
                Some(PathMatch::Prefix(taken)) if taken.is_empty() || to.ends_with('/') => {
                    let from = if taken.is_empty() { "/" } else { taken };
                    return Err(format!(
                        "`{to}` takes the place of `{from}` as it is written, and `replacePrefixMatch` that of whole segments: \
                         `{from}x` or `{from}/x` would become another path"
                    ));
                }
                Some(_) => prefix(to),
            }
        }
        Some(PathRewrite::Regex(_)) => return Err("paths are not rewritten by expressions".to_owned()),
    };
    rule.tell(REWRITE, "path", said);
    Ok(())
}

fn say_mirrors(mirrors: &[Mirror], rule: &mut Rule<'_>) -> Result<(), Unsaid> {
    let config = rule.place.config;
    let said = mirrors.iter().map(|mirror| mirror_of(mirror, config, rule)).collect::<Result<Vec<_>, _>>()?;
    rule.remove_filter("RequestMirror");
    for mirror in said {
        rule.push_filter("RequestMirror", "requestMirror", mirror);
    }
    Ok(())
}

fn mirror_of(mirror: &Mirror, config: &Config, rule: &Rule<'_>) -> Result<Value, Unsaid> {
    let Mirror { cluster, share, host } = mirror;
    if *host != CopyHost::Same {
        return Err("copies are for the host that the backend sees".to_owned());
    }
    let backend = &config.cluster(*cluster).backend;
    if backend.site != Site::Internal {
        return Err("who gets the copies is no Service".to_owned());
    }
    let mut reference = json!({ "name": backend.name.as_ref() as &str, "port": backend.port.number() });
    if backend.namespace != *rule.namespace {
        reference["namespace"] = (backend.namespace.as_ref() as &str).into();
    }
    let mut said = json!({ "backendRef": reference });
    if *share != Share::ALL {
        said["fraction"] = json!({ "numerator": share.parts(), "denominator": Share::PARTS });
    }
    Ok(said)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::{duration, percent};
    use crate::ir::Share;

    #[test]
    fn lengths_of_time_have_the_units_of_the_specification() {
        for (time, text) in [
            (Duration::ZERO, Some("0s")),
            (Duration::from_millis(1500), Some("1s500ms")),
            (Duration::from_secs(3661), Some("1h1m1s")),
            (Duration::from_secs(60), Some("1m")),
            (Duration::from_nanos(1), None),
            (Duration::from_secs(360_000_000), None),
        ] {
            assert_eq!(duration(time).ok().as_deref(), text, "{time:?}");
        }
    }

    #[test]
    fn a_share_is_a_whole_number_where_it_is_one() {
        assert_eq!(percent(Share::ratio(1, 10)), json!(10));
        assert_eq!(percent(Share::ratio(1, 1000)), json!(0.1));
    }
}
