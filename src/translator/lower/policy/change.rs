//! Changes to what requests pass before anything else is done to them.

use crate::ir::{Action, Branch, HttpFilters};

/// Changes what requests pass in all parts of an action.
pub(super) fn change_filters(action: Action, change: &mut impl FnMut(&mut HttpFilters)) -> Action {
    match action {
        Action::Forward(mut forward) => {
            forward.http_filters.change(&mut *change);
            Action::Forward(forward)
        }
        Action::Redirect(mut redirect) => {
            redirect.http_filters.change(&mut *change);
            Action::Redirect(redirect)
        }
        Action::DirectResponse(mut response) => {
            response.http_filters.change(&mut *change);
            Action::DirectResponse(response)
        }
        Action::Respond(status) => Action::Respond(status),
        Action::Split(branches) => {
            let branches = branches.into_iter().map(|Branch { weight, action, origin }| Branch {
                weight,
                action: change_filters(action, change),
                origin,
            });
            Action::Split(branches.collect())
        }
    }
}
