//! What a policy says where it counts.

use std::sync::Arc;

use crate::diagnostics::Reported;
use crate::id::ids;
use crate::parser::manifests::ObjectHead;
use crate::resolver::backend::BackendRefOutcome;
use crate::resolver::certificate::BundleId;

use super::kind::EnvoyPolicyKind;

ids! {
    /// What a policy says where it counts, alone or laid over another one.
    pub struct EnvoyPolicyId;
}

/// What a policy says where it counts.
#[derive(Debug)]
pub struct AppliedPolicy<'m, T> {
    /// The policy; the child of two that are merged.
    pub object: &'m ObjectHead,
    /// The policy that it is laid over.
    pub parent: Option<&'m ObjectHead>,
    /// What is translated of it.
    pub fields: Vec<PolicyField<'m, T>>,
    /// The proof that it cannot be honoured, so that its rules have to fail.
    pub failed: Option<Reported>,
}

/// A field that counts somewhere, by its name.
#[derive(Clone, Copy, Debug)]
pub struct SaidField<'m> {
    /// The field, or that nothing of the policy can be honoured.
    pub name: &'static str,
    /// The policy.
    pub source: &'m ObjectHead,
    /// The one that says it too, and is laid under it.
    pub over: Option<&'m ObjectHead>,
}

impl<'m, T: EnvoyPolicyKind> AppliedPolicy<'m, T> {
    /// Its fields, by name.
    pub(super) fn said(&self) -> Vec<SaidField<'m>> {
        let failed = self.failed.map(|_| "cannot be honoured: the rule fails");
        let failed = failed.map(|name| SaidField { name, source: self.object, over: None });
        let fields = self.fields.iter();
        let fields =
            fields.map(|field| SaidField { name: field.value.field(), source: field.source, over: field.over });
        failed.into_iter().chain(fields).collect()
    }
}

impl<T> AppliedPolicy<'_, T> {
    /// The policy in the names of what is made of it.
    pub fn in_names(&self) -> String {
        let parent = self.parent.map(|parent| format!("/{}", parent.full_name())).unwrap_or_default();
        format!("{}/{}{parent}", self.object.kind.name().to_ascii_lowercase(), self.object.full_name())
    }
}

/// A field of a policy, and the policy that says it: of what two say together the child.
#[derive(Clone, Debug)]
pub struct PolicyField<'m, T> {
    /// What it says.
    pub value: Arc<T>,
    /// What became of the servers that it names, in their order.
    pub servers: Vec<BackendRefOutcome>,
    /// The authorities that it names, each once, where all of them can be used.
    pub authorities: Vec<BundleId>,
    /// The policy.
    pub source: &'m ObjectHead,
    /// The policy that says the field too, and over which this one is laid.
    pub over: Option<&'m ObjectHead>,
}

impl<'m, T> PolicyField<'m, T> {
    /// A field of which no server and no authority has been looked up.
    pub(super) fn new(value: T, source: &'m ObjectHead) -> Self {
        Self { value: Arc::new(value), servers: Vec::new(), authorities: Vec::new(), source, over: None }
    }
}
