//! What rules say of spans that nobody makes.

use crate::diagnostics::{Diagnostics, ObjectPart, codes};
use crate::parser::api::{HttpListenerOption, RouteOption};
use crate::parser::manifests::ObjectHead;
use crate::path;
use crate::resolver::{ListenerOptionsId, Resolved, ResolvedRule};

use super::super::socket::Socket;
use super::asked::sharing;
use super::http::{HttpParts, options_of};

/// Warns of options of rules at none of whose listeners spans are made; `is_traced` where they are at all.
pub(in crate::translator::lower) fn report(
    resolved: &Resolved<'_>,
    parts: &HttpParts,
    (sockets, is_traced): (&[Socket], bool),
    diagnostics: &mut Diagnostics,
) {
    if is_traced {
        return;
    }
    let mut options: Vec<(&ObjectHead, bool)> = Vec::new();
    for (id, ids) in sockets.iter().flat_map(|(_, ids)| ids.iter().map(move |id| (id, ids))) {
        let set = options_of(resolved, parts, *id, sharing(resolved, id, ids));
        // Of what cannot be honoured it was told what that does.
        let is_made = set.is_some_and(|set| parts[set].is_err() || makes_spans(resolved, set));
        let rules = resolved.listener(*id).attached.iter().flat_map(|route| &resolved.routes.get(*route).rules);
        rules.for_each(|rule| add(&mut options, rule, is_made));
    }
    resolved.rules_of_clients().for_each(|rule| add(&mut options, rule, false));
    for (source, _) in options.into_iter().filter(|(_, is_made)| !is_made) {
        let at = ObjectPart::Whole.at(&path!["spec", "options", "tracing"]);
        let message = format!("`tracing` of {} `{}` changes nothing", source.kind.name(), source.full_name());
        let finding = source.finding(codes::OPTION_UNUSED, at, message).label("nobody makes spans of these requests");
        let help =
            "add `httpConnectionManagerSettings.tracing` to an HttpListenerOption for the Gateway, or pass `--tracing`";
        diagnostics.report(finding.consequence("requests are answered as without it").help(help));
    }
}

/// Enters what a rule says of spans, and whether they are made.
fn add<'r>(options: &mut Vec<(&'r ObjectHead, bool)>, rule: &'r ResolvedRule<'_>, is_made: bool) {
    let said = rule.options.fields.iter().filter(|field| matches!(field.value, RouteOption::Tracing(_)));
    for source in said.map(|field| field.source) {
        match options.iter_mut().find(|(known, _)| std::ptr::eq(*known, source)) {
            Some((_, is_known)) => *is_known |= is_made,
            None => options.push((source, is_made)),
        }
    }
}

fn makes_spans(resolved: &Resolved<'_>, set: ListenerOptionsId) -> bool {
    let mut fields = resolved.http_listener_options.get(set).fields.iter();
    fields.any(|field| match field.value {
        HttpListenerOption::HttpConnectionManagerSettings(said) => said.tracing.is_some(),
        _ => false,
    })
}
