//! The options of policies: what each says, as parts of a rule.
//!
//! Input: the options that count at a rule, all of them translated ones ([`crate::resolver::RuleOptions`]). Output: the
//! rule's filters and limits with what they say. An option that says something that cannot be honoured is reported
//! once, on the policy, and every rule that it applies to answers with an error.
//!
//! Gloo Gateway runs options between the filters of a rule: they hide its header modifiers and mirrors, and its
//! URLRewrite is laid over theirs. Its limits are the rule's own affair there, so they count before those of options.

mod access;
pub(super) mod asked;
pub(super) mod auth_server;
pub(super) mod auth_switch;
mod compression;
mod cors;
pub(super) mod ext_auth;
pub(super) mod fault;
pub(super) mod faults;
mod guards;
pub(super) mod hash;
pub(super) mod headers;
pub(super) mod host;
pub(super) mod http;
mod http_filters;
mod idle_priorities;
mod internal;
mod limit_metadata;
mod limit_server;
pub(super) mod limit_told;
pub(super) mod limits;
mod log;
mod log_collector;
mod log_filter;
mod log_format;
mod log_text;
pub(super) mod metadata;
pub(super) mod part;
pub(super) mod processor_said;
pub(super) mod processor_told;
pub(super) mod processors;
pub(super) mod rates;
mod report;
mod retries;
mod shadowing;
pub(super) mod socket;
mod stateful_session;
mod stats;
mod substitution;
pub(super) mod tokens;
pub(super) mod told_header;
pub(super) mod tracing;
mod transcoder;
pub(super) mod unmade_spans;
mod upgrades;

use crate::diagnostics::{Diagnostics, Finding, ObjectPart, Reported, codes};
use crate::http::HeaderName;
use crate::ir::{HostRewrite, PathRewrite, StreamLimit};
use crate::parser::api::{GoDuration, HeaderManipulation, OptionStreamLimit, RouteOption};
use crate::parser::route::Filter;
use crate::path;
use crate::resolver::{Effective, Resolved, ResolvedRule};

use super::filter::{Filters, ListPlace};
use super::forward::RulePolicy;
use super::path::{bad_path_char, path_help};
use super::rule::RouteLowering;
use super::scope::Scope;
use faults::Wrong;
use headers::HeaderSecrets;
use part::{Part, Place, StagedTokens};
use report::IdleOption;
use tokens::KeyServersOf;

impl RouteLowering<'_, '_> {
    /// What the options of a rule say, each with its policy.
    pub(super) fn lower_options<'r>(
        &mut self,
        rule: &ResolvedRule<'r>,
    ) -> Result<Vec<(Part, Effective<'r, RouteOption>)>, Reported> {
        let mut failed = rule.options.failed;
        let mut parts = Vec::with_capacity(rule.options.fields.len());
        for option in &rule.options.fields {
            let (namespace, name) = option.source.metadata.sort_key();
            let key = (namespace.to_owned(), name.to_owned(), option.value.field());
            let (secrets, shown) = (self.clusters.header_secrets(), self.shown());
            // Of a route that is attached nowhere it says nothing to others.
            let is_kept = shown.is_some() || self.shared.options.contains_key(&key);
            let mut lower = || {
                let clusters = shown.is_some().then_some(&mut *self.clusters);
                let servers = KeyServersOf { clusters, certificate: shown.flatten() };
                lower_option(*option, secrets, servers, self.diagnostics)
            };
            let part = if is_kept { self.shared.options.entry(key).or_insert_with(lower).clone() } else { lower() };
            match part {
                Ok(part) => parts.push((part, *option)),
                Err(proof) => failed = failed.or(Some(proof)),
            }
        }
        failed.map_or(Ok(parts), Err)
    }

    /// Lays options over the filters and limits of a rule, as Gloo Gateway does.
    pub(super) fn apply_options<'f>(
        &mut self,
        list: ListPlace<'_>,
        rule: &ResolvedRule<'f>,
        parts: Vec<(Part, Effective<'_, RouteOption>)>,
        filters: &mut Filters<'f>,
        policy: &mut RulePolicy,
    ) -> Result<(), Reported> {
        for (part, option) in parts {
            match part {
                Part::Nothing | Part::Rate(_) if filters.redirect.is_some() && limit_told::is_limit(option.value) => {
                    return Err(self.report_not_of_redirect(option, "limits"));
                }
                Part::Nothing => {}
                Part::Timeout(_) if rule.timeouts.is_some() => self.report_over(list, "timeouts", option),
                Part::Timeout(limit) => policy.timeouts.request = limit,
                Part::Retry(..) if rule.retry.is_some() => self.report_over(list, "retry", option),
                Part::Retry(retry, per_try) => {
                    if retry.leaves_priority_after.is_some() {
                        self.report_idle_priorities(list, rule, option);
                    }
                    policy.retry = Some(retry);
                    policy.timeouts.per_try = per_try.or(policy.timeouts.per_try);
                }
                Part::Headers(request, response) => {
                    self.report_hidden_filters(list, rule, option);
                    filters.replace_headers(request, response);
                }
                Part::Cors(_) if filters.cors.is_some() => self.report_over(list, "filters", option),
                Part::Cors(cors) => filters.cors = cors,
                // What Envoy can replace in one way only: by a prefix, or by an expression.
                Part::Path(_) if filters.path_rewrite.is_some() && !has_rewrite(rule) => {
                    return Err(self.report_two_rewrites(option));
                }
                Part::Path(_) if filters.path_rewrite.is_some() => self.report_over(list, "filters", option),
                Part::Path(rewrite) => filters.path_rewrite = Some(rewrite),
                Part::Host(_) if filters.host_rewrite.is_some() => self.report_over(list, "filters", option),
                Part::Host(host) => filters.host_rewrite = Some(host),
                Part::TellHost => policy.tells_host = true,
                Part::Idle(limit) => policy.timeouts.idle = limit,
                Part::Stream(limit) => policy.timeouts.stream = Some(limit),
                Part::Hash(parts) => {
                    self.report_idle_hash(list, rule, option);
                    policy.hash = parts;
                }
                Part::Fault(_) if filters.redirect.is_some() => {
                    return Err(self.report_not_of_redirect(option, "faults"));
                }
                Part::Metadata(_) if filters.redirect.is_some() => {
                    return Err(self.report_not_of_redirect(option, "metadata"));
                }
                Part::Metadata(metadata) => policy.metadata = metadata,
                Part::Tracing(_) if filters.redirect.is_some() => {
                    return Err(self.report_not_of_redirect(option, "spans"));
                }
                Part::Tracing(said) => policy.tracing = Some(said),
                Part::Copies(share, host) => self.apply_copies(list, rule, (share, host), option, filters),
                Part::Upgrades(upgrades) => {
                    self.report_idle_upgrades(list, rule, (upgrades, option), filters);
                    policy.upgrades = upgrades;
                }
                Part::Fault(fault) => policy.fault = Some(fault),
                Part::Rate(_) if policy.guards.early_rate.is_some() => {
                    let place = Place { source: option.source, field: option.value.field() };
                    return Err(self.diagnostics.error(*limit_told::report_two_limits(place)));
                }
                Part::Rate(bucket) => policy.guards.early_rate = Some(rates::of_rule(bucket)),
                Part::Body(rule) => policy.guards.body = Some(rule),
                Part::Origins(rule) => policy.guards.origins = Some(rule),
                Part::Tokens(StagedTokens { early, late }) => {
                    (policy.guards.early_tokens, policy.guards.tokens) = (early, late);
                }
                Part::Access(rule) => policy.guards.access = Some(rule),
            }
        }
        // Who sees the host that was asked for is told nothing more.
        policy.tells_host &= filters.host_rewrite.is_some();
        Ok(())
    }

    fn report_two_rewrites(&mut self, Effective { value, source }: Effective<'_, RouteOption>) -> Reported {
        let place = Place { source, field: value.field() };
        let message = "a prefix and an expression cannot both rewrite the path of a rule";
        self.diagnostics.error(*place.refuse(&path![], message, "keep one of `prefixRewrite` and `regexRewrite`"))
    }

    fn report_not_of_redirect(
        &mut self,
        Effective { value, source }: Effective<'_, RouteOption>,
        what: &'static str,
    ) -> Reported {
        let place = Place { source, field: value.field() };
        let message = format!("{what} of a rule that redirects are not translated");
        let help = format!("let `{}` apply to rules with backends alone", value.field());
        self.diagnostics.error(*place.refuse(&path![], message, help))
    }

    /// Warns that no backend of a rule chooses its endpoints by a hash.
    fn report_idle_hash(&mut self, list: ListPlace<'_>, rule: &ResolvedRule<'_>, option: Effective<'_, RouteOption>) {
        let mut backends = rule.backends.iter().filter_map(|backend| backend.outcome.ok());
        if rule.backends.is_empty() || backends.any(|id| self.clusters.is_by_hash(id)) {
            return;
        }
        let idle = IdleOption {
            why: "no backend chooses its endpoints by a hash",
            consequence: "none: endpoints are chosen as without it",
            help: "refer to an Upstream with `ringHash` or `maglev` in its `loadBalancerConfig`",
        };
        self.report_idle_option(list.owner.with("backendRefs"), option, idle);
    }

    /// Warns that the rule says itself what an option says too.
    fn report_over(&mut self, list: ListPlace<'_>, field: &'static str, option: Effective<'_, RouteOption>) {
        let Effective { value, source } = option;
        let (kind, name, own) = (source.kind.name(), source.full_name(), value.field());
        let message = format!("the rule hides `{own}` of {kind} `{name}`");
        let finding = self.object.finding(codes::OPTION_MEETS_RULE, list.owner.with(field), message);
        self.diagnostics.report(
            finding
                .label("the rule's own counts")
                .related(source.at(&path!["spec", "options", own]), "the option that does not count here")
                .consequence(format!("requests of this rule are served by what the rule says; `{own}` changes nothing"))
                .help("keep one of the two"),
        );
    }

    /// Warns about header modifiers of the rule, which an option hides.
    fn report_hidden_filters(
        &mut self,
        list: ListPlace<'_>,
        rule: &ResolvedRule<'_>,
        option: Effective<'_, RouteOption>,
    ) {
        let is_modifier = |filter: &Filter<'_>| {
            matches!(filter, Filter::RequestHeaderModifier(_) | Filter::ResponseHeaderModifier(_))
        };
        let hidden = rule.filters.iter().enumerate().filter(|(_, own)| is_modifier(&own.filter));
        for (index, own) in hidden {
            let at = ObjectPart::Filter { rule: list.rule, backend: None, index }.with(own.filter.member());
            let consequence = "headers are changed as the option says, and not as the filter does";
            let help =
                format!("write the changes of the filter into `{}`, or the other way round", option.value.field());
            self.report_hidden_filter(at, option, consequence, &help);
        }
    }
}

/// Says what cannot be honoured of the options that no rule has.
pub(super) fn report_idle(resolved: &Resolved<'_>, diagnostics: &mut Diagnostics) {
    for option in &resolved.idle_options {
        let secrets = HeaderSecrets { index: &resolved.certificates, scope: Scope::Judged };
        let servers = KeyServersOf { clusters: None, certificate: None };
        // What is wrong with it has been told then.
        let _ = lower_option(*option, secrets, servers, diagnostics);
    }
}

/// What an option says.
fn lower_option(
    Effective { value, source }: Effective<'_, RouteOption>,
    secrets: HeaderSecrets<'_>,
    mut servers: KeyServersOf<'_, '_>,
    diagnostics: &mut Diagnostics,
) -> Result<Part, Reported> {
    let place = Place { source, field: value.field() };
    // The part is made of a copy: what it keeps of that is moved into it.
    let part = match value.clone() {
        RouteOption::BufferPerRoute(said) => guards::lower_body_rule(place, said),
        RouteOption::Csrf(said) => guards::lower_origin_rule(place, said),
        RouteOption::Extauth(said) => {
            auth_switch::check_switch(place, &said).map(|()| Part::Nothing).map_err(Wrong::from)
        }
        RouteOption::HeaderManipulation(said) => lower_header_option(place, said, secrets, diagnostics),
        RouteOption::Jwt(said) => Ok(tokens::lower_switch(said)),
        RouteOption::JwtProvidersStaged(said) => tokens::lower_staged(place, &said, &mut servers).map_err(Wrong::from),
        RouteOption::JwtStaged(said) => tokens::lower_switches(place, said).map_err(Wrong::from),
        RouteOption::Ratelimit(said) | RouteOption::RatelimitEarly(said) | RouteOption::RatelimitRegular(said) => {
            limit_told::lower(place, &said.limits).map_err(Wrong::from)
        }
        RouteOption::ExtProc(said) | RouteOption::ExtProcEarly(said) | RouteOption::ExtProcLate(said) => {
            processor_said::lower(place, &said).map_err(Wrong::from)
        }
        RouteOption::Rbac(said) => access::lower_access(place, &said).map_err(Wrong::from),
        RouteOption::Tracing(said) => tracing::lower_rule(place, said),
        other => lower_part(place, other).map_err(Wrong::from),
    };
    part.map_err(|wrong| wrong.report(diagnostics))
}

fn lower_header_option(
    place: Place<'_>,
    said: HeaderManipulation,
    secrets: HeaderSecrets<'_>,
    diagnostics: &mut Diagnostics,
) -> Result<Part, Wrong> {
    let (part, unread) = headers::lower(place, said, secrets)?;
    unread.into_iter().for_each(|finding| diagnostics.report(finding));
    Ok(part)
}

/// What an option says that has one mistake at most.
fn lower_part(place: Place<'_>, value: RouteOption) -> Result<Part, Box<Finding>> {
    match value {
        RouteOption::Timeout(GoDuration(limit)) => Ok(Part::Timeout(Some(limit).filter(|limit| !limit.is_zero()))),
        RouteOption::Retries(retries) => retries::lower(place, &retries),
        RouteOption::Cors(cors) => cors::lower(place, cors),
        RouteOption::PrefixRewrite(prefix) => lower_prefix(place, prefix),
        RouteOption::HostRewrite(host) => lower_host(place, host),
        RouteOption::AutoHostRewrite(is_set) => Ok(part_if(is_set, Part::Host(HostRewrite::Endpoint))),
        RouteOption::HostRewriteHeader(name) => lower_host_header(place, &name),
        RouteOption::HostRewritePathRegex(option) => {
            substitution::lower(place, option).map(|found| Part::Host(HostRewrite::Path(found)))
        }
        RouteOption::AppendXForwardedHost(is_set) => Ok(part_if(is_set, Part::TellHost)),
        RouteOption::RegexRewrite(option) => {
            substitution::lower(place, option).map(|found| Part::Path(PathRewrite::Regex(found)))
        }
        RouteOption::IdleTimeout(GoDuration(limit)) => Ok(Part::Idle(Some(limit).filter(|limit| !limit.is_zero()))),
        RouteOption::MaxStreamDuration(option) => Ok(Part::Stream(lower_stream(&option))),
        RouteOption::Faults(faults) => fault::lower(place, &faults),
        RouteOption::LbHash(option) => hash::lower(place, option),
        RouteOption::Shadowing(said) => shadowing::lower(place, said),
        RouteOption::Upgrades(said) => upgrades::lower(place, &said),
        RouteOption::EnvoyMetadata(said) => metadata::lower(place, said),
        // The resolver hands on none of the others.
        other => Err(place.refuse(
            &path![],
            format!("`{}` is not translated", other.field()),
            "this is a fault of gwctl: please report it with the manifest",
        )),
    }
}

fn lower_prefix(place: Place<'_>, prefix: String) -> Result<Part, Box<Finding>> {
    if prefix.is_empty() {
        return Ok(Part::Nothing);
    }
    if let Some((_, found)) = bad_path_char(&prefix) {
        let message = format!("`{}` cannot stand in a path as it is", found.escape_debug());
        return Err(place.refuse(&path![], message, path_help(&prefix)));
    }
    if !prefix.starts_with('/') {
        let message = format!("`{prefix}` is not the beginning of a path");
        return Err(place.refuse(&path![], message, format!("write `/{prefix}`")));
    }
    Ok(Part::Path(PathRewrite::Taken(prefix)))
}

fn lower_host(place: Place<'_>, host: String) -> Result<Part, Box<Finding>> {
    place.check_host(&path![], &host)?;
    Ok(if host.is_empty() { Part::Nothing } else { Part::Host(HostRewrite::Literal(host)) })
}

fn lower_host_header(place: Place<'_>, name: &HeaderName) -> Result<Part, Box<Finding>> {
    if name.is_empty() {
        return Ok(Part::Nothing);
    }
    if !name.is_token() {
        let message = format!("`{name}` is not a header name");
        return Err(place.refuse(&path![], message, "write a name of letters, digits and `-`"));
    }
    Ok(Part::Host(HostRewrite::Header(name.lower())))
}

fn lower_stream(option: &OptionStreamLimit) -> StreamLimit {
    let OptionStreamLimit { grpc_timeout_header_max, grpc_timeout_header_offset, max_stream_duration } = option;
    let length = |duration: &Option<GoDuration>| duration.map(|GoDuration(length)| length);
    StreamLimit {
        // Zero is no limit.
        longest: length(max_stream_duration).filter(|longest| !longest.is_zero()),
        longest_of_calls: length(grpc_timeout_header_max),
        calls_earlier: length(grpc_timeout_header_offset),
    }
}

fn part_if(is_set: bool, part: Part) -> Part {
    if is_set { part } else { Part::Nothing }
}

/// Whether a filter of the rule rewrites its path.
fn has_rewrite(rule: &ResolvedRule<'_>) -> bool {
    rule.filters.iter().any(|own| matches!(own.filter, Filter::UrlRewrite(filter) if filter.path.is_some()))
}
