//! SecurityPolicy: who may send requests.

mod authorization;
mod cors;
mod credentials;
mod csrf;
mod ext_auth;
mod oidc;
mod tokens;

use std::sync::Arc;

use crate::ir::{
    AccessOrder, AccessRule, Action, ApiKeys, Cors, HttpFilters, OriginRule, Passwords, RequestOrigins, TokenNeed,
    TokenRule,
};
use crate::parser::api::SecurityPolicyField;
use crate::resolver::{CertificateIndex, OriginTable, PolicyField};
use crate::translator::lower::cluster::Clusters;
use crate::translator::lower::external_auths::ExternalAuths;
use crate::translator::lower::option::faults::Faults;
use crate::translator::lower::option::part::RuleSays;

use super::change::change_filters;
use ext_auth::AuthPart;
use oidc::SignInPart;
use tokens::TokenPart;

/// What a SecurityPolicy says, as parts of rules.
#[derive(Clone, Debug, Default)]
pub(super) struct SecurityPart {
    cors: Option<Arc<Cors>>,
    access: Option<Arc<AccessOrder>>,
    origins: Option<Arc<RequestOrigins>>,
    auth: Asked,
    keys: Option<Arc<ApiKeys>>,
    passwords: Option<Arc<Passwords>>,
    sign_in: Option<SignInPart>,
    tokens: Option<TokenPart>,
}

/// Whether a service is asked.
#[derive(Clone, Debug, Default)]
enum Asked {
    /// It is not.
    #[default]
    Nobody,
    /// This one.
    Service(Box<AuthPart>),
    /// One that nobody knows.
    Unknown,
}

/// Adds what a field says. `beside` are all fields of the policy.
pub(super) fn lower_field(
    PolicyField { value, servers, source, over: _, authorities: _ }: &PolicyField<'_, SecurityPolicyField>,
    beside: &[PolicyField<'_, SecurityPolicyField>],
    part: &mut SecurityPart,
    (secrets, origins): (&CertificateIndex<'_>, &mut OriginTable),
    faults: &mut Faults<'_>,
) {
    match &**value {
        SecurityPolicyField::ApiKeyAuth(said) => {
            part.keys = Some(Arc::new(credentials::lower_keys(said, (source, secrets), faults)));
        }
        SecurityPolicyField::BasicAuth(said) => {
            part.passwords = Some(Arc::new(credentials::lower_passwords(said, (source, secrets), faults)));
        }
        SecurityPolicyField::ExtAuth(said) => {
            let service = ext_auth::lower(said, (source, servers), origins, faults);
            part.auth = service.map_or(Asked::Unknown, |service| Asked::Service(Box::new(service)));
        }
        SecurityPolicyField::Authorization(said) => part.access = Some(Arc::new(authorization::lower(said, faults))),
        SecurityPolicyField::Csrf(said) => part.origins = Some(Arc::new(csrf::lower(said, faults))),
        SecurityPolicyField::Jwt(said) => part.tokens = Some(tokens::lower(said, (source, secrets, servers), faults)),
        SecurityPolicyField::Cors(said) => part.cors = Some(Arc::new(cors::lower(said, faults))),
        SecurityPolicyField::Oidc(said) => {
            let tokens = beside.iter().find_map(|field| match &*field.value {
                SecurityPolicyField::Jwt(tokens) => Some(tokens),
                _ => None,
            });
            part.sign_in = oidc::lower(said, (source, secrets, servers), tokens, faults);
        }
    }
}

impl SecurityPart {
    /// Who may send anything.
    pub(super) fn access(&self) -> Option<&Arc<AccessOrder>> {
        self.access.as_ref()
    }

    /// What a rule does where the policy counts. What the rule says itself goes before it.
    pub(super) fn over(
        &self,
        says: RuleSays,
        action: Arc<Action>,
        clusters: &mut Clusters<'_>,
        auths: &mut ExternalAuths,
    ) -> Arc<Action> {
        let auth = match &self.auth {
            Asked::Nobody => None,
            Asked::Service(service) => match service.authorization(clusters) {
                Some(auth) => Some(auth),
                None => return Arc::new(Action::Respond(says.failure)),
            },
            Asked::Unknown => return Arc::new(Action::Respond(says.failure)),
        };
        let tokens = self.tokens.as_ref().map(|tokens| tokens.rules(clusters));
        let sign_in = match &self.sign_in {
            None => None,
            // What is let past it has to have a token that counts.
            Some(part) if part.passes_tokens() && tokens.as_ref().is_none_or(|one| one.need == TokenNeed::Anything) => {
                return Arc::new(Action::Respond(says.failure));
            }
            Some(part) => match part.rule(clusters) {
                Some(sign_in) => Some(sign_in),
                None => return Arc::new(Action::Respond(says.failure)),
            },
        };
        let mut change = |filters: &mut HttpFilters| {
            self.change(says, filters);
            if let Some(tokens) = &tokens {
                filters.guards.tokens = Some(TokenRule::Asked(Arc::clone(tokens)));
            }
            if let Some(sign_in) = &sign_in {
                filters.guards.sign_in = Some(Arc::clone(sign_in));
            }
            if let Some(auth) = &auth {
                filters.auths.push(auths.find_or_add(auth, filters.auths.last().copied()));
            }
        };
        Arc::new(change_filters(Arc::unwrap_or_clone(action), &mut change))
    }

    fn change(&self, says: RuleSays, filters: &mut HttpFilters) {
        let Self { cors, access, origins, auth: _, keys, passwords, sign_in: _, tokens: _ } = self;
        if let Some(cors) = cors.as_ref().filter(|_| !says.cors()) {
            filters.cors = Some(Arc::clone(cors));
        }
        if let Some(origins) = origins {
            filters.guards.origins = Some(OriginRule::Known(Arc::clone(origins)));
        }
        if let Some(keys) = keys {
            filters.guards.keys = Some(Arc::clone(keys));
        }
        if let Some(passwords) = passwords {
            filters.guards.passwords = Some(Arc::clone(passwords));
        }
        if let Some(access) = access {
            filters.guards.access = Some(AccessRule::Ordered(Arc::clone(access)));
        }
    }
}
