//! The servers that options name: who is asked whether a request may pass, who counts requests,
//! whom they are handed to, and who has the keys of tokens.

use std::collections::BTreeSet;

use super::{Builder, key};
use crate::diagnostics::Severity;
use crate::graph::Link;
use crate::parser::api::{
    GlooResourceRef, HttpListenerOption, OptionKeys, OptionRemoteKeys, OptionTokens, RouteOption, VirtualHostOption,
};
use crate::parser::manifests::{Kind, ObjectHead};
use crate::resolver::{BackendRefOutcome, Effective, server_of_host, server_of_listener, server_of_rule};

impl<'m> Builder<'_, 'm> {
    /// The servers of the options that count somewhere.
    pub(super) fn add_servers(&mut self) {
        let resolved = self.resolved;
        for Effective { value, source } in resolved.http_listener_options.sets().flat_map(|(_, set)| &set.fields) {
            let reference = match value {
                HttpListenerOption::Extauth(said) => said.extauthz_server_ref.as_ref(),
                HttpListenerOption::RatelimitServer(said) => said.ratelimit_server_ref.as_ref(),
                other => server_of_listener(other),
            };
            let outcome = resolved.auth_servers.get(&(source.metadata.sort_key(), value.field()));
            if let Some((reference, outcome)) = reference.zip(outcome) {
                self.link_server(source, value.field(), reference, *outcome);
            }
        }
        for Effective { value, source } in resolved.virtual_host_options.sets().flat_map(|(_, set)| &set.fields) {
            match value {
                VirtualHostOption::Jwt(tokens) => self.link_key_servers(source, value.field(), None, tokens),
                VirtualHostOption::JwtStaged(staged) => {
                    for (stage, tokens) in staged.stages() {
                        tokens
                            .into_iter()
                            .for_each(|one| self.link_key_servers(source, value.field(), Some(stage), one));
                    }
                }
                other => self.link_processor_server(source, value.field(), server_of_host(other)),
            }
        }
        let of_rules = resolved.routes.iter().flat_map(|route| &route.rules).flat_map(|rule| &rule.options.fields);
        for Effective { value, source } in of_rules {
            self.link_processor_server(source, value.field(), server_of_rule(value));
            let RouteOption::JwtProvidersStaged(staged) = value else { continue };
            for (stage, tokens) in staged.stages() {
                tokens.into_iter().for_each(|one| self.link_key_servers(source, value.field(), Some(stage), one));
            }
        }
    }

    fn link_processor_server(
        &mut self,
        source: &'m ObjectHead,
        field: &'static str,
        reference: Option<&GlooResourceRef>,
    ) {
        let outcome = self.resolved.processor_servers.of(&source.key(), field);
        if let Some((reference, outcome)) = reference.zip(outcome) {
            self.link_server(source, field, reference, outcome);
        }
    }

    fn link_key_servers(
        &mut self,
        source: &'m ObjectHead,
        field: &'static str,
        stage: Option<&'static str>,
        tokens: &OptionTokens,
    ) {
        let mut seen = BTreeSet::new();
        for (name, provider) in &tokens.providers {
            let remote = provider.jwks.as_ref().and_then(|OptionKeys { local: _, remote }| remote.as_ref());
            let Some(OptionRemoteKeys { upstream_ref: Some(reference), .. }) = remote else { continue };
            let Some(outcome) = self.resolved.key_servers.of(source, stage, name) else { continue };
            if seen.insert((&reference.namespace, &reference.name)) {
                self.link_server(source, field, reference, outcome);
            }
        }
    }

    /// An option's edge to a server, once for each of its fields.
    fn link_server(
        &mut self,
        source: &'m ObjectHead,
        field: &'static str,
        reference: &GlooResourceRef,
        outcome: BackendRefOutcome,
    ) {
        if reference.namespace.is_empty() || reference.name.is_empty() {
            return;
        }
        let from = self.object(&source.key());
        let to = self.object(&key(Kind::Upstream, &reference.namespace, &reference.name));
        let link = Link::Filter(field);
        if self.graph.edges.iter().any(|edge| (edge.from, edge.to, edge.link) == (from, to, link)) {
            return;
        }
        let broken = outcome.is_err().then(|| {
            let codes = self.found(&source.key(), |_| true);
            codes.into_iter().filter(|code| code.severity() == Severity::Error).collect()
        });
        self.link(from, to, link, broken);
        if let Ok(id) = outcome {
            self.add_endpoints(id, to);
        }
    }
}
