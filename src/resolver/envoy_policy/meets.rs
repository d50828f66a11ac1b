//! Policies of Envoy Gateway at rules that say the same themselves, or that options of Gloo Gateway are about too.
//!
//! What a rule says itself goes before what policies say, and that is told. Two vendors are one too many: nobody knows which
//! of them a controller would follow, so it is an error, and the rule fails.

use std::collections::{HashMap, HashSet};

use crate::diagnostics::{Diagnostics, ObjectPart, Reported, codes};
use crate::parser::manifests::ObjectHead;
use crate::parser::route::RouteKind;
use crate::resolver::listener::{ListenerId, ResolvedListener};
use crate::resolver::route::{ResolvedRoute, ResolvedRule};
use crate::whole;

use super::applied::AppliedPolicy;
use super::kind::EnvoyPolicyKind;
use super::known::Known;

/// A rule of a route, by the place of its object and its own.
type RuleKey = (*const ObjectHead, usize);

/// What was told of rules that more than one says something about.
#[derive(Debug, Default)]
pub(super) struct Meetings {
    told: HashSet<(RuleKey, *const ObjectHead, &'static str)>,
    failed: HashMap<RuleKey, Reported>,
}

impl Meetings {
    /// The rules that fail.
    pub(super) fn into_failed(self) -> HashMap<(*const ObjectHead, usize), Reported> {
        self.failed
    }

    /// Looks at a rule on a listener, where a policy counts.
    pub(super) fn meet<T: EnvoyPolicyKind>(
        &mut self,
        (route, rule): (&ResolvedRoute<'_>, &ResolvedRule<'_>),
        id: ListenerId,
        policy: &AppliedPolicy<'_, T>,
        known: &Known<'_, '_>,
        diagnostics: &mut Diagnostics,
    ) {
        let key: RuleKey = (std::ptr::from_ref(route.object()), rule.index);
        for field in &policy.fields {
            let name = field.value.field();
            if !self.told.insert((key, std::ptr::from_ref(field.source), name)) {
                continue;
            }
            if let Some(own) = field.value.met_by(rule) {
                report_over((route.object(), rule.index, own), (field.source, name), diagnostics);
            }
            let of_rule = rule.options.fields.iter().map(|option| (option.source, option.value.field()));
            let host = known.hosts.of(id).map(|id| known.hosts.get(id));
            let of_host = host.into_iter().flat_map(|host| &host.fields);
            let of_host = of_host.map(|option| (option.source, option.value.field()));
            let other = of_rule.chain(of_host).find(|(_, option)| field_of_option(option) == Some(name));
            if let Some(other) = other {
                let proof = report_two((route.object(), rule.index), (field.source, name), other, diagnostics);
                self.failed.entry(key).or_insert(proof);
            }
        }
    }
}

impl Meetings {
    /// Looks at a route that carries bytes, where a policy counts: what it says of connections is not translated.
    pub(super) fn meet_stream<T: EnvoyPolicyKind>(
        &mut self,
        (route, rule): (&ResolvedRoute<'_>, &ResolvedRule<'_>),
        policy: &AppliedPolicy<'_, T>,
        is_allowed: bool,
        diagnostics: &mut Diagnostics,
    ) {
        let key: RuleKey = (std::ptr::from_ref(route.object()), rule.index);
        // Datagrams have nobody who would refuse them.
        let is_kept = |value: &T| value.is_of_bytes_too() && !(T::IS_SECURITY && route.kind() == RouteKind::Udp);
        let is_lost = |value: &T| !value.is_of_requests_alone() && !is_kept(value);
        let fields = policy.fields.iter().filter(|field| is_lost(&field.value));
        for field in fields {
            let (source, name) = (field.source, field.value.field());
            if !self.told.insert((key, std::ptr::from_ref(source), name)) {
                continue;
            }
            let (kind, object) = (source.kind.name(), route.object());
            let target = format!("{} `{}`", object.kind.name(), object.full_name());
            let message = format!("`{name}` of {kind} `{}` is not translated for {target}", source.full_name());
            let code = if is_allowed { codes::OPTION_LEFT_OUT } else { codes::UNSUPPORTED_OPTION };
            let finding = source.finding(code, whole!["spec", name], message);
            let finding = finding.label("gwctl does not translate it for connections");
            let finding = finding.related(object.at(&crate::path!["metadata", "name"]), "the route");
            if is_allowed {
                let help = "nothing needs to change: `--allow-unsupported` names the kind";
                diagnostics.report(finding.consequence("connections are served without it").help(help));
                continue;
            }
            let help = "let the policy be about routes of requests alone";
            let proof = diagnostics.error(finding.consequence("connections of the route are closed").help(help));
            self.failed.entry(key).or_insert(proof);
        }
    }
}

/// The field of a policy that says what an option of Gloo Gateway says.
fn field_of_option(option: &str) -> Option<&'static str> {
    Some(match option {
        "timeout" | "idleTimeout" | "maxStreamDuration" => "timeout",
        "retries" => "retry",
        "cors" => "cors",
        "faults" => "faultInjection",
        "lbHash" => "loadBalancer",
        "bufferPerRoute" => "requestBuffer",
        "csrf" => "csrf",
        "jwt" | "jwtStaged" | "jwtProvidersStaged" => "jwt",
        "rbac" => "authorization",
        "extauth" => "extAuth",
        "ratelimit" | "ratelimitEarly" | "ratelimitRegular" | "ratelimitBasic" => "rateLimit",
        "upgrades" => "httpUpgrade",
        "extProc" | "extProcEarly" | "extProcLate" => "extProc",
        _ => return None,
    })
}

/// Warns that a rule says itself what a policy says too.
fn report_over(
    (route, rule, own): (&ObjectHead, usize, &'static str),
    (source, field): (&ObjectHead, &'static str),
    diagnostics: &mut Diagnostics,
) {
    let (kind, name) = (source.kind.name(), source.full_name());
    let message = format!("the rule hides `{field}` of {kind} `{name}`");
    let finding = route.finding(codes::OPTION_MEETS_RULE, ObjectPart::Rule(rule).with(own), message);
    diagnostics.report(
        finding
            .label("the rule's own counts")
            .related(source.at(&crate::path!["spec", field]), "the policy that does not count here")
            .consequence("requests of this rule are served by what the rule says itself")
            .help("keep one of the two"),
    );
}

/// Two vendors that say the same of one rule.
fn report_two(
    (route, rule): (&ObjectHead, usize),
    (source, field): (&ObjectHead, &'static str),
    (other, option): (&ObjectHead, &'static str),
    diagnostics: &mut Diagnostics,
) -> Reported {
    let message = format!(
        "`{field}` of {} `{}` and `{option}` of {} `{}` both say what rule {rule} of {} `{}` does",
        source.kind.name(),
        source.full_name(),
        other.kind.name(),
        other.full_name(),
        route.kind.name(),
        route.full_name()
    );
    let finding = source.finding(codes::VENDORS_MEET, whole!["spec", field], message);
    diagnostics.error(
        finding
            .label("two vendors say the same")
            .related(other.at(&other.kind.fields_of_policy().with(option)), "the other one")
            .related(route.at(&crate::path!["spec", "rules", rule]), "the rule")
            .consequence("where these settings count, requests get 500")
            .help("keep one of the two: no controller follows both"),
    )
}

/// Whether a listener has settings of connections from options of Gloo Gateway too: the proof that it has been told.
pub(super) fn meet_listener<T: EnvoyPolicyKind>(
    (id, listener): (ListenerId, &ResolvedListener<'_>),
    policy: &AppliedPolicy<'_, T>,
    known: &Known<'_, '_>,
    diagnostics: &mut Diagnostics,
) -> Option<Reported> {
    let of_http = known.connections.of(id).map(|id| known.connections.get(id).first);
    let of_socket = known.sockets.of(id).map(|id| known.sockets.get(id).first);
    let other = of_http.or(of_socket)?;
    let source = policy.object;
    let message = format!(
        "{} `{}` and {} `{}` are both about the connections of {}",
        source.kind.name(),
        source.full_name(),
        other.kind.name(),
        other.full_name(),
        listener.describe()
    );
    let finding = source.finding(codes::VENDORS_MEET, whole!["spec"], message);
    Some(
        diagnostics.error(
            finding
                .label("two vendors say the same")
                .related(other.at(&crate::path!["spec"]), "the other one")
                .consequence("where these settings count, requests get 500")
                .help("keep one of the two: no controller follows both"),
        ),
    )
}
