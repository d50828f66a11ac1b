//! What of options that ask a server for limits is not translated: all of it keeps requests out.

use crate::diagnostics::FieldPath;
use crate::parser::api::{GlooEnum, OptionLimitAction, OptionRateLimit, OptionRateLimits};

use super::missing::Missing;

/// What is lost without any of it.
pub(super) const NOT_LIMITED: &str = "nobody would be kept to its limits";

pub(super) fn untranslated_limits(said: &OptionRateLimits, at: &FieldPath) -> Vec<Missing> {
    let OptionRateLimits { local_ratelimit, rate_limits } = said;
    let mut fields = vec![(at.with("localRatelimit"), local_ratelimit.is_some())];
    for (index, OptionRateLimit { actions, limit, set_actions, kind }) in rate_limits.iter().enumerate() {
        let at = at.with("rateLimits").with(index);
        let is_other = kind.as_ref().is_some_and(|GlooEnum(kind)| !matches!(kind.as_str(), "" | "0" | "REQUEST"));
        fields.push((at.with("limit"), limit.is_some()));
        // Gloo's own server has a meaning of its own for what it is told.
        fields.push((at.with("setActions"), !set_actions.is_empty()));
        fields.push((at.with("type"), is_other));
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
            fields.push((at.with("cel"), cel.is_some()));
            // Clusters have other names here.
            fields.push((at.with("destinationCluster"), destination_cluster.is_some()));
            fields.push((at.with("sourceCluster"), source_cluster.is_some()));
        }
    }
    let fields = fields.into_iter().filter(|(_, is_set)| *is_set);
    fields.map(|(path, _)| Missing { path, loss: NOT_LIMITED, is_security: true }).collect()
}
