//! The same action with other clusters.

use super::{Action, AuthId, Branch, ClusterId, Forward, Gate, Mirror, Redirect, Target, WeightedBackend};

impl Action {
    /// The action with every cluster replaced by what `replace` gives for it,
    /// and the authorizations of each part by what `replace_auths` gives.
    #[must_use]
    pub fn with_clusters(
        &self,
        replace: &impl Fn(ClusterId) -> ClusterId,
        replace_auths: &mut impl FnMut(&[AuthId]) -> Vec<AuthId>,
    ) -> Self {
        match self {
            Self::Forward(forward) => Self::Forward(with_clusters(forward, replace, replace_auths)),
            Self::Redirect(redirect) => {
                let gate = with_auths(&redirect.gate, replace_auths);
                Self::Redirect(Redirect { gate, ..redirect.clone() })
            }
            Self::Respond(status) => Self::Respond(*status),
            Self::Split(branches) => {
                let branches = branches.iter().map(|Branch { weight, action, origin }| Branch {
                    weight: *weight,
                    action: action.with_clusters(replace, replace_auths),
                    origin: *origin,
                });
                Self::Split(branches.collect())
            }
        }
    }
}

fn with_clusters(
    forward: &Forward,
    replace: &impl Fn(ClusterId) -> ClusterId,
    replace_auths: &mut impl FnMut(&[AuthId]) -> Vec<AuthId>,
) -> Forward {
    let Forward {
        backends,
        gate,
        mirrors,
        request_headers: _,
        response_headers: _,
        path_rewrite: _,
        host_rewrite: _,
        timeouts: _,
        retry: _,
        session: _,
    } = forward;
    let backends = backends.iter().map(|backend| {
        let target = match backend.target {
            Target::Cluster(id) => Target::Cluster(replace(id)),
            Target::Invalid(status) => Target::Invalid(status),
        };
        WeightedBackend { target, ..backend.clone() }
    });
    let mirrors = mirrors.iter().map(|mirror| Mirror { cluster: replace(mirror.cluster), share: mirror.share });
    Forward {
        backends: backends.collect(),
        mirrors: mirrors.collect(),
        gate: with_auths(gate, replace_auths),
        ..forward.clone()
    }
}

fn with_auths(gate: &Gate, replace_auths: &mut impl FnMut(&[AuthId]) -> Vec<AuthId>) -> Gate {
    let Gate { cors, auths } = gate;
    Gate { cors: cors.clone(), auths: replace_auths(auths) }
}
