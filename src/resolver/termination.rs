//! The TLS that ends at a listener.

use super::certificate::KeyPairId;
use super::frontend::ClientValidation;

/// The TLS that ends at a listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Termination {
    /// The certificates that can be used, in the order of their references; never empty.
    pub certificates: Vec<KeyPairId>,
    /// What clients have to show.
    pub clients: ClientValidation,
}
