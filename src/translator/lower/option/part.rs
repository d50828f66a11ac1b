//! What an option says, as a part of a rule.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::diagnostics::{FieldPath, Finding, ObjectPart, Reported, codes};
use crate::ir::{Cors, Fault, HeaderMutations, HostRewrite, PathRewrite, Retry, StreamLimit};
use crate::name::{Name, Namespace};
use crate::parser::manifests::ObjectHead;
use crate::path;

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
    /// What goes wrong on purpose.
    Fault(Fault),
}

/// What each option of each policy says: by the key of the policy and the field.
pub(in crate::translator::lower) type Parts = HashMap<(Namespace, Name, &'static str), Result<Part, Reported>>;

/// An option with its policy, as it is judged.
#[derive(Clone, Copy)]
pub(super) struct Place<'o> {
    pub(super) source: &'o ObjectHead,
    pub(super) field: &'static str,
}

impl Place<'_> {
    /// A finding about a part of the option.
    pub(super) fn refuse(self, below: &FieldPath, message: impl Into<String>, help: impl Into<String>) -> Box<Finding> {
        let at = ObjectPart::Whole.at(&path!["spec", "options", self.field].join(below));
        let finding = self.source.finding(codes::UNUSABLE_OPTION, at, message.into()).label("this cannot be honoured");
        let consequence = "all requests of the rules that it applies to get 500";
        Box::new(finding.consequence(consequence).help(help.into()))
    }
}
