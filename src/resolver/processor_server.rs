//! The servers that rules and listeners name in the place of those that requests are handed to otherwise: Upstreams of
//! whichever namespace.

use std::collections::HashMap;

use crate::diagnostics::Diagnostics;
use crate::parser::api::{GlooResourceRef, HttpListenerOption, OptionProcessing, RouteOption, VirtualHostOption};
use crate::parser::manifests::{ObjectHead, ObjectKey};
use crate::path;

use super::auth_server::look_up;
use super::backend::{BackendIndex, BackendRefOutcome};
use super::effective::Effective;
use super::listener_options::OptionsOfListeners;
use super::route::Routes;

/// What became of the server that each option names, by its object and its field.
#[derive(Debug, Default)]
pub struct ProcessorServers(HashMap<(ObjectKey, &'static str), BackendRefOutcome>);

impl ProcessorServers {
    /// What became of the server that an option of an object names; `None` where it names none.
    pub fn of(&self, object: &ObjectKey, field: &'static str) -> Option<BackendRefOutcome> {
        self.0.get(&(object.to_owned(), field)).copied()
    }
}

/// The server that an HttpListenerOption names for all requests.
pub fn server_of_listener(option: &HttpListenerOption) -> Option<&GlooResourceRef> {
    match option {
        HttpListenerOption::ExtProc(said)
        | HttpListenerOption::ExtProcEarly(said)
        | HttpListenerOption::ExtProcLate(said) => said.grpc_service.as_ref()?.ext_proc_server_ref.as_ref(),
        _ => None,
    }
}

/// The server that a VirtualHostOption names in the place of that.
pub fn server_of_host(option: &VirtualHostOption) -> Option<&GlooResourceRef> {
    match option {
        VirtualHostOption::ExtProc(said)
        | VirtualHostOption::ExtProcEarly(said)
        | VirtualHostOption::ExtProcLate(said) => server_of(said),
        _ => None,
    }
}

/// The server that a RouteOption names in the place of that.
pub fn server_of_rule(option: &RouteOption) -> Option<&GlooResourceRef> {
    match option {
        RouteOption::ExtProc(said) | RouteOption::ExtProcEarly(said) | RouteOption::ExtProcLate(said) => {
            server_of(said)
        }
        _ => None,
    }
}

fn server_of(said: &OptionProcessing) -> Option<&GlooResourceRef> {
    said.overrides.as_ref()?.grpc_service.as_ref()?.ext_proc_server_ref.as_ref()
}

/// Looks up the servers of the options that count somewhere, and of the RouteOptions that no rule has.
pub(super) fn resolve_processor_servers<'m>(
    (routes, idle): (&Routes<'m>, &[Effective<'m, RouteOption>]),
    hosts: &OptionsOfListeners<'m, VirtualHostOption>,
    backends: &mut BackendIndex<'m>,
    diagnostics: &mut Diagnostics,
) -> ProcessorServers {
    let of_rules = routes.iter().flat_map(|route| &route.rules).flat_map(|rule| &rule.options.fields);
    let of_rules = of_rules.chain(idle);
    let of_rules =
        of_rules.filter_map(|Effective { value, source }| Some((*source, value.field(), server_of_rule(value)?)));
    let of_hosts = hosts.sets().flat_map(|(_, set)| &set.fields);
    let of_hosts =
        of_hosts.filter_map(|Effective { value, source }| Some((*source, value.field(), server_of_host(value)?)));
    let named: Vec<(&ObjectHead, &'static str, &GlooResourceRef)> = of_rules.chain(of_hosts).collect();
    let mut servers = ProcessorServers::default();
    for (source, field, reference) in named {
        let place = (source, path![field, "overrides", "grpcService", "extProcServerRef"], "extProcServerRef");
        let entry = servers.0.entry((source.key(), field));
        entry.or_insert_with(|| look_up(place, reference, backends, diagnostics));
    }
    servers
}
