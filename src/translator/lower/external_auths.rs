//! The distinct authorizations of a configuration.

use std::collections::HashMap;

use crate::ir::{Action, AuthId, ClusterId, ExternalAuth, ExternalAuthSettings, Reference};
use typed_index_collections::TiVec;

/// The authorizations so far. Envoy asks the services of a request in the order
/// of their ids, so one that has to be asked both before and after another one
/// has several.
#[derive(Clone, Debug, Default)]
pub(super) struct ExternalAuths {
    list: TiVec<AuthId, ExternalAuth>,
    /// The ids of those with the same settings, ascending.
    ids: HashMap<ExternalAuthSettings, Vec<AuthId>>,
}

impl ExternalAuths {
    pub(super) fn into_list(self) -> TiVec<AuthId, ExternalAuth> {
        self.list
    }

    /// The first authorization with these settings behind `last`.
    pub(super) fn find_or_add(&mut self, auth: &ExternalAuth, last: Option<AuthId>) -> AuthId {
        let same = self.ids.get(&auth.settings).map(Vec::as_slice).unwrap_or_default();
        if let Some(id) = same.iter().find(|id| last.is_none_or(|last| **id > last)) {
            return *id;
        }
        let (key, auth) = (auth.settings.clone(), auth.clone());
        let id = self.list.push_and_get_key(auth);
        self.ids.entry(key).or_default().push(id);
        id
    }

    /// Authorizations that are asked in this order, each once; behind those of `before`.
    fn in_order(&mut self, before: &[AuthId], wanted: Vec<ExternalAuth>) -> Vec<AuthId> {
        let mut asked = before.to_vec();
        for auth in wanted {
            let is_same = |id: &AuthId| self.get(*id).is_some_and(|other| other.settings == auth.settings);
            if !asked.iter().any(is_same) {
                let id = self.find_or_add(&auth, asked.last().copied());
                asked.push(id);
            }
        }
        asked.split_off(before.len())
    }

    /// Puts the authorizations of a backend, or of a rule, in the order in which they are listed, behind those of
    /// the rule. One without a service stays.
    pub(super) fn put_in_order(&mut self, before: &[Option<AuthId>], list: &mut Vec<Option<AuthId>>) {
        let before: Vec<AuthId> = before.iter().flatten().copied().collect();
        let wanted = list.iter().flatten().filter_map(|id| self.get(*id).cloned()).collect();
        list.retain(Option::is_none);
        list.extend(self.in_order(&before, wanted).into_iter().map(Some));
    }

    fn get(&self, id: AuthId) -> Option<&ExternalAuth> {
        self.list.get(id)
    }

    /// Every cluster that an action sends something to.
    pub(super) fn clusters_of(&self, action: &Action) -> Vec<ClusterId> {
        let clusters = action.references().into_iter().filter_map(|reference| match reference {
            Reference::Backend(_, id) | Reference::Mirror(id) | Reference::Guard(id) => Some(id),
            Reference::Auth(id) => self.get(id).map(|auth| auth.settings.cluster),
        });
        clusters.collect()
    }

    /// The same authorizations, asked at the clusters that `replace` gives.
    pub(super) fn with_clusters(&mut self, ids: &[AuthId], replace: &impl Fn(ClusterId) -> ClusterId) -> Vec<AuthId> {
        let wanted = ids.iter().filter_map(|id| {
            let ExternalAuth { settings, origin } = self.get(*id)?.clone();
            Some(ExternalAuth {
                settings: ExternalAuthSettings { cluster: replace(settings.cluster), ..settings },
                origin,
            })
        });
        let wanted = wanted.collect();
        self.in_order(&[], wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::ExternalAuths;
    use crate::ir::{
        AuthHeaders, AuthId, AuthTerms, ClusterId, ExternalAuth, ExternalAuthProtocol, ExternalAuthSettings, Origin,
    };

    fn auth(cluster: usize) -> ExternalAuth {
        ExternalAuth {
            settings: ExternalAuthSettings {
                cluster: ClusterId(cluster),
                protocol: ExternalAuthProtocol::Grpc,
                request_headers: AuthHeaders::Default,
                max_body_bytes: None,
                terms: AuthTerms::default(),
            },
            origin: Origin(0),
        }
    }

    #[test]
    fn services_are_asked_in_the_order_of_each_rule() {
        let mut auths = ExternalAuths::default();
        let mut order = |before: &[usize], list: &[usize]| {
            let before: Vec<_> = before.iter().copied().map(AuthId).collect();
            auths.in_order(&before, list.iter().copied().map(auth).collect()).iter().map(|id| id.0).collect::<Vec<_>>()
        };
        assert_eq!(order(&[], &[7, 8]), [0, 1]);
        assert_eq!(order(&[], &[8, 7]), [1, 2]);
        assert_eq!(order(&[], &[8]), [1]);
        assert_eq!(order(&[], &[7, 8, 7]), [0, 1]);
        assert_eq!(order(&[1], &[7]), [2]);
        assert_eq!(order(&[1], &[8]), [0_usize; 0]);
    }
}
