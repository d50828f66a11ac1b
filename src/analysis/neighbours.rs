//! What is said of the way to a backend and holds for clients of Gateways alone, where clients of Services get there too.

use std::collections::BTreeSet;

use crate::diagnostics::{Diagnostics, ObjectPart, PartPath, codes};
use crate::ir::Config;
use crate::parser::manifests::{Kind, Manifests};

/// Warns of BackendTLSPolicies about Services that routes of Services send to. `config` is what the clients of Services have.
pub(super) fn report(manifests: &Manifests, config: &Config, diagnostics: &mut Diagnostics) {
    if manifests.backend_tls_policies.is_empty() {
        return;
    }
    let named = config.clusters.iter().map(|cluster| (&cluster.backend.namespace, &cluster.backend.name));
    let named: BTreeSet<_> = named.collect();
    for policy in &manifests.backend_tls_policies {
        let targets = policy.spec.target_refs.iter().enumerate();
        let met = targets.filter(|(_, target)| {
            target.kind == Kind::Service.name() && named.contains(&(&policy.metadata.namespace, &target.name))
        });
        for (index, target) in met {
            let service = format!("{}/{}", policy.metadata.namespace, target.name);
            let message =
                format!("clients of Services that are sent to Service `{service}` get there without this policy");
            diagnostics.report(
                policy
                    .finding(
                        codes::MESH_WITHOUT_POLICY,
                        PartPath::from(ObjectPart::Target(index)).with("name"),
                        message,
                    )
                    .label("a backend of routes of Services")
                    .consequence("what these clients send goes there in plain text: the policy says what Gateways do")
                    .help("nothing, where a mesh encrypts it; else let such clients get to another port"),
            );
        }
    }
}
