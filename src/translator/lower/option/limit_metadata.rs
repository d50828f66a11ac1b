//! `metadata` of what a server that counts requests is told: what is known of a request, or of its rule.

use crate::diagnostics::FieldPath;
use crate::ir::DescriptorPart;
use crate::parser::api::{GlooEnum, OptionLimitMetadata, OptionMetadataKey, OptionMetadataStep};

use super::faults::Faults;

/// Who may know something of a request here: a server that is asked over gRPC whether it may pass. What other filters know they
/// know by other names than with Gloo Gateway, or nobody does.
const AUTHORIZATION: &str = "envoy.filters.http.ext_authz";

/// Says what cannot be honoured.
pub(super) fn check(said: &OptionLimitMetadata, at: &FieldPath, faults: &mut Faults<'_>) {
    let OptionLimitMetadata { default_value: _, descriptor_key, metadata_key, source } = said;
    if descriptor_key.is_empty() {
        faults.add(&at.with("descriptorKey"), "a server would be told nothing", "write a text");
    }
    let nothing = OptionMetadataKey::default();
    let OptionMetadataKey { key, path } = metadata_key.as_ref().unwrap_or(&nothing);
    let at_key = at.with("metadataKey");
    if key.is_empty() {
        faults.add(&at_key.with("key"), "it is not said who knows it", "write a name");
    }
    if path.is_empty() || path.iter().any(|OptionMetadataStep { key }| key.is_empty()) {
        faults.add(&at_key.with("path"), "it is not said which field is meant", "write fields with their `key`");
    }
    match source.as_ref().map_or("", |GlooEnum(word)| word) {
        "" | "0" | "DYNAMIC" if key == AUTHORIZATION || key.is_empty() => {}
        "" | "0" | "DYNAMIC" => {
            let help = "write `source: ROUTE_ENTRY` and `envoyMetadata` at the rule, or let a header say it (`requestHeaders`)";
            faults.add(&at_key.with("key"), "nobody here knows anything of requests by this name", help);
        }
        "1" | "ROUTE_ENTRY" => {}
        other => {
            let message = format!("`{other}` is nobody who knows anything");
            faults.add(&at.with("source"), message, "write `DYNAMIC` or `ROUTE_ENTRY`");
        }
    }
}

/// What the server is told, of an action that can be honoured.
pub(super) fn part_of(said: &OptionLimitMetadata) -> DescriptorPart {
    let OptionLimitMetadata { default_value, descriptor_key, metadata_key, source } = said;
    let (reader, path) = metadata_key.as_ref().map_or_else(Default::default, |OptionMetadataKey { key, path }| {
        (key.to_owned(), path.iter().map(|OptionMetadataStep { key }| key.to_owned()).collect())
    });
    DescriptorPart::Known {
        called: descriptor_key.to_owned(),
        reader,
        path,
        otherwise: default_value.to_owned(),
        is_of_rule: matches!(source, Some(GlooEnum(word)) if matches!(word.as_str(), "1" | "ROUTE_ENTRY")),
    }
}
