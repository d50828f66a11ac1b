//! `localRatelimit` of `ratelimit` and its kin
//! ([local rate limiting](https://docs.solo.io/gateway/latest/security/ratelimit/local/)): limits that the proxy counts itself.
//!
//! A rule's own has tokens of its own. A listener's is of each virtual host: its rules without one share the tokens. How
//! clients are told of them, and whether each connection has tokens of its own, is said by `httpLocalRatelimit` of the
//! listener, which counts for no rule with another limit.

use std::sync::Arc;

use crate::ir::{Action, HttpFilters, RequestRate, TokenBucket};

use super::http_filters::change_filters;

/// The limit of a rule.
pub(super) fn of_rule(bucket: TokenBucket) -> Arc<RequestRate> {
    Arc::new(RequestRate { bucket: Some(bucket), ..RequestRate::default() })
}

/// The limit that the rules of a virtual host share.
pub(super) fn of_host(bucket: TokenBucket) -> Arc<RequestRate> {
    Arc::new(RequestRate { bucket: Some(bucket), is_of_host: true, ..RequestRate::default() })
}

/// The limits of a rule, as its listener has them.
pub(in crate::translator::lower) fn on_listener(listener: Option<&RequestRate>, action: Arc<Action>) -> Arc<Action> {
    let Some(&RequestRate { per_connection, is_told, .. }) = listener else { return action };
    let is_limited = |own: &HttpFilters| own.guards.early_rate.is_some();
    if !action.leaves().filter_map(Action::http_filters).any(is_limited) {
        return action;
    }
    let mut change = |filters: &mut HttpFilters| {
        if let Some(rate) = &mut filters.guards.early_rate {
            let rate = Arc::make_mut(rate);
            (rate.per_connection, rate.is_told) = (per_connection, is_told);
        }
    };
    Arc::new(change_filters(Arc::unwrap_or_clone(action), true, &mut change))
}
