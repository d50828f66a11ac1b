//! RequestMirror. A mirror whose backend cannot be used has been reported and
//! is left out: the requests themselves are served
//! ([HTTPRequestMirrorFilter](https://gateway-api.sigs.k8s.io/reference/spec/#httprequestmirrorfilter)).

use crate::ir::{Mirror, Share};
use crate::parser::api::{Fraction, RequestMirrorFilter};

use super::super::rule::RouteLowering;
use super::FilterContext;

impl<S> RouteLowering<'_, S> {
    /// Lowers a mirror; `None` when nothing is copied.
    pub(super) fn lower_mirror(&mut self, context: &FilterContext<'_>, filter: &RequestMirrorFilter) -> Option<Mirror> {
        let RequestMirrorFilter { backend_ref: _, percent, fraction } = filter;
        let share = match (percent, fraction) {
            (Some(percent), _) => Share::ratio(u64::from(*percent), 100),
            (None, Some(Fraction { numerator, denominator })) => {
                Share::ratio(u64::from(*numerator), u64::from(*denominator))
            }
            (None, None) => Share::ALL,
        };
        let cluster = context.outcome?.ok().and_then(|id| self.clusters.get_for(id, self.answers.carried))?;
        (share.parts() > 0).then_some(Mirror { cluster, share })
    }
}
