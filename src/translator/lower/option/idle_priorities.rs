//! `previousPriorities` of VirtualHostOptions that no further try can keep to: no backend has other priorities.

use crate::diagnostics::{Diagnostics, ObjectPart, codes};
use crate::parser::api::{RouteOption, VirtualHostOption};
use crate::parser::manifests::ObjectHead;
use crate::path;
use crate::resolver::{Effective, Resolved, ResolvedRule};

use super::super::socket::Socket;

/// Warns of each that changes nothing for any rule which takes its retries.
pub(super) fn report(resolved: &Resolved<'_>, sockets: &[Socket], diagnostics: &mut Diagnostics) {
    // Of each object, whether some backend has a failover.
    let mut known: Vec<(&ObjectHead, bool)> = Vec::new();
    for id in sockets.iter().flat_map(|(_, ids)| ids) {
        let set = resolved.virtual_host_options.of(*id).map(|set| resolved.virtual_host_options.get(set));
        let fields = set.into_iter().flat_map(|set| &set.fields);
        for Effective { value: _, source } in fields.filter(|field| asks(field.value)) {
            let rules = resolved.listener(*id).attached.iter().flat_map(|route| &resolved.routes.get(*route).rules);
            for rule in rules.filter(|rule| takes_retries(rule)) {
                let mut backends = rule.backends.iter().filter_map(|backend| backend.outcome.ok());
                let is_used = backends.any(|id| resolved.backends.get(id).settings.failover.is_some());
                match known.iter_mut().find(|(one, _)| std::ptr::eq(*one, *source)) {
                    Some((_, is_known)) => *is_known |= is_used,
                    None => known.push((source, is_used)),
                }
            }
        }
    }
    for (source, _) in known.into_iter().filter(|(_, is_used)| !is_used) {
        let (kind, name) = (source.kind.name(), source.full_name());
        let message = format!("`previousPriorities` of {kind} `{name}` changes nothing for any rule");
        let at = ObjectPart::Whole.at(&path!["spec", "options", FIELD, "previousPriorities"]);
        let finding = source.finding(codes::OPTION_UNUSED, at, message);
        let finding = finding.label("no backend has a failover, which further tries could go to");
        let finding = finding.consequence("further tries go to the same hosts as the first one");
        diagnostics.report(finding.help("refer to an Upstream with a `failover`, or remove `previousPriorities`"));
    }
}

const FIELD: &str = "retries";

fn asks(option: &VirtualHostOption) -> bool {
    matches!(option, VirtualHostOption::Retries(said) if said.previous_priorities.is_some())
}

/// Whether a rule sends requests, and says nothing of retries itself.
fn takes_retries(rule: &ResolvedRule<'_>) -> bool {
    let is_own = |field: &Effective<'_, RouteOption>| matches!(field.value, RouteOption::Retries(_));
    !rule.backends.is_empty() && rule.retry.is_none() && !rule.options.fields.iter().any(is_own)
}
