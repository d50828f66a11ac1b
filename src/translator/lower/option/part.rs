//! What an option says, as a part of a rule.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::diagnostics::{FieldPath, Finding, ObjectPart, Reported, codes};
use crate::ir::{
    AccessRule, BodyRule, CopyHost, Cors, Fault, HashPart, HeaderMutations, HostRewrite, Metadata, OriginRule,
    PathRewrite, Retry, RouteTracing, Share, StreamLimit, TokenBucket, TokenRule, Upgrades,
};
use crate::name::{Name, Namespace, NamespacedName};
use crate::parser::api::{OptionCors, RouteOption};
use crate::parser::manifests::ObjectHead;
use crate::parser::route::Filter;
use crate::resolver::ResolvedRule;

/// What an option says.
#[derive(Clone, Debug)]
pub(in crate::translator::lower) enum Part {
    /// Nothing.
    Nothing,
    /// The limit for a request; `None` for none.
    Timeout(Option<Duration>),
    /// Further tries, and the limit for each.
    Retry(Retry, Option<Duration>),
    /// Changes to the headers of requests and of responses.
    Headers(HeaderMutations, HeaderMutations),
    /// What other origins may do; `None` for nothing more than without it.
    Cors(Option<Arc<Cors>>),
    /// What of the path becomes what.
    Path(PathRewrite),
    /// The host that backends see.
    Host(HostRewrite),
    /// That backends are told which host was asked for.
    TellHost,
    /// The limit for silence; `None` for none.
    Idle(Option<Duration>),
    /// How long streams may last.
    Stream(StreamLimit),
    /// What endpoints are chosen by.
    Hash(Vec<HashPart>),
    /// What goes wrong on purpose.
    Fault(Fault),
    /// Copies: how many, and for which host. Who gets them is the rule's to say.
    Copies(Share, CopyHost),
    /// What connections may become.
    Upgrades(Upgrades),
    /// What filters and logs are told.
    Metadata(Metadata),
    /// What is said of spans.
    Tracing(RouteTracing),
    /// How long bodies may be.
    Body(BodyRule),
    /// How many requests there may be.
    Rate(TokenBucket),
    /// Where requests that change something may come from.
    Origins(OriginRule),
    /// Which tokens requests have to bring.
    Tokens(StagedTokens),
    /// What these have to say.
    Access(AccessRule),
}

/// Which tokens requests have to bring before anybody is asked whether they may pass, and behind that.
#[derive(Clone, Debug)]
pub(in crate::translator::lower) struct StagedTokens {
    pub(super) early: Option<TokenRule>,
    pub(super) late: Option<TokenRule>,
}

/// What each option of each policy says: by the key of the policy and the field.
pub(in crate::translator::lower) type Parts = HashMap<(Namespace, Name, &'static str), Result<Part, Reported>>;

/// What was found to be wrong with each option of listeners that has been looked at; `None` for nothing.
pub(super) type HostFields<'m> = HashMap<(NamespacedName<'m>, &'static str), Option<Reported>>;

/// What a rule says itself of what options of listeners say too.
#[derive(Clone, Copy, Debug)]
pub(in crate::translator::lower) struct RuleSays {
    pub(super) cors: OwnCors,
    pub(in crate::translator::lower) retry: bool,
    /// How long a request may take.
    pub(in crate::translator::lower) request_timeout: bool,
    /// The status of a rule that fails.
    pub(in crate::translator::lower) failure: u16,
}

/// What a rule says of other origins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OwnCors {
    Nothing,
    /// Fields, of which those that it leaves out are the listener's.
    Fields,
    /// All that there is to say.
    Whole,
}

impl RuleSays {
    pub(in crate::translator::lower) fn of(rule: &ResolvedRule<'_>, failure: u16) -> Self {
        let option = rule.options.fields.iter().find_map(|field| match field.value {
            RouteOption::Cors(OptionCors { disable_for_route, .. }) => Some(*disable_for_route),
            _ => None,
        });
        let cors = match option {
            _ if rule.all_filters().any(|own| matches!(own.filter, Filter::Cors(_))) => OwnCors::Whole,
            Some(true) => OwnCors::Whole,
            Some(false) => OwnCors::Fields,
            None => OwnCors::Nothing,
        };
        let request_timeout = rule.timeouts.is_some_and(|timeouts| timeouts.request.is_some());
        Self { cors, retry: rule.retry.is_some() || rule.options.retry(), request_timeout, failure }
    }

    /// Whether it says something of other origins.
    pub(in crate::translator::lower) fn cors(self) -> bool {
        self.cors != OwnCors::Nothing
    }
}

/// An option with its policy, as it is judged.
#[derive(Clone, Copy)]
pub(in crate::translator::lower) struct Place<'o> {
    pub(in crate::translator::lower) source: &'o ObjectHead,
    pub(in crate::translator::lower) field: &'static str,
}

impl Place<'_> {
    /// A finding about a part of the option.
    pub(in crate::translator::lower) fn refuse(
        self,
        below: &FieldPath,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Box<Finding> {
        let at = ObjectPart::Whole.at(&self.source.kind.fields_of_policy().with(self.field).join(below));
        let finding = self.source.finding(codes::UNUSABLE_OPTION, at, message.into()).label("this cannot be honoured");
        let consequence = "all requests of the rules that it applies to get 500";
        Box::new(finding.consequence(consequence).help(help.into()))
    }

    /// Whether a text can stand as a host.
    pub(super) fn check_host(self, at: &FieldPath, host: &str) -> Result<(), Box<Finding>> {
        let is_host = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
        host.chars().find(|c| !is_host(*c)).map_or(Ok(()), |found| {
            let message = format!("`{}` cannot stand in a host", found.escape_debug());
            Err(self.refuse(at, message, "write a name or an address, and perhaps a port"))
        })
    }
}
