//! The same action with other clusters.

use super::{Action, ClusterId, Forward, Target, WeightedBackend};

impl Action {
    /// The action with every cluster replaced by what `replace` gives for it.
    #[must_use]
    pub fn with_clusters(&self, replace: impl Fn(ClusterId) -> ClusterId) -> Self {
        let Self::Forward(forward) = self else { return self.clone() };
        let Forward { backends, request_headers: _, response_headers: _, path_rewrite: _, host_rewrite: _ } = forward;
        let backends = backends.iter().map(|backend| {
            let target = match backend.target {
                Target::Cluster(id) => Target::Cluster(replace(id)),
                Target::Invalid(status) => Target::Invalid(status),
            };
            WeightedBackend { target, ..backend.clone() }
        });
        Self::Forward(Forward { backends: backends.collect(), ..forward.clone() })
    }
}
