//! Headers that backends get what tokens say in. Rules are chosen before anybody looks at tokens: one that is chosen by such a
//! header would be chosen by what clients write into it, so that it serves nobody.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use crate::diagnostics::{Diagnostics, ObjectPart, codes};
use crate::http::HeaderName;
use crate::ir::{Existing, HeaderMutation, HttpSettings};
use crate::options::EnvoyVersion;
use crate::parser::api::{HeaderMatch, OptionClaimHeader, OptionTokens, RouteOption, VirtualHostOption};
use crate::parser::manifests::ObjectHead;
use crate::parser::route::Matches;
use crate::path;
use crate::resolver::{Effective, ListenerId, Resolved};

use super::super::rule::LoweredRule;
use super::super::socket::Socket;
use super::asked::sharing;
use super::tokens::can_be_told;

/// The headers, in lower case, each with an option that says so.
pub(in crate::translator::lower) type ToldHeaders<'m> = BTreeMap<HeaderName, (&'m ObjectHead, &'static str)>;

/// The headers of listeners that share their connections.
pub(in crate::translator::lower) fn told_headers<'m>(resolved: &Resolved<'m>, ids: &[ListenerId]) -> ToldHeaders<'m> {
    let mut told = ToldHeaders::new();
    for id in ids {
        let host = resolved.virtual_host_options.of(*id).map(|set| &resolved.virtual_host_options.get(set).fields);
        for Effective { value, source } in host.into_iter().flatten() {
            match value {
                VirtualHostOption::Jwt(tokens) => add(&mut told, (source, value.field()), [Some(tokens)]),
                VirtualHostOption::JwtStaged(staged) => {
                    add(&mut told, (source, value.field()), staged.stages().map(|(_, tokens)| tokens))
                }
                _ => {}
            }
        }
        let rules = resolved.listener(*id).attached.iter().flat_map(|route| &resolved.routes.get(*route).rules);
        for Effective { value, source } in rules.flat_map(|rule| &rule.options.fields) {
            if let RouteOption::JwtProvidersStaged(staged) = value {
                add(&mut told, (source, value.field()), staged.stages().map(|(_, tokens)| tokens));
            }
        }
    }
    told
}

fn add<'m>(
    told: &mut ToldHeaders<'m>,
    place: (&'m ObjectHead, &'static str),
    tokens: impl IntoIterator<Item = Option<&'m OptionTokens>>,
) {
    for provider in tokens.into_iter().flatten().flat_map(|tokens| tokens.providers.values()) {
        let headers = provider.claims_to_headers.iter().map(|OptionClaimHeader { header, .. }| header);
        for header in headers.filter(|header| can_be_told(provider, header)) {
            told.entry(header.lower()).or_insert(place);
        }
    }
}

/// The settings of connections on which no request keeps what its client wrote where tokens are told. From 1.40 on the filter
/// that looks at tokens sees to it; before, it leaves the headers of requests whose token it does not need, and they are taken
/// away when a request comes in.
pub(in crate::translator::lower) fn without_forged(
    settings: Arc<HttpSettings>,
    told: &ToldHeaders<'_>,
    release: EnvoyVersion,
) -> Arc<HttpSettings> {
    const SEEN_TO: EnvoyVersion = EnvoyVersion(40);
    if told.is_empty() || release >= SEEN_TO {
        return settings;
    }
    let mut settings = Arc::unwrap_or_clone(settings);
    let early = &mut settings.early_headers.0;
    early.retain(|mutation| !told.contains_key(&mutation.name));
    early.extend(told.keys().map(|name| HeaderMutation {
        name: name.to_owned(),
        existing: Existing::Removed,
        added: Vec::new(),
    }));
    Arc::new(settings)
}

/// Whether a rule is chosen by what clients write where tokens are told.
pub(in crate::translator::lower) fn is_chosen_by(told: &ToldHeaders<'_>, rule: &LoweredRule) -> bool {
    let mut headers = rule.matches.iter().flat_map(|lowered| &lowered.matches.headers);
    !told.is_empty() && headers.any(|header| told.contains_key(&header.name))
}

/// Says which rules are.
pub(in crate::translator::lower) fn report(resolved: &Resolved<'_>, sockets: &[Socket], diagnostics: &mut Diagnostics) {
    let mut seen = HashSet::new();
    for (_, ids) in sockets {
        for id in ids {
            let sharing = sharing(resolved, id, ids);
            // They were looked at with the first of them.
            if Some(id) != sharing.first() {
                continue;
            }
            let told = told_headers(resolved, sharing);
            let attached = sharing.iter().flat_map(|id| &resolved.listener(*id).attached);
            for route in attached.filter(|_| !told.is_empty()).filter(|route| seen.insert(**route)) {
                report_route(resolved.routes.get(*route), &told, diagnostics);
            }
        }
    }
}

fn report_route(route: &crate::resolver::ResolvedRoute<'_>, told: &ToldHeaders<'_>, diagnostics: &mut Diagnostics) {
    for (rule, resolved) in route.rules.iter().enumerate() {
        let lists: Vec<&[HeaderMatch]> = match resolved.matches {
            Matches::Http(matches) => matches.iter().map(|one| one.headers.as_slice()).collect(),
            Matches::Grpc(matches) => matches.iter().map(|one| one.headers.as_slice()).collect(),
            Matches::Everything => Vec::new(),
        };
        for (index, headers) in lists.into_iter().enumerate() {
            for (position, header) in headers.iter().enumerate() {
                let Some((source, field)) = told.get(&header.name.lower()) else { continue };
                let at = ObjectPart::Match { rule, index }.with("headers").with(position).with("name");
                let message = format!("the rule is chosen by `{}`, which tokens are told in later", header.name);
                let finding = route.object().finding(codes::UNUSABLE_OPTION, at, message);
                let place = source.at(&path!["spec", "options", *field]);
                diagnostics.report(
                    finding
                        .label("clients write what they like into it")
                        .related(place, "what tells backends of tokens")
                        .consequence("all requests of this rule get 500")
                        .help("let `rbac` say whose tokens pass, or choose the rule by something else"),
                );
            }
        }
    }
}
