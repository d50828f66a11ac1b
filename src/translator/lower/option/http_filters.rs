//! What requests pass that an action is about, changed in all of its parts.

use crate::ir::{Action, Branch, HttpFilters};

/// Changes what requests pass that an action is about; with `redirects`, also what those pass that are redirected or
/// answered by the rule.
pub(super) fn change_filters(action: Action, redirects: bool, change: &mut impl FnMut(&mut HttpFilters)) -> Action {
    match action {
        Action::Forward(mut forward) => {
            forward.http_filters.change(&mut *change);
            Action::Forward(forward)
        }
        Action::Redirect(mut redirect) if redirects => {
            redirect.http_filters.change(&mut *change);
            Action::Redirect(redirect)
        }
        Action::Redirect(redirect) => Action::Redirect(redirect),
        Action::DirectResponse(mut response) if redirects => {
            response.http_filters.change(&mut *change);
            Action::DirectResponse(response)
        }
        Action::DirectResponse(response) => Action::DirectResponse(response),
        Action::Respond(status) => Action::Respond(status),
        Action::Split(branches) => {
            let branches = branches.into_iter().map(|Branch { weight, action, origin }| Branch {
                weight,
                action: change_filters(action, redirects, change),
                origin,
            });
            Action::Split(branches.collect())
        }
    }
}
