//! RequestMirror. A mirror whose backend cannot be used has been reported and
//! is left out: the requests themselves are served
//! ([HTTPRequestMirrorFilter](https://gateway-api.sigs.k8s.io/reference/spec/#httprequestmirrorfilter)).

use crate::diagnostics::codes;
use crate::ir::{CopyHost, Mirror, Share};
use crate::parser::api::{Fraction, RequestMirrorFilter};

use super::super::cluster::Sent;
use super::super::rule::RouteLowering;
use super::FilterContext;

impl RouteLowering<'_, '_> {
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
        if let (Some(Fraction { numerator: 1.., .. }), 0) = (fraction, share.parts()) {
            self.diagnostics.report(
                self.object
                    .finding(
                        codes::APPROXIMATED,
                        context.at.with("requestMirror").with("fraction"),
                        "Envoy's finest share is a millionth of the requests",
                    )
                    .label("less than half of that")
                    .consequence("no copies are sent")
                    .help("write a fraction of a millionth or more"),
            );
        }
        let sent = Sent::once(self.protocol);
        let cluster = context.outcome?.ok().and_then(|id| self.cluster(id, sent))?;
        (share.parts() > 0).then_some(Mirror { cluster, share, host: CopyHost::Same })
    }
}
