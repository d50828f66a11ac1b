//! BackendTrafficPolicy: how requests get to backends.

use std::sync::Arc;
use std::time::Duration;

use crate::ir::{Action, Forward, Target, Timeouts};
use crate::parser::api::{BackendTimeout, BackendTrafficPolicyField, HttpBackendTimeout, TcpBackendTimeout};
use crate::path;
use crate::translator::lower::cluster::{AskedSettings, Clusters};
use crate::translator::lower::option::faults::Faults;
use crate::translator::lower::option::http::change_forwards;
use crate::translator::lower::option::part::RuleSays;

/// What a BackendTrafficPolicy says, as parts of rules and of the clusters that they send to.
#[derive(Clone, Debug, Default)]
pub(super) struct TrafficPart {
    timeouts: Timeouts,
    /// What is asked for of clusters: what is set goes before what their backend says.
    cluster: Arc<AskedSettings>,
}

/// Adds what a field says.
pub(super) fn lower_field(field: &BackendTrafficPolicyField, part: &mut TrafficPart, faults: &mut Faults<'_>) {
    match field {
        BackendTrafficPolicyField::Timeout(said) => lower_timeout(said, part, faults),
        // The resolver hands on none of the others.
        other => {
            let message = format!("`{}` is not translated", other.field());
            faults.add(&path![], message, "this is a fault of gwctl: please report it with the manifest");
        }
    }
}

/// Limits of time ([Timeout](https://gateway.envoyproxy.io/docs/api/extension_types/#timeout)); zero is none.
fn lower_timeout(said: &BackendTimeout, part: &mut TrafficPart, faults: &mut Faults<'_>) {
    let BackendTimeout { http, tcp } = said;
    let limit = |said: Option<crate::parser::api::Duration>| said.map(|said| said.0);
    let cluster = &mut Arc::make_mut(&mut part.cluster).settings;
    if let Some(TcpBackendTimeout { connect_timeout }) = tcp {
        if limit(*connect_timeout).is_some_and(|limit| limit.is_zero()) {
            let message = "no connection can be made in no time";
            faults.add(&path!["tcp", "connectTimeout"], message, "write a length of time above zero");
        }
        cluster.connections.timeout = limit(*connect_timeout);
    }
    let Some(http) = http else { return };
    let HttpBackendTimeout {
        connection_idle_timeout,
        max_connection_duration: _,
        max_stream_duration,
        request_timeout,
        stream_idle_timeout,
    } = http;
    part.timeouts.request = limit(*request_timeout);
    part.timeouts.idle = limit(*stream_idle_timeout);
    part.timeouts.stream = limit(*max_stream_duration)
        .map(|longest| crate::ir::StreamLimit { longest: Some(longest), ..Default::default() });
    cluster.connections.idle = limit(*connection_idle_timeout);
}

impl TrafficPart {
    /// Sets the name by which clusters tell that they are as this policy says.
    pub(super) fn called(&mut self, name: String) {
        if !self.cluster.settings.is_empty() {
            Arc::make_mut(&mut self.cluster).by = name;
        }
    }

    /// What a rule does where the policy counts. What the rule says itself goes before it.
    pub(super) fn over(&self, says: RuleSays, action: Arc<Action>, clusters: &mut Clusters<'_>) -> Arc<Action> {
        let mut change = |forward: &mut Forward| self.change(says, forward, clusters);
        Arc::new(change_forwards(Arc::unwrap_or_clone(action), &mut change))
    }

    fn change(&self, says: RuleSays, forward: &mut Forward, clusters: &mut Clusters<'_>) {
        let Timeouts { request, per_try, idle, stream } = self.timeouts;
        let is_limit = |limit: Option<Duration>| limit.filter(|limit| !limit.is_zero());
        if !says.request_timeout && request.is_some() {
            forward.timeouts.request = is_limit(request);
        }
        forward.timeouts.per_try = per_try.or(forward.timeouts.per_try);
        forward.timeouts.idle = idle.or(forward.timeouts.idle);
        forward.timeouts.stream = stream.or(forward.timeouts.stream);
        if self.cluster.settings.is_empty() {
            return;
        }
        for backend in &mut forward.backends {
            if let Target::Cluster(id) = &mut backend.target {
                *id = clusters.with_settings(*id, &self.cluster);
            }
        }
    }
}
