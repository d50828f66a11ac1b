//! What policies and filters of Envoy Gateway say beside Gateway API's own fields
//! ([extension types](https://gateway.envoyproxy.io/docs/api/extension_types/)).

use serde_json::{Value, json};

use crate::ir::{
    AbortStatus, BackOff, Cors, Fault, HostRewrite, PathRewrite, Retry, RetryCondition, RetryOn, StreamLimit,
    Substitution, Upgrades,
};

use super::gateway_api::{Unsaid, cors_without_age, duration, percent, say_request_timeout};
use super::rule::{OwnObject, Rule};
use super::topic::Topic;

/// The conditions of further tries that its definition names.
const TRIGGERS: &[RetryCondition] = &[
    RetryCondition::ServerError,
    RetryCondition::GatewayError,
    RetryCondition::Reset,
    RetryCondition::ResetBeforeRequest,
    RetryCondition::ConnectFailure,
    RetryCondition::Retriable4xx,
    RetryCondition::RefusedStream,
    RetryCondition::RetriableStatusCodes,
    RetryCondition::Cancelled,
    RetryCondition::DeadlineExceeded,
    RetryCondition::Internal,
    RetryCondition::ResourceExhausted,
    RetryCondition::Unavailable,
];

/// Says a topic of a rule in policies and filters.
pub(super) fn say(topic: Topic, rule: &mut Rule<'_>) -> Result<(), Unsaid> {
    let forward = rule.place.forward().ok_or("the rule answers requests itself")?;
    match topic {
        Topic::Timeouts => say_request_timeout(*forward.timeouts, forward.retry.as_deref(), rule),
        Topic::IdleTimeout => {
            let idle = duration(forward.timeouts.idle.unwrap_or_default())?;
            rule.policy(OwnObject::Traffic)?["timeout"]["http"]["streamIdleTimeout"] = idle.into();
            Ok(())
        }
        Topic::StreamTimeout => {
            let StreamLimit { longest, longest_of_calls, calls_earlier } = forward.timeouts.stream.unwrap_or_default();
            if longest_of_calls.is_some() || calls_earlier.is_some() {
                return Err("what calls ask for with `grpc-timeout` has no field".to_owned());
            }
            let longest = longest.filter(|longest| !longest.is_zero()).ok_or("no limit has no form")?;
            let longest = duration(longest)?;
            rule.policy(OwnObject::Traffic)?["timeout"]["http"]["maxStreamDuration"] = longest.into();
            Ok(())
        }
        Topic::Retries => say_retry(forward.retry.as_deref(), forward.timeouts.per_try, rule),
        Topic::Faults => say_fault(forward.fault.as_deref(), rule),
        Topic::Upgrades => say_upgrades(forward.upgrades, rule),
        Topic::Cors => say_cors(forward.http_filters.cors.as_deref(), rule),
        Topic::Path => match forward.path_rewrite.as_deref() {
            Some(PathRewrite::Regex(substitution)) => {
                let said = json!({ "type": "ReplaceRegexMatch", "replaceRegexMatch": regex(substitution) });
                rule.policy(OwnObject::Filter)?["urlRewrite"]["path"] = said;
                Ok(())
            }
            _ => Err("paths are rewritten by expressions, or as Gateway API says it".to_owned()),
        },
        Topic::Host => {
            let said = match forward.host_rewrite.as_deref() {
                Some(HostRewrite::Endpoint) => json!({ "type": "Backend" }),
                Some(HostRewrite::Header(name)) => json!({ "type": "Header", "header": name.as_str() }),
                Some(HostRewrite::Path(substitution)) => {
                    json!({ "type": "PathRegex", "pathRegex": regex(substitution) })
                }
                Some(HostRewrite::Literal(_)) | None => return Err("the host is said by the rule".to_owned()),
            };
            rule.policy(OwnObject::Filter)?["urlRewrite"]["hostname"] = said;
            rule.policy(OwnObject::Filter)?["urlRewrite"]["appendXForwardedHost"] = forward.tells_host.into();
            Ok(())
        }
        Topic::ForwardedHost => {
            if matches!(forward.host_rewrite.as_deref(), Some(HostRewrite::Literal(_)) | None) {
                return Err("backends are told the host that was asked for where a filter makes another one".to_owned());
            }
            rule.policy(OwnObject::Filter)?["urlRewrite"]["appendXForwardedHost"] = forward.tells_host.into();
            Ok(())
        }
        _ => Err("no field of its policies is known to say that".to_owned()),
    }
}

fn regex(Substitution { pattern, replacement }: &Substitution) -> Value {
    json!({ "pattern": pattern, "substitution": replacement })
}

fn say_retry(retry: Option<&Retry>, per_try: Option<std::time::Duration>, rule: &mut Rule<'_>) -> Result<(), Unsaid> {
    let Some(Retry { on, attempts, backoff, asked, leaves_priority_after }) = retry else {
        rule.policy(OwnObject::Traffic)?["retry"] = json!({ "numRetries": 0 });
        return Ok(());
    };
    if asked.is_some() {
        return Err("the waits that backends ask for have no field".to_owned());
    }
    let (conditions, codes) = match on {
        RetryOn::Conditions { conditions, codes } => (conditions.as_slice(), codes.as_slice()),
        RetryOn::Connect | RetryOn::Failures(_) => return Err("they are said by the rule".to_owned()),
    };
    if let Some(other) = conditions.iter().find(|condition| !TRIGGERS.contains(condition)) {
        return Err(format!("it does not know the condition `{}`", other.name()));
    }
    if conditions.is_empty() {
        return Err("tries that nothing leads to have no form".to_owned());
    }
    if codes.is_empty() && conditions.contains(&RetryCondition::RetriableStatusCodes) {
        return Err("statuses are meant and none is named: it would take 503".to_owned());
    }
    let triggers: Vec<&str> = conditions.iter().map(|condition| condition.name()).collect();
    let mut said = json!({ "numRetries": attempts, "retryOn": { "triggers": triggers } });
    if conditions.contains(&RetryCondition::RetriableStatusCodes) {
        said["retryOn"]["httpStatusCodes"] = json!(codes);
    }
    if let Some(limit) = per_try {
        said["perRetry"]["timeout"] = duration(limit)?.into();
    }
    if let Some(BackOff { base, longest }) = backoff {
        said["perRetry"]["backOff"]["baseInterval"] = duration(*base)?.into();
        if let Some(longest) = longest {
            said["perRetry"]["backOff"]["maxInterval"] = duration(*longest)?.into();
        }
    }
    if let Some(count) = leaves_priority_after {
        said["numAttemptsPerPriority"] = json!(count);
    }
    rule.policy(OwnObject::Traffic)?["retry"] = said;
    Ok(())
}

fn say_fault(fault: Option<&Fault>, rule: &mut Rule<'_>) -> Result<(), Unsaid> {
    let Some(Fault { abort, delay }) = fault else { return Err("a fault cannot be taken away".to_owned()) };
    let mut said = json!({});
    if let Some((share, status)) = abort {
        said["abort"] = match status {
            AbortStatus::Http(status) => json!({ "httpStatus": status, "percentage": percent(*share) }),
            AbortStatus::Grpc(status) => json!({ "grpcStatus": status, "percentage": percent(*share) }),
        };
    }
    if let Some((share, wait)) = delay {
        said["delay"] = json!({ "fixedDelay": duration(*wait)?, "percentage": percent(*share) });
    }
    rule.policy(OwnObject::Traffic)?["faultInjection"] = said;
    Ok(())
}

/// What is named counts, and nothing else.
fn say_upgrades(Upgrades { websockets, tunnels }: Upgrades, rule: &mut Rule<'_>) -> Result<(), Unsaid> {
    let (Some(websockets), Some(tunnels)) = (websockets, tunnels) else {
        return Err("what is said of one thing that a connection may become is said of all".to_owned());
    };
    let named = [("websocket", websockets), ("CONNECT", tunnels)].into_iter().filter(|(_, is_on)| *is_on);
    let named: Vec<Value> = named.map(|(name, _)| json!({ "type": name })).collect();
    if named.is_empty() {
        return Err("that connections become nothing has no form".to_owned());
    }
    rule.policy(OwnObject::Traffic)?["httpUpgrade"] = named.into();
    Ok(())
}

fn say_cors(cors: Option<&Cors>, rule: &mut Rule<'_>) -> Result<(), Unsaid> {
    let Some(cors) = cors else { return Err("what other origins may do cannot be taken away".to_owned()) };
    let mut said = cors_without_age(cors)?;
    if let Some(age) = cors.max_age {
        said.insert("maxAge".to_owned(), duration(age)?.into());
    }
    rule.policy(OwnObject::Security)?["cors"] = said.into();
    rule.remove_filter("CORS");
    Ok(())
}
