//! XBackendTrafficPolicy: limits on retries and sessions of the Services that
//! it targets ([GEP-3388](https://gateway-api.sigs.k8s.io/geps/gep-3388/),
//! [GEP-1619](https://gateway-api.sigs.k8s.io/geps/gep-1619/)).

use std::collections::{BTreeSet, HashSet};
use std::time::Duration as StdDuration;

use crate::diagnostics::{Diagnostics, ObjectPart, PartPath, Reported, codes};
use crate::name::NamespacedName;
use crate::options::Options;
use crate::parser::api::{Duration, LocalObjectReference, MinRetryRate, RetryConstraint, XBackendTrafficPolicySpec};
use crate::parser::manifests::{Kind, Manifests, Object};
use crate::whole;

use super::backend::{Backend, BackendObject};
use super::group_slip;
use super::policy::{Policies, PolicyTarget, ResolvedPolicy, TargetOutcome, missing_target};

/// `minRetryRate` where its parts are absent
/// ([RequestRate](https://gateway-api.sigs.k8s.io/geps/gep-3388/)).
const DEFAULT_RATE_COUNT: u32 = 10;
const DEFAULT_RATE_INTERVAL: StdDuration = StdDuration::from_secs(1);

/// How many retries a second can be asked for: a million, the most that the API lets `count` be, in each millisecond,
/// the shortest interval that it can write.
const MOST_RETRIES: u32 = 1_000_000_000;

/// The XBackendTrafficPolicies; what each sets is its spec.
pub type TrafficPolicies<'m> = Policies<'m, XBackendTrafficPolicySpec, ()>;

/// Resolves all XBackendTrafficPolicies of the input.
pub(super) fn resolve_traffic_policies<'m>(
    manifests: &'m Manifests,
    options: &Options,
    diagnostics: &mut Diagnostics,
) -> TrafficPolicies<'m> {
    let services = manifests.services.iter();
    let services = services.map(|service| service.metadata.sort_key()).collect();
    let list = manifests.x_backend_traffic_policies.iter().map(|object| {
        let XBackendTrafficPolicySpec { target_refs, retry_constraint, session_persistence: _ } = &object.spec;
        if let Some(constraint) = retry_constraint {
            report_budget(object, constraint, diagnostics);
        }
        let targets = target_refs.iter().enumerate();
        let targets = targets.map(|(index, target)| {
            resolve_target(object, index, target, &services, (manifests, options.assume.services), diagnostics)
        });
        ResolvedPolicy { object, targets: targets.collect(), value: Ok::<(), Reported>(()), ancestors: BTreeSet::new() }
    });
    Policies::compete(list.collect(), |_| true, diagnostics)
}

impl<'m> TrafficPolicies<'m> {
    /// The policy that counts for a backend.
    pub fn of_backend(&self, backend: &Backend<'m>) -> Option<&'m Object<XBackendTrafficPolicySpec>> {
        let name = match (&backend.behind, backend.object) {
            (Some(behind), _) => &behind.name,
            (
                None,
                BackendObject::External(_)
                | BackendObject::Upstream(_)
                | BackendObject::Envoy(_)
                | BackendObject::Url(_),
            ) => return None,
            (None, BackendObject::Service(_) | BackendObject::Assumed) => &backend.name,
        };
        let index = self.of(Kind::Service, &name.namespace, &name.name, None)?;
        Some(self.get(index).object)
    }
}

fn resolve_target(
    object: &Object<XBackendTrafficPolicySpec>,
    index: usize,
    reference: &LocalObjectReference,
    services: &HashSet<NamespacedName<'_>>,
    (manifests, assume_services): (&Manifests, bool),
    diagnostics: &mut Diagnostics,
) -> TargetOutcome {
    let at = PartPath::from(ObjectPart::Target(index));
    let LocalObjectReference { group, kind, name } = reference;
    const NO_EFFECT: &str = "the policy has no effect here";
    if !group.is_empty() || kind != Kind::Service.name() {
        let full = if group.is_empty() { kind.clone() } else { format!("{group}/{kind}") };
        let message = format!("an XBackendTrafficPolicy cannot target `{full}`");
        let finding = object.finding(codes::INVALID_POLICY_TARGET, at.with("kind"), message);
        let finding = finding.label("not a target of this policy").consequence(NO_EFFECT).help("target a `Service`");
        return Err(diagnostics.error(group_slip::blame(finding, (group, kind), &[Kind::Service])));
    }
    let namespace = &object.metadata.namespace;
    if !assume_services && !services.contains(&(namespace, name)) {
        let finding = missing_target(object, at.with("name"), (Kind::Service, name), manifests);
        return Err(diagnostics.error(finding.consequence(NO_EFFECT)));
    }
    let (namespace, name) = (namespace.clone(), name.clone());
    Ok(PolicyTarget { kind: Kind::Service, namespace, name, section: None })
}

/// The retries that are under way at a time when so many are made in an
/// interval and each takes a second.
pub fn retry_concurrency(rate: &MinRetryRate) -> u32 {
    let MinRetryRate { count, interval } = rate;
    let interval = interval.map_or(DEFAULT_RATE_INTERVAL, |Duration(interval)| interval).as_millis().max(1);
    let each_second = (u128::from(count.unwrap_or(DEFAULT_RATE_COUNT)) * 1000).div_ceil(interval);
    u32::try_from(each_second).unwrap_or(MOST_RETRIES)
}

fn report_budget(
    object: &Object<XBackendTrafficPolicySpec>,
    constraint: &RetryConstraint,
    diagnostics: &mut Diagnostics,
) {
    let percent = constraint.budget.percent;
    let least = retry_concurrency(&constraint.min_retry_rate);
    diagnostics.report(
        object
            .finding(
                codes::APPROXIMATED,
                whole!["spec", "retryConstraint"],
                "Envoy limits the retries that are under way, not those of an interval",
            )
            .consequence(format!(
                "of the requests under way at a time {percent} % may be retries, or {least} of them where that is more; \
                 beyond that the client gets the backend's last answer, not 503"
            ))
            .help("nothing needs to change where that is good enough"),
    );
}
