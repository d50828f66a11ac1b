//! What of `tracing` of connections is not translated.

use crate::diagnostics::FieldPath;
use crate::parser::api::OptionTracing;
use crate::path;

use super::missing::{Missing, NOT_TRANSLATED};

const NO_SPANS: &str = "no traces would be made";

pub(super) fn untranslated_tracing(said: &OptionTracing, at: &FieldPath) -> Vec<Missing> {
    let OptionTracing {
        datadog_config: _,
        environment_variables_for_tags: _,
        literals_for_tags: _,
        metadata_for_tags,
        open_census_config,
        open_telemetry_config: _,
        request_headers_for_tags: _,
        spawn_upstream_span: _,
        trace_percentages: _,
        verbose: _,
        zipkin_config: _,
    } = said;
    // Envoy has no such tracer any more, and clusters are those of the bootstrap of Gloo's own proxy.
    let named = said.collectors().filter(|(_, _, cluster)| cluster.is_some_and(|name| !name.is_empty()));
    let named = named.map(|(tracer, _, _)| (path![tracer, "clusterName"], NO_SPANS));
    let tags = metadata_for_tags.map(|_| (path!["metadataForTags"], "spans would lack these tags"));
    let census = open_census_config.map(|_| (path!["openCensusConfig"], NO_SPANS));
    let all = census.into_iter().chain(tags).chain(named);
    all.map(|(below, loss)| Missing { path: at.join(&below), loss, is_security: false, why: NOT_TRANSLATED }).collect()
}
