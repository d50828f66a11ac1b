//! ClientTrafficPolicy: what connections of clients are like.

use std::sync::Arc;

use crate::ir::HttpSettings;
use crate::parser::api::ClientTrafficPolicyField;
use crate::path;
use crate::translator::lower::option::faults::Faults;

/// What a ClientTrafficPolicy says, as settings of connections.
#[derive(Clone, Debug, Default)]
pub(super) struct ClientPart {
    /// Of those that carry requests.
    pub(super) http: Arc<HttpSettings>,
}

/// Adds what a field says.
pub(super) fn lower_field(field: &ClientTrafficPolicyField, _part: &mut ClientPart, faults: &mut Faults<'_>) {
    // The resolver hands on none of the others.
    let message = format!("`{}` is not translated", field.field());
    faults.add(&path![], message, "this is a fault of gwctl: please report it with the manifest");
}
