//! What of options that ask a server for limits is not translated: all of it keeps requests out.

use crate::parser::api::{GlooEnum, OptionLimitAction, OptionRateLimit, OptionRateLimits};
use crate::path;

use super::missing::Missing;

/// What is lost without any of it.
pub(super) const NOT_LIMITED: &str = "nobody would be kept to its limits";

const BEFORE_AUTH: &str = "Gloo Gateway takes limits without a server in `ratelimit` and `ratelimitEarly` alone: nobody is asked before they count";
const LIMIT_OF_METADATA: &str = "nothing here writes limits into the metadata of requests, which this reads them from";
const SETS: &str = "only the server of Gloo Gateway knows which of such actions count together";
const KINDS: &str = "a server is asked about requests alone here";
const EXPRESSIONS: &str =
    "expressions of this language are not read here, and Envoy does not start with one that it refuses";
const OTHER_NAMES: &str =
    "names of clusters depend on `--naming`, and the limits of the server are for those of Gloo Gateway";
const NO_SOURCE: &str = "it tells the name of the proxy's own cluster, which no manifest says";

pub(super) fn untranslated_limits(said: &OptionRateLimits, field: &'static str) -> Vec<Missing> {
    let at = path![field];
    let is_late = field == "ratelimitRegular";
    let OptionRateLimits { local_ratelimit, rate_limits } = said;
    let mut fields = vec![(at.with("localRatelimit"), is_late && local_ratelimit.is_some(), BEFORE_AUTH)];
    for (index, OptionRateLimit { actions, limit, set_actions, kind }) in rate_limits.iter().enumerate() {
        let at = at.with("rateLimits").with(index);
        let is_other = kind.as_ref().is_some_and(|GlooEnum(kind)| !matches!(kind.as_str(), "" | "0" | "REQUEST"));
        fields.push((at.with("limit"), limit.is_some(), LIMIT_OF_METADATA));
        fields.push((at.with("setActions"), !set_actions.is_empty(), SETS));
        fields.push((at.with("type"), is_other, KINDS));
        for (index, action) in actions.iter().enumerate() {
            let at = at.with("actions").with(index);
            let OptionLimitAction {
                cel,
                destination_cluster,
                generic_key: _,
                header_value_match: _,
                metadata: _,
                remote_address: _,
                request_headers: _,
                source_cluster,
            } = action;
            fields.push((at.with("cel"), cel.is_some(), EXPRESSIONS));
            fields.push((at.with("destinationCluster"), destination_cluster.is_some(), OTHER_NAMES));
            fields.push((at.with("sourceCluster"), source_cluster.is_some(), NO_SOURCE));
        }
    }
    let fields = fields.into_iter().filter(|(_, is_set, _)| *is_set);
    fields.map(|(path, _, why)| Missing { path, loss: NOT_LIMITED, is_security: true, why }).collect()
}
