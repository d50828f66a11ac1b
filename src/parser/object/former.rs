//! Kinds and versions that an earlier release of Gateway API served and a later one dropped.
//!
//! Clusters of earlier releases still serve them and repositories are full of
//! them. Where the fields stayed the same the object is read as what it became,
//! with a warning that names the release whose clusters refuse it; where they
//! changed it is refused with the new ones.

use crate::diagnostics::{Change, Scalar, codes};
use crate::options::Channel;
use crate::parser::kind::{EXPERIMENTAL_GROUP, GATEWAY_GROUP, Kind};
use crate::parser::schema::{Presence, Problem, Schema, schemas};
use crate::path;

/// One kind and version as it was called once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Former {
    group: &'static str,
    kind: &'static str,
    pub(super) version: &'static str,
    /// The release that dropped it, as its
    /// [changelog](https://github.com/kubernetes-sigs/gateway-api/tree/main/CHANGELOG) says.
    dropped_in: &'static str,
    /// The channels that had it.
    served: Presence,
    /// What it became: the kind and the version to write now.
    became: (Kind, &'static str),
    /// How to write the fields now, where they changed.
    new_fields: Option<&'static str>,
}

const fn former(
    (group, kind, version): (&'static str, &'static str, &'static str),
    dropped_in: &'static str,
    became: Kind,
) -> Former {
    let became = (became, if became.is_stable() { "v1" } else { "v1alpha1" });
    Former { group, kind, version, dropped_in, served: Presence::Both, became, new_fields: None }
}

impl Former {
    const fn experimental(mut self) -> Self {
        self.served = Presence::Experimental;
        self
    }

    const fn changed(mut self, new_fields: &'static str) -> Self {
        self.new_fields = Some(new_fields);
        self
    }
}

const FORMER: [Former; 9] = [
    former((GATEWAY_GROUP, "GatewayClass", "v1alpha2"), "v0.8", Kind::GatewayClass),
    former((GATEWAY_GROUP, "Gateway", "v1alpha2"), "v0.8", Kind::Gateway),
    former((GATEWAY_GROUP, "HTTPRoute", "v1alpha2"), "v0.8", Kind::HTTPRoute),
    former((GATEWAY_GROUP, "GRPCRoute", "v1alpha2"), "v1.2", Kind::GRPCRoute),
    former((GATEWAY_GROUP, "ReferenceGrant", "v1alpha2"), "v1.2", Kind::ReferenceGrant),
    former((GATEWAY_GROUP, "ReferencePolicy", "v1alpha2"), "v0.6", Kind::ReferenceGrant),
    former((GATEWAY_GROUP, "BackendTLSPolicy", "v1alpha2"), "v1.1", Kind::BackendTLSPolicy).experimental().changed(
        "`targetRef` became the list `targetRefs`, and `tls: {hostname, caCertRefs, wellKnownCACerts}` became \
         `validation: {hostname, caCertificateRefs, wellKnownCACertificates}`",
    ),
    former((GATEWAY_GROUP, "BackendLBPolicy", "v1alpha2"), "v1.3", Kind::XBackendTrafficPolicy).experimental(),
    former((EXPERIMENTAL_GROUP, "XListenerSet", "v1alpha1"), "v1.5", Kind::ListenerSet).experimental(),
];

/// The row of a kind and version that was served once.
pub(super) fn find(group: &str, version: &str, kind: &str, channel: Channel) -> Option<&'static Former> {
    let is_it = |row: &&Former| (row.group, row.version, row.kind) == (group, version, kind);
    FORMER.iter().find(is_it).filter(|row| row.served.is_in(channel))
}

impl Former {
    /// The schema of what it became.
    pub(super) fn schema(&self) -> Option<&'static Schema> {
        let (kind, version) = self.became;
        schemas().iter().find(|schema| schema.kind == kind && schema.version == version)
    }

    /// What it is called now, as a sentence names it.
    fn new_name(&self) -> String {
        let (kind, version) = self.became;
        let api_version = format!("`apiVersion: {}/{version}`", kind.group());
        if self.kind == kind.name() { api_version } else { format!("`kind: {}` with {api_version}", kind.name()) }
    }

    /// The error about an object whose fields changed; `None` where it can be read.
    pub(super) fn refusal(&self) -> Option<Problem> {
        let Self { kind, version, dropped_in, new_fields, .. } = self;
        let message =
            format!("Gateway API {dropped_in} dropped version `{version}` of `{kind}`, and its fields changed");
        let help = format!("write {}: {}", self.new_name(), new_fields.as_ref()?);
        Some(Problem::new(codes::UNKNOWN_KIND, path!["apiVersion"], message).label("not served any more").help(help))
    }

    /// The warning about an object that is read as what it became.
    pub(super) fn warning(&self) -> Problem {
        let Self { group: _, kind, version, dropped_in, served: _, became: (became, new_version), new_fields: _ } =
            self;
        let api_version = Change::Set(Scalar::Text(format!("{}/{new_version}", became.group())));
        let problem = if *kind == became.name() {
            let message = format!(
                "Gateway API {dropped_in} dropped version `{version}` of `{kind}`: it is read as `{new_version}`"
            );
            Problem::new(codes::DROPPED_VERSION, path!["apiVersion"], message).fix(Some(api_version))
        } else {
            let message = format!(
                "Gateway API {dropped_in} dropped `{kind}`: it is read as the `{}` that it became",
                became.name()
            );
            Problem::new(codes::DROPPED_VERSION, path!["kind"], message)
                .fix(Some(Change::Set(Scalar::Text(became.name().to_owned()))))
                .also(path!["apiVersion"], api_version)
        };
        problem
            .label(format!("clusters with Gateway API {dropped_in} or later refuse it"))
            .help(format!("write {}", self.new_name()))
    }
}

#[cfg(test)]
mod tests {
    use super::{FORMER, find};
    use crate::options::Channel;
    use crate::parser::schema::schemas;

    #[test]
    fn every_row_leads_to_a_schema_and_no_schema_is_a_row() {
        for row in &FORMER {
            assert!(row.schema().is_some(), "{row:?}");
            let is_served = |schema: &&crate::parser::schema::Schema| {
                schema.kind.name() == row.kind && schema.version == row.version
            };
            assert!(!schemas().iter().any(|schema| is_served(&schema)), "{row:?}");
        }
    }

    #[test]
    fn the_standard_channel_never_had_experimental_kinds() {
        let group = "gateway.networking.x-k8s.io";
        assert!(find(group, "v1alpha1", "XListenerSet", Channel::Experimental).is_some());
        assert!(find(group, "v1alpha1", "XListenerSet", Channel::Standard).is_none());
    }
}
