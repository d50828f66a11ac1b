//! Policies: whether what they are about exists, and whether a route leads to it.

use crate::diagnostics::Omission;

use super::subject::{Subjects, Target, Verdict, Verdicts};

/// What of each target was judged.
pub(super) fn judge<'s, 'r>(targets: &'s Subjects<Target<'r>>) -> Verdicts<'s, Target<'r>> {
    targets.judge(|target| match (target.is_valid, target.is_used) {
        (false, _) => Verdict::Unjudged(Omission::Wrong),
        (true, is_used) => Verdict::or(is_used, Omission::NoRoute),
    })
}
