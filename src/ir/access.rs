//! Who may send requests: by tokens that they bring, and by what these say.

use std::sync::Arc;

use serde::Serialize;

use super::default::is_default;
use crate::http::HeaderName;

/// Whether requests have to bring a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum TokenRule {
    /// Nobody looks for one.
    Unasked,
    /// They have to.
    Asked(Arc<TokenRules>),
}

/// Which tokens requests have to bring: one that any of the providers vouches for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TokenRules {
    /// Who vouches for tokens, by name; never empty.
    pub providers: Vec<TokenProvider>,
    /// Whether requests may do without.
    pub need: TokenNeed,
}

/// Whether requests may do without a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum TokenNeed {
    /// No: a request needs a valid one.
    Valid,
    /// Yes, and one that they bring has to be valid.
    MissingOrValid,
    /// Yes, whatever they bring: what a valid one says is known.
    Anything,
}

/// Who vouches for tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TokenProvider {
    /// The name, by which others ask for what a token says.
    pub name: String,
    /// Who has to have made the token; `None` is anybody who has the key.
    pub issuer: Option<String>,
    /// Whom the token may be for; none is anybody.
    #[serde(skip_serializing_if = "is_default")]
    pub audiences: Vec<String>,
    /// The public keys, as JSON.
    pub keys: String,
    /// The headers that a token may be in, each with what stands before it. Without any place at all it is
    /// `authorization` with `Bearer `, or the parameter `access_token`.
    #[serde(skip_serializing_if = "is_default")]
    pub headers: Vec<(HeaderName, String)>,
    /// The parameters of the query that it may be in.
    #[serde(skip_serializing_if = "is_default")]
    pub parameters: Vec<String>,
    /// Whether backends get the token.
    #[serde(skip_serializing_if = "is_default")]
    pub keeps_token: bool,
    /// How many seconds clocks may be apart.
    pub skew_seconds: u32,
}

/// Whether requests pass by what their token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum AccessRule {
    /// All of them.
    Anybody,
    /// Those that any of these lets pass, and no other.
    Listed(Arc<Vec<AccessPolicy>>),
}

/// Lets some requests pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccessPolicy {
    /// The name.
    pub name: String,
    /// Whose: of any of these; never empty.
    pub principals: Vec<Principal>,
    /// The beginning of their paths.
    pub path_prefix: Option<String>,
    /// Their methods; none is each.
    pub methods: Vec<String>,
}

/// Whose token says all of this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Principal {
    /// Who has to vouch for the token; `None` is any.
    pub provider: Option<String>,
    /// What it has to say; never empty.
    pub claims: Vec<Claim>,
}

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
