//! `shadowing`: copies of requests.

use crate::diagnostics::{Finding, ObjectPart};
use crate::ir::{CopyHost, Mirror};
use crate::parser::api::{OptionShadowing, RouteOption};
use crate::parser::route::Filter;
use crate::path;
use crate::resolver::{Effective, ResolvedRule};

use super::super::cluster::Sent;
use super::super::filter::{Filters, ListPlace};
use super::super::rule::RouteLowering;
use super::fault::share_of;
use super::part::{Part, Place};
use super::report::IdleOption;

pub(super) fn lower(place: Place<'_>, option: OptionShadowing) -> Result<Part, Box<Finding>> {
    // Who gets the copies is looked up for each rule.
    let OptionShadowing { disable_shadow_host_suffix_append, host_rewrite_literal, percentage, upstream: _ } = option;
    let share = share_of(place, &path!["percentage"], percentage)?;
    place.check_host(&path!["hostRewriteLiteral"], &host_rewrite_literal)?;
    let host = match (host_rewrite_literal.is_empty(), disable_shadow_host_suffix_append) {
        (true, true) => CopyHost::Same,
        (true, false) => CopyHost::Marked,
        (false, _) => CopyHost::Literal(host_rewrite_literal),
    };
    Ok(Part::Copies(share, host))
}

impl RouteLowering<'_, '_> {
    /// Puts the copies of an option in the place of those of the rule's filters, as Gloo Gateway does.
    pub(super) fn apply_copies(
        &mut self,
        list: ListPlace<'_>,
        rule: &ResolvedRule<'_>,
        (share, host): (crate::ir::Share, CopyHost),
        option: Effective<'_, RouteOption>,
        filters: &mut Filters<'_>,
    ) {
        self.report_hidden_mirrors(list, rule, option);
        let is_tiny = matches!(option.value, RouteOption::Shadowing(said) if said.percentage > 0.0);
        let idle = match (share.parts(), &filters.redirect) {
            (0, _) if is_tiny => Some((
                "`percentage` is below 0.0001, the least share that Envoy knows",
                "write 0.0001 or more, or remove the field",
            )),
            (0, _) => Some(("`percentage` is 0", "write the percentage of requests to be copied")),
            (_, Some(_)) => Some((
                "the rule redirects, and nothing is copied",
                "let `shadowing` apply to rules with backends alone",
            )),
            (_, None) => None,
        };
        if let Some((why, help)) = idle {
            let idle = IdleOption { why, consequence: "none: no copies are sent", help };
            self.report_idle_option(ObjectPart::Rule(list.rule), option, idle);
        }
        let receiver = rule.options.copies_to.and_then(Result::ok);
        let cluster = receiver.and_then(|id| self.cluster(id, Sent::once(self.protocol)));
        let mirror = cluster.filter(|_| share.parts() > 0).map(|cluster| Mirror { cluster, share, host });
        filters.mirrors = mirror.into_iter().collect();
    }

    fn report_hidden_mirrors(
        &mut self,
        list: ListPlace<'_>,
        rule: &ResolvedRule<'_>,
        option: Effective<'_, RouteOption>,
    ) {
        let is_mirror = |filter: &Filter<'_>| matches!(filter, Filter::RequestMirror(_));
        let hidden = rule.filters.iter().enumerate().filter(|(_, own)| is_mirror(&own.filter));
        for (index, own) in hidden {
            let at = ObjectPart::Filter { rule: list.rule, backend: None, index }.with(own.filter.member());
            let consequence = "requests are copied as the option says, and not as the filter does";
            self.report_hidden_filter(at, option, consequence, "write one of them");
        }
    }
}
