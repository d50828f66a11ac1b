//! Which cluster gets the requests for a backend: its own, or the pool of its rule.

use crate::ir::{Across, ClusterId, Config, Forward, Target, WeightedBackend};

use super::name;

/// The backends of `forward` that its pool consists of: those that have an
/// endpoint. `None` when the rule has no pool.
pub(super) fn members<'f>(forward: &'f Forward, config: &Config) -> Option<Vec<(ClusterId, &'f WeightedBackend)>> {
    let session = forward.session.as_ref()?;
    matches!(session.across, Across::Pool(_)).then(|| {
        let live = forward.backends.iter().filter_map(|backend| match backend.target {
            Target::Cluster(id) if !config.cluster(id).is_empty() => Some((id, backend)),
            Target::Cluster(_) | Target::Invalid(_) => None,
        });
        live.collect()
    })
}

/// The name of the cluster that stands for the members of a pool: the only
/// member's own, else the pool's.
pub(super) fn cluster_name(forward: &Forward, members: &[(ClusterId, &WeightedBackend)], config: &Config) -> String {
    match (members, forward.session.as_ref().map(|session| &session.across)) {
        ([(only, _)], _) => name::cluster(config.cluster(*only)),
        (_, Some(Across::Pool(rule))) => name::pool(rule, members.iter().map(|(id, _)| config.cluster(*id)), config),
        _ => name::INVALID_BACKEND.to_owned(),
    }
}

/// The cluster that gets the requests for one of the backends of `forward`.
pub fn cluster_of(forward: &Forward, backend: ClusterId, config: &Config) -> String {
    let members = members(forward, config).unwrap_or_default();
    if members.len() > 1 && members.iter().any(|(id, _)| *id == backend) {
        return cluster_name(forward, &members, config);
    }
    name::cluster(config.cluster(backend))
}

/// The pool of `forward`; `None` where each backend has its own cluster.
pub fn pool_of(forward: &Forward, config: &Config) -> Option<String> {
    let members = members(forward, config).filter(|members| members.len() > 1)?;
    Some(cluster_name(forward, &members, config))
}
