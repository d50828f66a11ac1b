//! What keeps requests and connections out, whatever rules say.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::ClusterId;
use super::access::{AccessRule, TokenRule, TokenRules};
use super::credentials::{ApiKeys, Passwords, User};
use super::default::is_default;
use super::limits::RequestLimits;
use super::processor::RequestProcessor;
use super::request_rate::{RequestRate, TokenBucket};
use super::script::Script;
use super::sign_in::SignIn;
use super::text_is::OriginText;

/// What is kept out; nothing by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HttpGuards {
    /// The longest body in bytes, above 0; a request is held until its body is whole.
    #[serde(skip_serializing_if = "is_default")]
    pub body: Option<u32>,
    /// Where requests that change something may come from.
    #[serde(skip_serializing_if = "is_default")]
    pub origins: Option<RequestOrigins>,
    /// How many requests there may be.
    #[serde(skip_serializing_if = "is_default")]
    pub requests: Option<RequestRate>,
    /// How many connections there may be at a time.
    #[serde(skip_serializing_if = "is_default")]
    pub connections: Option<ConnectionLimit>,
    /// How many connections may be made.
    #[serde(skip_serializing_if = "is_default")]
    pub new_connections: Option<TokenBucket>,
}

/// What a rule says itself of what is kept out; what it leaves out is its listener's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RouteGuards {
    /// How long bodies may be.
    #[serde(skip_serializing_if = "is_default")]
    pub body: Option<BodyRule>,
    /// Where requests that change something may come from.
    #[serde(skip_serializing_if = "is_default")]
    pub origins: Option<OriginRule>,
    /// Which tokens requests have to bring before anybody is asked whether they may pass.
    #[serde(skip_serializing_if = "is_default")]
    pub early_tokens: Option<TokenRule>,
    /// Which key they have to bring behind that.
    #[serde(skip_serializing_if = "is_default")]
    pub keys: Option<Arc<ApiKeys>>,
    /// Which name and password they have to bring behind that.
    #[serde(skip_serializing_if = "is_default")]
    pub passwords: Option<Arc<Passwords>>,
    /// How those sign in behind that who send them.
    #[serde(skip_serializing_if = "is_default")]
    pub sign_in: Option<Arc<SignIn>>,
    /// Which tokens they have to bring behind that.
    #[serde(skip_serializing_if = "is_default")]
    pub tokens: Option<TokenRule>,
    /// How many requests there may be before anybody is asked.
    #[serde(skip_serializing_if = "is_default")]
    pub early_rate: Option<Arc<RequestRate>>,
    /// How many there may be of which it is known who sends them.
    #[serde(skip_serializing_if = "is_default")]
    pub rate: Option<Arc<RequestRate>>,
    /// Who counts requests before anybody else is asked.
    #[serde(skip_serializing_if = "is_default")]
    pub early_limits: Option<Arc<RequestLimits>>,
    /// Who counts those of which it is known who sends them.
    #[serde(skip_serializing_if = "is_default")]
    pub limits: Option<Arc<RequestLimits>>,
    /// The servers that requests are handed to, in the order in which they are.
    #[serde(skip_serializing_if = "is_default")]
    pub processors: Vec<RequestProcessor>,
    /// The scripts that they are handed to behind that, in the order in which they are.
    #[serde(skip_serializing_if = "is_default")]
    pub scripts: Vec<Arc<Script>>,
    /// What these have to say.
    #[serde(skip_serializing_if = "is_default")]
    pub access: Option<AccessRule>,
}

impl RouteGuards {
    /// What is said of tokens, in the order in which they are looked at.
    pub fn token_rules(&self) -> impl Iterator<Item = &Arc<TokenRules>> {
        [&self.early_tokens, &self.tokens].into_iter().filter_map(|rule| match rule {
            Some(TokenRule::Asked(rules)) => Some(rules),
            Some(TokenRule::Unasked) | None => None,
        })
    }

    /// The texts of Secrets in it.
    pub fn secrets(&self) -> impl Iterator<Item = String> {
        let keys = self.keys.iter().flat_map(|keys| &keys.known).map(|known| known.key.text().to_owned());
        let passwords = self.passwords.iter().flat_map(|passwords| &passwords.users).map(User::line);
        keys.chain(passwords).chain(self.sign_in.iter().flat_map(|sign_in| sign_in.secrets()))
    }

    /// Who counts requests, in the order in which they are asked.
    pub fn limits(&self) -> impl Iterator<Item = &RequestLimits> {
        [&self.early_limits, &self.limits].into_iter().filter_map(|limits| limits.as_deref())
    }

    /// The same with other servers.
    #[must_use]
    pub(super) fn with_clusters(mut self, replace: &impl Fn(ClusterId) -> ClusterId) -> Self {
        for rule in [&mut self.early_tokens, &mut self.tokens] {
            if let Some(TokenRule::Asked(rules)) = rule
                && rules.clusters().next().is_some()
            {
                *rules = Arc::new(rules.with_clusters(replace));
            }
        }
        for limits in [&mut self.early_limits, &mut self.limits].into_iter().flatten() {
            *limits = Arc::new(limits.with_clusters(replace));
        }
        if let Some(sign_in) = &mut self.sign_in {
            let cluster = replace(sign_in.provider.cluster);
            Arc::make_mut(sign_in).provider.cluster = cluster;
        }
        self.processors = self.processors.into_iter().map(|processor| processor.with_clusters(replace)).collect();
        self
    }
}

/// How long bodies may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum BodyRule {
    /// As long as they like, and no request is held for it.
    Unlimited,
    /// So many bytes, above 0; a request is held until its body is whole.
    Limit(u32),
}

/// Where requests that change something may come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum OriginRule {
    /// From anywhere.
    Anywhere,
    /// From the host that they are for, and from these.
    Known(Arc<RequestOrigins>),
}

/// Where requests that change something may come from: the host that they are for, and others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequestOrigins {
    /// Whether others are refused; otherwise they are counted.
    pub is_enforced: bool,
    /// The other hosts, with their ports.
    pub others: Vec<OriginText>,
}

/// How many connections there may be at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ConnectionLimit {
    /// The number; above 0.
    pub most: u32,
    /// How long one that is too many is kept before it is closed.
    #[serde(skip_serializing_if = "is_default")]
    pub delay: Option<Duration>,
}
