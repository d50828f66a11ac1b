//! `regexRewrite` and `hostRewritePathRegex`.

use crate::diagnostics::Finding;
use crate::ir::Substitution;
use crate::parser::api::{OptionPattern, OptionSubstitution};
use crate::path;

use super::part::Place;
use crate::re2::{self, Flaw, FlawedPart};

pub(super) fn lower(place: Place<'_>, option: OptionSubstitution) -> Result<Substitution, Box<Finding>> {
    let OptionSubstitution { pattern, substitution } = option;
    let at = path!["pattern", "regex"];
    let pattern = pattern.map(|OptionPattern { google_re2: _, regex }| regex).unwrap_or_default();
    if pattern.is_empty() {
        return Err(place.refuse(&at, "there is no expression", "write `pattern` with a `regex`"));
    }
    if let Some(Flaw { part, message, help }) = re2::flaw(&pattern, &substitution) {
        let at = if part == FlawedPart::Pattern { at } else { path!["substitution"] };
        return Err(place.refuse(&at, message, help));
    }
    Ok(Substitution { pattern, replacement: substitution })
}
