//! What of the limits of a BackendTrafficPolicy is not translated: all of it keeps requests out.

use crate::diagnostics::FieldPath;
use crate::parser::api::{BackendRateLimit, CostSpecifier, LocalRateLimit, RateLimitCost, RateLimitRule};
use crate::resolver::missing::Missing;
use crate::resolver::untranslated::SaysMissing;

const NO_LIMIT: &str = "there would be no limit";
const SERVER: &str =
    "a server of Envoy Gateway's own counts, which is told the limits by Envoy Gateway: no manifest says where one is";
const ROUTES: &str = "the proxy counts the requests of each route by itself, and not those of several together";
const COST: &str = "nothing here writes costs into the metadata of requests, and one without a cost would pass";

impl SaysMissing for BackendRateLimit {
    fn missing(&self, at: &FieldPath) -> Vec<Missing> {
        let Self { global, local, limit_type: _ } = self;
        let mut fields: Vec<(FieldPath, &'static str)> = Vec::new();
        fields.extend(global.map(|_| (at.with("global"), SERVER)));
        let rules = local.iter().flat_map(|LocalRateLimit { rules }| rules).enumerate();
        for (index, RateLimitRule { cost, shared, .. }) in rules {
            let at = at.with("local").with("rules").with(index);
            fields.extend((*shared == Some(true)).then(|| (at.with("shared"), ROUTES)));
            let request = cost.as_ref().and_then(|RateLimitCost { request, response: _ }| request.as_ref());
            let is_read = request.is_some_and(|CostSpecifier { metadata, .. }| metadata.is_some());
            fields.extend(is_read.then(|| (at.with("cost").with("request").with("metadata"), COST)));
        }
        let missing = |(path, why)| Missing { path, loss: NO_LIMIT, is_security: true, why };
        fields.into_iter().map(missing).collect()
    }
}
