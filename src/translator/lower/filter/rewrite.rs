//! Path modifiers of URLRewrite and RequestRedirect.

use crate::diagnostics::{Reported, codes};
use crate::ir::PathRewrite;
use crate::parser::api::HttpPathModifier;

use super::super::path::{bad_path_char, lower_path_modifier, path_help};
use super::super::rule::RouteLowering;
use super::FilterContext;

impl RouteLowering<'_, '_> {
    /// Lowers the `path` of a rewrite or redirect.
    pub(super) fn lower_path(
        &mut self,
        context: &FilterContext<'_>,
        member: &'static str,
        modifier: Option<&HttpPathModifier>,
    ) -> Result<Option<PathRewrite>, Reported> {
        let Some(modifier) = modifier else { return Ok(None) };
        let at = context.at.with(member).with("path");
        let (field, value) = match modifier {
            HttpPathModifier::ReplaceFullPath(value) => ("replaceFullPath", value),
            HttpPathModifier::ReplacePrefixMatch(value) => ("replacePrefixMatch", value),
        };
        if let Some((_, found)) = bad_path_char(value) {
            return Err(self.diagnostics.error(
                self.object
                    .finding(codes::UNSAFE_VALUE, at.with(field), format!("`{value}` is not a path"))
                    .label(format!("`{}` cannot stand in a path as it is", found.escape_debug()))
                    .consequence(context.consequence)
                    .help(path_help(value)),
            ));
        }
        lower_path_modifier(modifier, context.list.prefix).map(Some).ok_or_else(|| {
            self.diagnostics.error(
                self.object
                    .finding(codes::UNSAFE_VALUE, at.with(field), "a prefix is replaced that the rule does not match")
                    .consequence(context.consequence)
                    .help("give the rule exactly one match, of type `PathPrefix`"),
            )
        })
    }
}
