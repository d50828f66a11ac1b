//! `extProc` and its kin: servers that requests and responses are handed to.
//!
//! An HttpListenerOption says which servers, and what they get; they get it of all requests of the listener that a rule
//! takes. A VirtualHostOption or a RouteOption may say that one gets nothing, or something else; what a rule says goes
//! before what its listener says, field by field. Where a server cannot be asked, no request passes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::diagnostics::FieldPath;
use crate::ir::{
    Action, ChangeRules, HttpFilters, OriginText, ProcessorOverrides, ProcessorPlace, ProcessorServer,
    ProcessorSettings, ProcessorStage, RequestProcessor, ToldMetadata,
};
use crate::parser::api::{
    GlooEnum, GoDuration, HttpListenerOption, OptionFilterStage, OptionForwardRules, OptionHeaderNames,
    OptionMutationRules, OptionProcessor, OptionTextPattern,
};
use crate::path;
use crate::resolver::{BackendRefOutcome, Effective, ListenerOptionsId, Resolved};

use super::super::cluster::{Clusters, RouteProtocol, Sent};
use super::faults::Faults;
use super::guards::lower_text;
use super::http_filters::change_filters;
use super::part::Place;
use super::processor_said::{NamedServer, Processing, ProcessingSaid, lower_mode, stage_of};
use super::processor_told::{lower_attributes, lower_authority, lower_greeting, lower_logged};

/// The longest that Envoy lets a server take for an answer, and what it takes where nothing is said.
pub(in crate::translator::lower) const LONGEST: Duration = Duration::from_secs(3600);
const TIMEOUT: Duration = Duration::from_millis(200);

/// A server that a listener has.
#[derive(Clone, Debug)]
pub(in crate::translator::lower) struct ProcessorOption {
    stage: ProcessorStage,
    place: ProcessorPlace,
    settings: Arc<ProcessorSettings>,
    backend: BackendRefOutcome,
}

/// The servers, by what applies to a listener.
pub(in crate::translator::lower) type Processors = HashMap<ListenerOptionsId, Vec<ProcessorOption>>;

/// The server that an option names.
pub(super) fn said_by(option: &HttpListenerOption) -> Option<&OptionProcessor> {
    match option {
        HttpListenerOption::ExtProc(said)
        | HttpListenerOption::ExtProcEarly(said)
        | HttpListenerOption::ExtProcLate(said) => Some(said),
        _ => None,
    }
}

/// The servers that listeners have.
pub(in crate::translator::lower) fn servers(resolved: &Resolved<'_>) -> Processors {
    let mut servers = Processors::new();
    for (id, set) in resolved.http_listener_options.sets() {
        for Effective { value, source } in &set.fields {
            let (Some(said), field) = (said_by(value), value.field()) else { continue };
            let backend = resolved.auth_servers.get(&(source.metadata.sort_key(), field));
            let read = read(said, &mut Faults::new(Place { source, field }));
            if let (Some(backend), Some((place, settings))) = (backend, read) {
                let server =
                    ProcessorOption { stage: stage_of(field), place, settings: Arc::new(settings), backend: *backend };
                servers.entry(id).or_default().push(server);
            }
        }
    }
    servers
}

/// What is asked on a listener.
#[derive(Clone, Copy)]
pub(in crate::translator::lower) struct ProcessorsOnListener<'h> {
    /// What a VirtualHostOption says.
    pub(in crate::translator::lower) host: Option<&'h ProcessingSaid>,
    pub(in crate::translator::lower) servers: &'h [ProcessorOption],
}

/// What a rule does where servers get its requests. `failure` is the status of a rule that fails.
pub(in crate::translator::lower) fn lay_under(
    on: ProcessorsOnListener<'_>,
    (own, failure): (&ProcessingSaid, u16),
    action: Arc<Action>,
    clusters: &mut Clusters<'_>,
) -> Arc<Action> {
    let nothing = ProcessingSaid::default();
    let host = on.host.unwrap_or(&nothing);
    let closed = || Arc::new(Action::Respond(failure));
    let is_there = |stage: ProcessorStage| on.servers.iter().any(|server| server.stage == stage);
    let of_host = host.asked().filter(|stage| own.of(*stage).is_none());
    if own.asked().chain(of_host).any(|stage| !is_there(stage)) {
        return closed();
    }
    let mut processors = Vec::new();
    for ProcessorOption { stage, place, settings, backend } in on.servers {
        let Some((mut overrides, named)) = overrides(own.of(*stage), host.of(*stage)) else { continue };
        let cluster = backend.ok().and_then(|id| clusters.intern(id, Sent::once(RouteProtocol::Grpc), None));
        let Some(cluster) = cluster else { return closed() };
        if let Some(named) = named {
            let NamedServer { object, field, authority, greeting } = named;
            let server = clusters.processor_server(object, field);
            let server = server.and_then(|id| clusters.intern(id, Sent::once(RouteProtocol::Grpc), None));
            let Some(cluster) = server else { return closed() };
            let (authority, greeting) = (authority.as_ref().map(String::to_owned), greeting.to_vec());
            overrides.server = Some(ProcessorServer { cluster, authority, greeting });
        }
        processors.push(RequestProcessor {
            stage: *stage,
            part: None,
            place: *place,
            cluster,
            settings: Arc::clone(settings),
            overrides,
        });
    }
    if processors.is_empty() {
        return action;
    }
    processors.sort_by_key(|processor| (processor.place, processor.stage));
    let mut hand_on = |filters: &mut HttpFilters| filters.guards.processors.clone_from(&processors);
    Arc::new(change_filters(Arc::unwrap_or_clone(action), true, &mut hand_on))
}

/// What a rule and its listener say of a server; `None` where it gets nothing.
fn overrides<'p>(
    own: Option<&'p Processing>,
    host: Option<&'p Processing>,
) -> Option<(ProcessorOverrides, Option<&'p NamedServer>)> {
    let of_host = match host {
        Some(Processing::On(said)) => Some(said),
        Some(Processing::Off) | None => None,
    };
    let own = match own {
        Some(Processing::Off) => return None,
        None if matches!(host, Some(Processing::Off)) => return None,
        Some(Processing::On(said)) => Some(said),
        None => None,
    };
    let said = || own.into_iter().chain(of_host);
    let list = |pick: fn(&ToldMetadata) -> &Vec<String>| {
        said()
            .map(|said| pick(&said.changes.told))
            .find(|list| !list.is_empty())
            .map(|list| list.to_vec())
            .unwrap_or_default()
    };
    let changes = ProcessorOverrides {
        parts: said().find_map(|said| said.changes.parts),
        told: ToldMetadata { fields: list(|told| &told.fields), messages: list(|told| &told.messages) },
        server: None,
    };
    Some((changes, said().find_map(|said| said.server.as_ref())))
}

/// Says what of a server cannot be honoured.
pub(super) fn check_server(said: &OptionProcessor, faults: &mut Faults<'_>) {
    if said.grpc_service.as_ref().is_none_or(|service| service.ext_proc_server_ref.is_none()) {
        let help = "name an Upstream in `extProcServerRef`";
        faults.add(&path!["grpcService"], "no server is named that could be asked", help);
    }
    // Of what is only checked nothing is kept.
    let _ = read(said, faults);
}

fn read(said: &OptionProcessor, faults: &mut Faults<'_>) -> Option<(ProcessorPlace, ProcessorSettings)> {
    let OptionProcessor {
        allow_mode_override,
        disable_clear_route_cache,
        failure_mode_allow,
        filter_stage,
        forward_rules,
        grpc_service,
        max_message_timeout,
        message_timeout,
        metadata_context_namespaces,
        mutation_rules,
        processing_mode,
        stat_prefix,
        typed_metadata_context_namespaces,
        filter_metadata,
        request_attributes,
        response_attributes,
        // The resolver hands on no server with this.
        async_mode: _,
    } = said;
    let known = faults.count();
    let place = lower_stage(filter_stage.as_ref(), faults);
    let (service, at_service) = (grpc_service.as_ref(), path!["grpcService"]);
    let authority = lower_authority(service, &at_service, faults);
    if !stat_prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) {
        let help = "write letters, digits, `-`, `_` and `.`";
        faults.add(&path!["statPrefix"], "no statistic has this name", help);
    }
    let (timeout, longest) = lower_times(*message_timeout, *max_message_timeout, faults);
    let mode = processing_mode.as_ref().map(|mode| lower_mode(mode, &path!["processingMode"], faults));
    let seen = forward_rules.as_ref().and_then(|OptionForwardRules { allowed_headers, .. }| allowed_headers.as_ref());
    let unseen =
        forward_rules.as_ref().and_then(|OptionForwardRules { disallowed_headers, .. }| disallowed_headers.as_ref());
    let settings = ProcessorSettings {
        authority,
        lets_pass: *failure_mode_allow,
        failure: None,
        parts: mode.unwrap_or_default(),
        timeout,
        longest,
        counted_as: stat_prefix.to_owned(),
        keeps_route: *disable_clear_route_cache,
        chooses_parts: *allow_mode_override,
        seen: lower_names(seen, "allowedHeaders", faults),
        unseen: lower_names(unseen, "disallowedHeaders", faults),
        changes: mutation_rules.as_ref().map(|rules| lower_changes(rules, faults)).unwrap_or_default(),
        told: ToldMetadata {
            fields: metadata_context_namespaces.to_vec(),
            messages: typed_metadata_context_namespaces.to_vec(),
        },
        attributes: lower_attributes(request_attributes, response_attributes, faults),
        greeting: lower_greeting(service, &at_service, faults),
        logged: lower_logged(filter_metadata, faults),
    };
    place.filter(|_| faults.count() == known).map(|place| (place, settings))
}

/// Behind what a server is asked: where Gloo Gateway has the filter, among those that are here.
fn lower_stage(said: Option<&OptionFilterStage>, faults: &mut Faults<'_>) -> Option<ProcessorPlace> {
    let at = path!["filterStage"];
    let help = "write `filterStage: {stage: AuthZStage, predicate: After}`, or another stage from `WafStage` on";
    let Some(OptionFilterStage { predicate, stage }) = said else {
        faults.add(&at, "it is not said behind what the server is asked", help);
        return None;
    };
    let word = |said: &'_ Option<GlooEnum>| said.as_ref().map(|GlooEnum(word)| word.to_owned()).unwrap_or_default();
    let (stage, predicate) = (word(stage), word(predicate));
    let (before, is_after) = match predicate.as_str() {
        "" | "0" | "During" => (false, false),
        "1" | "Before" => (true, false),
        "2" | "After" => (false, true),
        _ => {
            let message = format!("`{predicate}` is no part of a stage");
            faults.add(&at.with("predicate"), message, "write `Before`, `During` or `After`");
            return None;
        }
    };
    Some(match stage.as_str() {
        "1" | "CorsStage" if is_after => ProcessorPlace::BeforeAuthorization,
        "2" | "WafStage" => ProcessorPlace::BeforeAuthorization,
        "3" | "AuthNStage" if before => ProcessorPlace::BeforeAuthorization,
        "3" | "AuthNStage" | "4" | "AuthZStage" => ProcessorPlace::BehindAuthorization,
        "5" | "RateLimitStage" if before => ProcessorPlace::BehindAuthorization,
        "5" | "RateLimitStage" | "6" | "AcceptedStage" | "7" | "OutAuthStage" => ProcessorPlace::Last,
        "8" | "RouteStage" if before => ProcessorPlace::Last,
        "" | "0" | "FaultStage" | "1" | "CorsStage" => {
            faults.add(&at, "no server is asked before preflights are answered", help);
            return None;
        }
        "8" | "RouteStage" => {
            faults.add(&at, "no server is asked behind what sends requests to backends", help);
            return None;
        }
        other => {
            faults.add(&at.with("stage"), format!("`{other}` is no stage"), help);
            return None;
        }
    })
}

fn lower_times(
    timeout: Option<GoDuration>,
    longest: Option<GoDuration>,
    faults: &mut Faults<'_>,
) -> (Option<Duration>, Option<Duration>) {
    let help = "write a length of time above zero, and up to `3600s`";
    let [timeout, longest] = [timeout, longest].map(|time| time.map(|GoDuration(time)| time));
    if timeout.is_some_and(|time| time.is_zero() || time > LONGEST) {
        faults.add(&path!["messageTimeout"], "no server has so long for an answer", help);
    }
    let longest = longest.filter(|longest| !longest.is_zero());
    if longest.is_some_and(|longest| longest > LONGEST || longest < timeout.unwrap_or(TIMEOUT)) {
        let message = "a server could not ask for so long: it is less than what it has, or more than there is";
        faults.add(&path!["maxMessageTimeout"], message, "write at least `messageTimeout`, and up to `3600s`");
    }
    (timeout, longest)
}

fn lower_names(said: Option<&OptionHeaderNames>, field: &'static str, faults: &mut Faults<'_>) -> Vec<OriginText> {
    let Some(OptionHeaderNames { patterns }) = said else { return Vec::new() };
    let at = path!["forwardRules", field, "patterns"];
    if patterns.is_empty() {
        faults.add(&at, "no header is named", "add an entry, or remove the list");
    }
    patterns.iter().enumerate().map(|(index, text)| lower_text((&at.with(index), "the header"), text, faults)).collect()
}

fn lower_changes(said: &OptionMutationRules, faults: &mut Faults<'_>) -> ChangeRules {
    let OptionMutationRules {
        allow_all_routing,
        allow_envoy,
        allow_expression,
        disallow_all,
        disallow_expression,
        disallow_is_error,
        disallow_system,
    } = said;
    let mut expression = |at: FieldPath, said: &Option<OptionTextPattern>| {
        let regex = said.as_ref().map(|OptionTextPattern { google_re2: _, regex }| regex)?;
        faults.expression(&at.with("regex"), regex);
        Some(regex.to_owned())
    };
    ChangeRules {
        routing: *allow_all_routing,
        proxy: *allow_envoy,
        allowed: expression(path!["mutationRules", "allowExpression"], allow_expression),
        nothing: *disallow_all,
        disallowed: expression(path!["mutationRules", "disallowExpression"], disallow_expression),
        is_error: *disallow_is_error,
        keeps_pseudo: *disallow_system,
    }
}
