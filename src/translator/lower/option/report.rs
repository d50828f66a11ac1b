//! What is said where an option and a rule do not go together.

use crate::diagnostics::{PartPath, codes};
use crate::parser::api::RouteOption;
use crate::path;
use crate::resolver::{Effective, ResolvedRule};

use super::super::filter::ListPlace;
use super::super::rule::RouteLowering;

/// Why an option changes nothing for a rule.
pub(super) struct IdleOption {
    pub(super) why: &'static str,
    pub(super) consequence: &'static str,
    pub(super) help: &'static str,
}

impl RouteLowering<'_, '_> {
    /// Warns that an option changes nothing for a rule.
    pub(super) fn report_idle_option(
        &mut self,
        at: impl Into<PartPath>,
        Effective { value, source }: Effective<'_, RouteOption>,
        IdleOption { why, consequence, help }: IdleOption,
    ) {
        let (kind, name, own) = (source.kind.name(), source.full_name(), value.field());
        let message = format!("`{own}` of {kind} `{name}` changes nothing for this rule");
        let finding = self.object.finding(codes::OPTION_UNUSED, at, message);
        let place = source.at(&path!["spec", "options", own]);
        let finding = finding.label(why).related(place, "the option that changes nothing here");
        self.diagnostics.report(finding.consequence(consequence).help(help));
    }

    /// Warns that no backend of a rule has other priorities that tries could go to.
    pub(super) fn report_idle_priorities(
        &mut self,
        list: ListPlace<'_>,
        rule: &ResolvedRule<'_>,
        Effective { value, source }: Effective<'_, RouteOption>,
    ) {
        let mut backends = rule.backends.iter().filter_map(|backend| backend.outcome.ok());
        if rule.backends.is_empty() || backends.any(|id| self.clusters.has_failover(id)) {
            return;
        }
        let (kind, name, own) = (source.kind.name(), source.full_name(), value.field());
        let message = format!("`previousPriorities` of {kind} `{name}` changes nothing for this rule");
        let finding = self.object.finding(codes::OPTION_UNUSED, list.owner.with("backendRefs"), message);
        let place = source.at(&path!["spec", "options", own, "previousPriorities"]);
        let finding = finding.label("no backend has a failover, which further tries could go to");
        let finding = finding.related(place, "the option that changes nothing here");
        let finding = finding.consequence("further tries go to the same hosts as the first one");
        self.diagnostics.report(finding.help("refer to an Upstream with a `failover`, or remove `previousPriorities`"));
    }

    /// Warns about a filter of the rule, which an option hides.
    pub(super) fn report_hidden_filter(
        &mut self,
        at: PartPath,
        Effective { value, source }: Effective<'_, RouteOption>,
        consequence: &'static str,
        help: &str,
    ) {
        let (kind, name, option) = (source.kind.name(), source.full_name(), value.field());
        let message = format!("`{option}` of {kind} `{name}` hides this filter");
        let finding = self.object.finding(codes::OPTION_MEETS_RULE, at, message);
        self.diagnostics.report(
            finding
                .label("changes nothing")
                .related(source.at(&path!["spec", "options", option]), "the option that counts, and all of it")
                .consequence(consequence)
                .help(help.to_owned()),
        );
    }
}
