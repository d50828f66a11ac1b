//! Who may send requests: by tokens that they bring, and by what these say.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::ClusterId;
use super::access_order::AccessOrder;
use super::claim::Claim;
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

impl TokenRules {
    /// The servers that have keys.
    pub fn clusters(&self) -> impl Iterator<Item = ClusterId> {
        self.providers.iter().filter_map(|provider| match &provider.keys {
            TokenKeys::Elsewhere(RemoteKeys { cluster, .. }) => Some(*cluster),
            TokenKeys::Known(_) | TokenKeys::Nowhere => None,
        })
    }

    /// The same with keys of other servers.
    #[must_use]
    pub fn with_clusters(&self, replace: &impl Fn(ClusterId) -> ClusterId) -> Self {
        let mut rules = self.clone();
        for provider in &mut rules.providers {
            if let TokenKeys::Elsewhere(RemoteKeys { cluster, .. }) = &mut provider.keys {
                *cluster = replace(*cluster);
            }
        }
        rules
    }
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
    /// The public keys.
    pub keys: TokenKeys,
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
    /// The headers that backends get what a valid token says in, each by the claim. What clients write into them no
    /// request of the connection keeps.
    #[serde(skip_serializing_if = "is_default")]
    pub told: Vec<ClaimHeader>,
    /// The claims whose text is known as the list of its words.
    #[serde(skip_serializing_if = "is_default")]
    pub lists: Vec<String>,
    /// The name by which it is known why a token does not count.
    #[serde(skip_serializing_if = "is_default")]
    pub flaw_known_as: String,
}

/// The keys that tokens are verified with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum TokenKeys {
    /// These, as JSON.
    Known(String),
    /// Those that a server has.
    Elsewhere(RemoteKeys),
    /// None: nobody can ask the server that has them, and no token counts.
    Nowhere,
}

/// Keys that a server has, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RemoteKeys {
    /// The server.
    pub cluster: ClusterId,
    /// Where it has them.
    pub url: String,
    /// How long they count; `None` for the proxy's own time.
    #[serde(skip_serializing_if = "is_default")]
    pub kept: Option<Duration>,
    /// When they are asked for.
    pub fetch: KeyFetch,
}

/// When keys are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum KeyFetch {
    /// When the first request needs them.
    OnDemand,
    /// Before the listener takes connections.
    First,
    /// At once, and the listener does not wait for them.
    AtOnce,
}

/// A header that backends get what a token says in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClaimHeader {
    /// What the token says.
    pub claim: String,
    /// The header.
    pub header: HeaderName,
}

/// Whether requests pass by what is known of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum AccessRule {
    /// All of them.
    Anybody,
    /// Those that any of these lets pass, and no other.
    Listed(Arc<Vec<AccessPolicy>>),
    /// As the first rule says that a request meets.
    Ordered(Arc<AccessOrder>),
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
