//! What tokens have to say.

use serde::Serialize;

/// What a token has to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Claim {
    /// The name of the claim, and of what stands in it.
    pub path: Vec<String>,
    /// What it has to be.
    pub is: ClaimIs,
}

/// What a claim has to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum ClaimIs {
    /// This text.
    Text(String),
    /// True or false.
    Flag(bool),
    /// A list with this text in it.
    ListWith(String),
}
