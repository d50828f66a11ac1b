//! What has no effect where a rule answers by itself.

use crate::diagnostics::{PartPath, codes};

use super::super::rule::RouteLowering;

/// What is answered before it could have an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::translator::lower) enum Idle {
    /// Copies are made of requests that are sent to a backend.
    Mirror,
    /// The copies of the rule, beside a backend that redirects.
    Copies,
    /// No backend sees the headers.
    RequestHeaders,
    /// No backend sees the URL.
    Rewrite,
    /// There is nothing to wait for, to try again or to return to.
    Policy,
    /// Nothing is sent to the backends of the rule.
    Backends,
}

/// How a rule answers by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::translator::lower) enum Beside {
    /// With a redirect.
    Redirect,
    /// With what an HTTPRouteFilter says.
    DirectResponse,
}

impl Idle {
    fn what(self) -> &'static str {
        match self {
            Self::Mirror => "a mirror has",
            Self::Copies => "the rule's mirrors have",
            Self::RequestHeaders => "changes to the request's headers have",
            Self::Rewrite => "a rewrite of the URL has",
            Self::Policy => "a limit of the rule has",
            Self::Backends => "the rule's backends have",
        }
    }

    fn consequence(self, beside: Beside) -> &'static str {
        match (beside, self) {
            (_, Self::Mirror | Self::Copies) => match beside {
                Beside::Redirect => "redirected requests are not copied",
                Beside::DirectResponse => "requests that the rule answers are not copied",
            },
            (Beside::Redirect, Self::RequestHeaders) => "clients follow the redirect with headers of their own",
            (Beside::Redirect, _) => "redirected requests are answered at once",
            (Beside::DirectResponse, _) => "the rule answers at once, and no backend sees the request",
        }
    }
}

impl RouteLowering<'_, '_> {
    /// Warns about what has no effect, because the request is redirected or answered.
    pub(in crate::translator::lower) fn report_idle(&mut self, at: PartPath, (idle, beside): (Idle, Beside)) {
        let what = idle.what();
        let (message, label) = match (beside, idle) {
            (Beside::Redirect, Idle::Copies) => {
                (format!("{what} no effect on a redirect"), "a redirected request reaches no backend")
            }
            (Beside::Redirect, _) => {
                (format!("{what} no effect beside a redirect"), "a redirected request reaches no backend")
            }
            (Beside::DirectResponse, _) => (
                format!("{what} no effect beside the `directResponse` of an HTTPRouteFilter"),
                "a request that is answered here reaches no backend",
            ),
        };
        self.diagnostics.report(
            self.object
                .finding(codes::IDLE_BESIDE_REDIRECT, at, message)
                .label(label)
                .consequence(idle.consequence(beside))
                .help("remove it, or give it to a rule that has backends"),
        );
    }
}
