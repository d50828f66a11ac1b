//! What a rule does, before the listener is known.

use std::sync::Arc;

use crate::ir::{Across, Action, Branch, Forward, Origin, SessionCarrier};
use crate::port::Port;

use super::redirect_template::RedirectTemplate;

/// What a rule does; redirects and cookies depend on the listener.
#[derive(Debug)]
pub(super) enum RuleAction {
    /// The same on every listener.
    Fixed(Arc<Action>),
    /// Answers with a redirect.
    Redirect(Box<RedirectTemplate>),
    /// Each to its share; never another split.
    Split(Vec<(u32, Self, Origin)>),
}

impl RuleAction {
    /// Answers with a status.
    pub(super) fn respond(status: u16) -> Self {
        Self::Fixed(Arc::new(Action::Respond(status)))
    }

    /// The action on the listeners of a scheme and port.
    pub(super) fn on_listener(&self, scheme: &'static str, port: Port) -> Arc<Action> {
        match self {
            Self::Fixed(action) => match (&**action, scheme) {
                (Action::Forward(forward), "https") if forward.session.is_some() => {
                    Arc::new(Action::Forward(with_secure_session(forward)))
                }
                _ => action.clone(),
            },
            Self::Redirect(template) => {
                Arc::new(Action::Redirect(Box::new(template.clone().on_listener(scheme, port))))
            }
            Self::Split(branches) => Arc::new(Action::Split(
                branches
                    .iter()
                    .map(|(weight, action, origin)| Branch {
                        weight: *weight,
                        action: Arc::unwrap_or_clone(action.on_listener(scheme, port)),
                        origin: *origin,
                    })
                    .collect(),
            )),
        }
    }
}

/// The same, with cookies that are sent over TLS alone.
fn with_secure_session(forward: &Forward) -> Forward {
    let mut forward = forward.clone();
    forward.session = forward.session.map(|session| {
        let mut session = Arc::unwrap_or_clone(session);
        if let SessionCarrier::Cookie(cookie) = &mut session.carrier {
            cookie.secure = true;
        }
        if let Across::Selector(selector) = &mut session.across {
            selector.secure = true;
        }
        Arc::new(session)
    });
    forward
}
