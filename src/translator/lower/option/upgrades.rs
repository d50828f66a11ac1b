//! `upgrades`: what connections may become.

use crate::diagnostics::{FieldPath, Finding, ObjectPart};
use crate::http::Method;
use crate::ir::Upgrades;
use crate::parser::api::{OptionSwitch, OptionUpgrade, RouteOption};
use crate::parser::route::Matches;
use crate::path;
use crate::resolver::{Effective, ResolvedRule};

use super::super::filter::{Filters, ListPlace};
use super::super::rule::RouteLowering;
use super::part::{Part, Place};
use super::report::IdleOption;

pub(super) fn lower(place: Place<'_>, said: &[OptionUpgrade]) -> Result<Part, Box<Finding>> {
    let refuse = |at: FieldPath, message: String| place.refuse(&at, message, "keep one of the entries");
    to_upgrades(said).map(Part::Upgrades).map_err(|(at, message)| refuse(at, message))
}

/// What a list of upgrades says; the entry that says it again.
pub(super) fn to_upgrades(said: &[OptionUpgrade]) -> Result<Upgrades, (FieldPath, String)> {
    let mut upgrades = Upgrades::default();
    for (index, OptionUpgrade { connect, connect_terminate: _, websocket }) in said.iter().enumerate() {
        let both = [("websocket", websocket, &mut upgrades.websockets), ("connect", connect, &mut upgrades.tunnels)];
        for (field, switch, slot) in both {
            let Some(OptionSwitch { enabled }) = switch else { continue };
            if slot.replace(enabled.unwrap_or(true)).is_some() {
                return Err((path![index, field], format!("`{field}` is said more than once")));
            }
        }
    }
    Ok(upgrades)
}

impl RouteLowering<'_, '_> {
    /// Warns where upgrades of an option change nothing: a redirect has none, and only rules that name `CONNECT` get
    /// requests for tunnels.
    pub(super) fn report_idle_upgrades(
        &mut self,
        list: ListPlace<'_>,
        rule: &ResolvedRule<'_>,
        (upgrades, option): (Upgrades, Effective<'_, RouteOption>),
        filters: &Filters<'_>,
    ) {
        let takes_connect = match rule.matches {
            Matches::Http(matches) => matches.iter().any(|one| one.method == Some(Method::Connect)),
            Matches::Grpc(_) | Matches::Everything => false,
        };
        let why = if filters.redirect.is_some() {
            "the rule redirects, whatever connections may become"
        } else if upgrades.tunnels.is_some() && upgrades.websockets.is_none() && !takes_connect {
            "no match of the rule names the method `CONNECT`"
        } else {
            return;
        };
        let idle = IdleOption {
            why,
            consequence: "none: requests of the rule are answered as without it",
            help: "let the option apply to other rules",
        };
        self.report_idle_option(ObjectPart::Rule(list.rule), option, idle);
    }
}
