//! Timeouts and retries of a rule
//! ([HTTPRouteTimeouts](https://gateway-api.sigs.k8s.io/reference/spec/#httproutetimeouts),
//! [GEP-1731](https://gateway-api.sigs.k8s.io/geps/gep-1731/)).

use std::collections::BTreeSet;
use std::time::Duration as StdDuration;

use crate::ir::{BackOff, Retry, RetryOn, Timeouts};
use crate::parser::api::{Duration, HttpRouteRetry, HttpRouteTimeouts};

/// How many further tries there are where `attempts` is absent; the
/// specification leaves it to the implementation. One more try mends a lost
/// connection and at most doubles the load of a backend that fails.
const DEFAULT_ATTEMPTS: u32 = 1;

/// How many endpoints are tried when that of a session refuses connections: it
/// and three others, as several may be gone at once.
const SESSION_ATTEMPTS: u32 = 3;

/// The wait that stands for `backoff: 0s`: Envoy refuses a base of zero
/// ([base interval](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto#envoy-v3-api-field-config-route-v3-retrypolicy-retrybackoff-base-interval)).
const SHORTEST_BACKOFF: StdDuration = StdDuration::from_millis(1);

/// Lowers a retry stanza. Failed connections and timeouts of a try are
/// retried, whatever the codes. `fit` makes a number one that Envoy can hold.
pub(super) fn lower_retry(retry: &HttpRouteRetry, fit: impl FnOnce(u64) -> u32) -> Retry {
    let HttpRouteRetry { codes, attempts, backoff } = retry;
    let codes: BTreeSet<u16> = codes.iter().copied().collect();
    Retry {
        on: RetryOn::Failures(codes.into_iter().collect()),
        attempts: attempts.map_or(DEFAULT_ATTEMPTS, fit).max(1),
        backoff: backoff.map(|Duration(wait)| BackOff { base: wait.max(SHORTEST_BACKOFF), longest: None }),
        ..Retry::default()
    }
}

/// The retry that a session needs: an endpoint that refuses connections is left.
pub(super) fn session_retry() -> Retry {
    Retry { on: RetryOn::Connect, attempts: SESSION_ATTEMPTS, ..Retry::default() }
}

/// Lowers timeouts; a zero one sets no limit. Envoy's limit for one try ends
/// with the response's headers, its limit for the request with the body. So
/// where there is only one try, the try's limit becomes the request's, which
/// is what the specification asks for.
pub(super) fn lower_timeouts(timeouts: Option<&HttpRouteTimeouts>, retried: bool) -> Timeouts {
    let Some(HttpRouteTimeouts { request, backend_request }) = timeouts else { return Timeouts::default() };
    let limit = |timeout: &Option<Duration>| timeout.filter(|timeout| !timeout.is_zero()).map(|Duration(limit)| limit);
    let (request, per_try) = (limit(request), limit(backend_request));
    if retried {
        return Timeouts { request, per_try, ..Timeouts::default() };
    }
    let request = match (request, per_try) {
        (Some(request), Some(per_try)) => Some(request.min(per_try)),
        (request, per_try) => request.or(per_try),
    };
    Timeouts { request, ..Timeouts::default() }
}

#[cfg(test)]
mod tests {
    use super::{BackOff, StdDuration, lower_retry, lower_timeouts};
    use crate::ir::{RetryOn, Timeouts};
    use crate::parser::api::{Duration, HttpRouteRetry, HttpRouteTimeouts};

    #[test]
    fn the_limit_of_the_only_try_is_the_limit_of_the_request() {
        let timeouts = |request: &str, backend: &str| {
            let (request, backend_request) = (Duration::parse(request), Duration::parse(backend));
            HttpRouteTimeouts { request, backend_request }
        };
        let second = Some(StdDuration::from_secs(1));
        let once = |request, backend| lower_timeouts(Some(&timeouts(request, backend)), false);
        let limited = Timeouts { request: second, ..Timeouts::default() };
        assert_eq!(once("2s", "1s"), limited);
        assert_eq!(once("0s", "1s"), limited);
        assert_eq!(once("1s", ""), limited);
        assert_eq!(once("0s", "0s"), Timeouts::default());
        let often = lower_timeouts(Some(&timeouts("0s", "1s")), true);
        assert_eq!(often, Timeouts { per_try: second, ..Timeouts::default() });
    }

    #[test]
    fn a_backoff_of_zero_is_the_shortest_that_envoy_takes() {
        let retry = lower_retry(
            &HttpRouteRetry { codes: vec![503, 500], attempts: None, backoff: Duration::parse("0s") },
            |_| 0,
        );
        assert_eq!(retry.on, RetryOn::Failures(vec![500, 503]));
        assert_eq!(
            (retry.attempts, retry.backoff),
            (1, Some(BackOff { base: StdDuration::from_millis(1), longest: None }))
        );
    }
}
