//! The servers that have the keys of tokens: Upstreams that options name, of whichever namespace
//! ([JWT](https://docs.solo.io/gateway/latest/security/jwt/)).

use std::collections::HashMap;

use crate::diagnostics::{Diagnostics, ObjectPart, codes};
use crate::name::NamespacedName;
use crate::parser::api::{
    GlooResourceRef, OptionKeys, OptionRemoteKeys, OptionStagedTokens, OptionTokens, RouteOption, VirtualHostOption,
};
use crate::parser::manifests::{Kind, ObjectHead};
use crate::path;

use super::backend::{BackendIndex, BackendRefOutcome};
use super::effective::Effective;
use super::listener_options::OptionsOfListeners;
use super::reference_grant::Grants;
use super::route::Routes;
use super::upstream_reference::resolve_upstream;

/// Whose keys a server has: the kind and the name of the policy, the stage, and the provider.
type KeyPlace<'m> = (Kind, NamespacedName<'m>, Option<&'static str>, &'m str);

/// What became of the server that each provider of tokens names.
#[derive(Debug, Default)]
pub struct KeyServers<'m>(HashMap<KeyPlace<'m>, BackendRefOutcome>);

impl KeyServers<'_> {
    /// What became of the server of a provider; `None` where it names none.
    pub fn of(&self, source: &ObjectHead, stage: Option<&'static str>, provider: &str) -> Option<BackendRefOutcome> {
        self.0.get(&(source.kind, source.metadata.sort_key(), stage, provider)).copied()
    }
}

/// Looks up the servers of the options that count somewhere, and of the RouteOptions that no rule has.
pub(super) fn resolve_key_servers<'m>(
    (routes, idle): (&Routes<'m>, &[Effective<'m, RouteOption>]),
    hosts: &OptionsOfListeners<'m, VirtualHostOption>,
    backends: &mut BackendIndex<'m>,
    diagnostics: &mut Diagnostics,
) -> KeyServers<'m> {
    let mut lookup = Lookup { servers: KeyServers::default(), backends, diagnostics };
    let of_rules = routes.iter().flat_map(|route| &route.rules).flat_map(|rule| &rule.options.fields);
    for Effective { value, source } in of_rules.chain(idle) {
        if let RouteOption::JwtProvidersStaged(staged) = value {
            lookup.look_up_stages(source, value.field(), staged);
        }
    }
    for Effective { value, source } in hosts.sets().flat_map(|(_, set)| &set.fields) {
        match value {
            VirtualHostOption::Jwt(tokens) => lookup.look_up((source, value.field()), None, tokens),
            VirtualHostOption::JwtStaged(staged) => lookup.look_up_stages(source, value.field(), staged),
            _ => {}
        }
    }
    lookup.servers
}

struct Lookup<'l, 'm> {
    servers: KeyServers<'m>,
    backends: &'l mut BackendIndex<'m>,
    diagnostics: &'l mut Diagnostics,
}

impl<'m> Lookup<'_, 'm> {
    fn look_up_stages(&mut self, source: &'m ObjectHead, field: &'static str, staged: &'m OptionStagedTokens) {
        for (stage, tokens) in staged.stages() {
            if let Some(tokens) = tokens {
                self.look_up((source, field), Some(stage), tokens);
            }
        }
    }

    fn look_up(
        &mut self,
        (source, field): (&'m ObjectHead, &'static str),
        stage: Option<&'static str>,
        tokens: &'m OptionTokens,
    ) {
        for (name, provider) in &tokens.providers {
            let remote = provider.jwks.as_ref().and_then(|OptionKeys { local: _, remote }| remote.as_ref());
            // Who names none is told where the option is lowered.
            let Some(OptionRemoteKeys { upstream_ref: Some(reference), .. }) = remote else { continue };
            let key = (source.kind, source.metadata.sort_key(), stage, name.as_str());
            if self.servers.0.contains_key(&key) {
                continue;
            }
            let mut at = path!["spec", "options", field];
            if let Some(stage) = stage {
                at = at.with(stage);
            }
            let at = at.with("providers").with(name.to_owned()).with("jwks").with("remote").with("upstreamRef");
            let outcome = self.resolve(source, ObjectPart::Whole.at(&at), reference);
            self.servers.0.insert(key, outcome);
        }
    }

    fn resolve(
        &mut self,
        source: &ObjectHead,
        at: crate::diagnostics::PartPath,
        reference: &GlooResourceRef,
    ) -> BackendRefOutcome {
        const NONE_COUNTS: &str = "no token of this provider can be verified, so that none counts";
        if reference.namespace.is_empty() {
            let finding = source.finding(codes::UNUSABLE_OPTION, at, "`upstreamRef` names no namespace");
            let finding = finding.label("is missing").consequence(NONE_COUNTS);
            return Err(self.diagnostics.error(finding.help("write the name and the namespace of an Upstream")));
        }
        resolve_upstream(reference, (source, at), NONE_COUNTS, (self.backends, &Grants::all()), self.diagnostics)
    }
}
