//! What a RouteOption of Gloo Gateway says beside Gateway API's own fields
//! ([RouteOption](https://docs.solo.io/gateway/latest/reference/api/route_options/)).

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::ir::{
    AbortStatus, AskedTime, AskedWaits, BackOff, BodyRule, Cors, Existing, Fault, HeaderMutation, HeaderMutations,
    HeaderValue, HostRewrite, OriginPattern, PathRewrite, Retry, RetryOn, StreamLimit, Substitution, Upgrades,
};

use super::gateway_api::{Unsaid, origin, percent, say_request_timeout};
use super::rule::{OwnObject, Rule};
use super::topic::Topic;

/// Says a topic of a rule in a RouteOption.
pub(super) fn say(topic: Topic, rule: &mut Rule<'_>) -> Result<(), Unsaid> {
    let forward = rule.place.forward().ok_or("the rule answers requests itself")?;
    let option = |rule: &mut Rule<'_>, name: &str, value: Value| {
        rule.policy(OwnObject::Options)?[name] = value;
        Ok::<(), Unsaid>(())
    };
    match topic {
        Topic::Timeouts => say_request_timeout(*forward.timeouts, forward.retry.as_deref(), rule)?,
        Topic::IdleTimeout => {
            let idle = forward.timeouts.idle.unwrap_or_default();
            option(rule, "idleTimeout", go_duration(idle).into())?;
        }
        Topic::StreamTimeout => option(rule, "maxStreamDuration", stream(forward.timeouts.stream.unwrap_or_default()))?,
        Topic::Retries => {
            let retry = forward.retry.as_deref().ok_or("further tries cannot be taken away")?;
            let said = retries(retry, forward.timeouts.per_try)?;
            option(rule, "retries", said)?;
        }
        Topic::Faults => {
            let fault = forward.fault.as_deref().ok_or("a fault cannot be taken away")?;
            option(rule, "faults", faults(fault)?)?;
        }
        Topic::Upgrades => option(rule, "upgrades", upgrades(forward.upgrades)?)?,
        Topic::BodyLimit => {
            let said = match forward.http_filters.guards.body {
                Some(BodyRule::Limit(bytes)) => json!({ "buffer": { "maxRequestBytes": bytes } }),
                Some(BodyRule::Unlimited) => json!({ "disabled": true }),
                None => return Err("a limit cannot be taken away".to_owned()),
            };
            option(rule, "bufferPerRoute", said)?;
        }
        Topic::Cors => {
            option(rule, "cors", cors(forward.http_filters.cors.as_deref())?)?;
            rule.remove_filter("CORS");
        }
        Topic::RequestHeaders => {
            say_headers(&forward.request_headers, "RequestHeaderModifier", REQUEST_LISTS, rule)?;
        }
        Topic::ResponseHeaders => {
            say_headers(&forward.response_headers, "ResponseHeaderModifier", RESPONSE_LISTS, rule)?;
        }
        Topic::Path => match forward.path_rewrite.as_deref() {
            Some(PathRewrite::Regex(substitution)) => option(rule, "regexRewrite", regex(substitution))?,
            Some(PathRewrite::Taken(to)) => option(rule, "prefixRewrite", to.as_str().into())?,
            _ => return Err("the path is said by the rule".to_owned()),
        },
        Topic::Host => match forward.host_rewrite.as_deref() {
            Some(HostRewrite::Endpoint) => option(rule, "autoHostRewrite", true.into())?,
            Some(HostRewrite::Header(name)) => option(rule, "hostRewriteHeader", name.as_str().into())?,
            Some(HostRewrite::Path(substitution)) => option(rule, "hostRewritePathRegex", regex(substitution))?,
            Some(HostRewrite::Literal(_)) | None => return Err("the host is said by the rule".to_owned()),
        },
        Topic::ForwardedHost => option(rule, "appendXForwardedHost", forward.tells_host.into())?,
        Topic::Metadata => option(rule, "envoyMetadata", json!(*forward.metadata))?,
        _ => return Err("no option is known to say that".to_owned()),
    }
    Ok(())
}

/// The lists of headers of requests.
const REQUEST_LISTS: [&str; 2] = ["requestHeadersToAdd", "requestHeadersToRemove"];
/// The lists of headers of responses.
const RESPONSE_LISTS: [&str; 2] = ["responseHeadersToAdd", "responseHeadersToRemove"];

/// A length of time as Go writes it.
fn go_duration(time: Duration) -> String {
    let nanos = time.subsec_nanos();
    if nanos == 0 {
        return format!("{}s", time.as_secs());
    }
    let fraction = format!("{nanos:09}");
    format!("{}.{}s", time.as_secs(), fraction.trim_end_matches('0'))
}

fn regex(Substitution { pattern, replacement }: &Substitution) -> Value {
    json!({ "pattern": { "regex": pattern }, "substitution": replacement })
}

fn stream(StreamLimit { longest, longest_of_calls, calls_earlier }: StreamLimit) -> Value {
    let parts = [
        ("maxStreamDuration", longest),
        ("grpcTimeoutHeaderMax", longest_of_calls),
        ("grpcTimeoutHeaderOffset", calls_earlier),
    ];
    let said = parts.into_iter().filter_map(|(name, time)| Some((name.to_owned(), go_duration(time?).into())));
    said.collect::<Map<_, _>>().into()
}

fn retries(retry: &Retry, per_try: Option<Duration>) -> Result<Value, Unsaid> {
    let Retry { on, attempts, backoff, asked, leaves_priority_after } = retry;
    let RetryOn::Conditions { conditions, codes } = on else { return Err("they are said by the rule".to_owned()) };
    let names: Vec<&str> = conditions.iter().map(|condition| condition.name()).collect();
    let mut said = json!({ "retryOn": names.join(","), "numRetries": attempts });
    if !codes.is_empty() {
        said["retriableStatusCodes"] = json!(codes);
    }
    if let Some(limit) = per_try {
        said["perTryTimeout"] = go_duration(limit).into();
    }
    if let Some(BackOff { base, longest }) = backoff {
        said["retryBackOff"]["baseInterval"] = go_duration(*base).into();
        if let Some(longest) = longest {
            said["retryBackOff"]["maxInterval"] = go_duration(*longest).into();
        }
    }
    if let Some(count) = leaves_priority_after {
        said["previousPriorities"]["updateFrequency"] = json!(count);
    }
    if let Some(AskedWaits { headers, longest }) = asked {
        let format = |time: AskedTime| match time {
            AskedTime::Seconds => "SECONDS",
            AskedTime::Until => "UNIX_TIMESTAMP",
        };
        let headers = headers.iter().map(|(name, time)| json!({ "name": name.as_str(), "format": format(*time) }));
        said["rateLimitedRetryBackOff"]["resetHeaders"] = headers.collect();
        if let Some(longest) = longest {
            said["rateLimitedRetryBackOff"]["maxInterval"] = go_duration(*longest).into();
        }
    }
    Ok(said)
}

fn faults(Fault { abort, delay }: &Fault) -> Result<Value, Unsaid> {
    let mut said = json!({});
    if let Some((share, status)) = abort {
        let AbortStatus::Http(status) = status else { return Err("a fault has no status of gRPC".to_owned()) };
        said["abort"] = json!({ "percentage": percent(*share), "httpStatus": status });
    }
    if let Some((share, wait)) = delay {
        said["delay"] = json!({ "percentage": percent(*share), "fixedDelay": go_duration(*wait) });
    }
    Ok(said)
}

fn upgrades(Upgrades { websockets, tunnels }: Upgrades) -> Result<Value, Unsaid> {
    let entry = |name: &str, is_on: bool| json!({ name: { "enabled": is_on } });
    let said: Vec<Value> = websockets
        .map(|is_on| entry("websocket", is_on))
        .into_iter()
        .chain(tunnels.map(|is_on| entry("connect", is_on)))
        .collect();
    if said.is_empty() { Err("what is said of upgrades cannot be taken away".to_owned()) } else { Ok(said.into()) }
}

fn cors(cors: Option<&Cors>) -> Result<Value, Unsaid> {
    let Some(cors) = cors else { return Ok(json!({ "disableForRoute": true })) };
    let Cors { origins, methods, headers, exposed_headers, credentials, max_age } = cors;
    let mut said = json!({});
    let mut exact = Vec::new();
    let mut expressions = Vec::new();
    for pattern in origins {
        match pattern {
            OriginPattern::Regex(expression) => expressions.push(expression.as_str().to_owned()),
            other => exact.push(origin(other).unwrap_or_default()),
        }
    }
    if exact.iter().any(|text| text != "*" && text.contains('*')) {
        return Err("wildcards in origins are those of Gateway API, which has no expressions beside them".to_owned());
    }
    let lists = [
        ("allowOrigin", &exact),
        ("allowOriginRegex", &expressions),
        ("allowMethods", methods),
        ("allowHeaders", headers),
        ("exposeHeaders", exposed_headers),
    ];
    for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        said[name] = json!(list);
    }
    if *credentials {
        said["allowCredentials"] = true.into();
    }
    if let Some(age) = max_age {
        if age.subsec_nanos() != 0 {
            return Err("how long clients remember an answer is whole seconds".to_owned());
        }
        said["maxAge"] = age.as_secs().to_string().into();
    }
    Ok(said)
}

/// Changes to headers, in the place of the rule's own: what is removed goes first.
fn say_headers(
    HeaderMutations(changes): &HeaderMutations,
    filter: &str,
    [to_add, to_remove]: [&str; 2],
    rule: &mut Rule<'_>,
) -> Result<(), Unsaid> {
    let mut added = Vec::new();
    let mut removed = Vec::new();
    for HeaderMutation { name, existing, added: values } in changes.iter() {
        let mut push = |value: &HeaderValue, append: bool| match value {
            HeaderValue::Plain(text) => {
                added.push(json!({ "header": { "key": name.as_str(), "value": text }, "append": append }));
                Ok(())
            }
            HeaderValue::Secret(_) | HeaderValue::Unread => Err(format!("the value of `{name}` is that of a Secret")),
        };
        match existing {
            Existing::Kept => {}
            Existing::Removed => removed.push(Value::from(name.as_str())),
            Existing::Replaced(value) => push(value, false)?,
            Existing::Defaulted(_) => return Err(format!("`{name}` is given where a request has none")),
        }
        values.iter().try_for_each(|value| push(value, true))?;
    }
    let manipulation = &mut rule.policy(OwnObject::Options)?["headerManipulation"];
    for (name, list) in [(to_add, added), (to_remove, removed)] {
        if !list.is_empty() {
            manipulation[name] = list.into();
        }
    }
    rule.remove_filter(filter);
    Ok(())
}
