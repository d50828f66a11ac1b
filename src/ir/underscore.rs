//! Which connections take requests whose headers have an underscore in their name.

use super::{
    Action, AuthHeaders, Config, Existing, Forward, HeaderMutations, HostRewrite, HttpConnection, HttpFilters,
    HttpProfile, Route, SessionCarrier, Underscores,
};

impl HttpConnection {
    /// What becomes of headers with an underscore in their name.
    pub fn underscores(&self, config: &Config) -> Underscores {
        let is_admitted = || self.profile == HttpProfile::Mesh || self.admits_underscores(config);
        self.settings
            .underscores
            .unwrap_or_else(|| if is_admitted() { Underscores::Kept } else { Underscores::Refused })
    }

    /// Whether requests may have headers with an underscore in their name. Some
    /// backends read `x_user` as `x-user`, so such a header could pass rules that
    /// look for the other; it is let in only where a route expects clients to send one.
    fn admits_underscores(&self, config: &Config) -> bool {
        self.virtual_hosts.iter().flat_map(|host| &host.routes).any(|route| expects(route, config))
    }
}

fn has_underscore(name: impl AsRef<str>) -> bool {
    name.as_ref().contains('_')
}

fn expects(route: &Route, config: &Config) -> bool {
    let matches_one = route.matches.headers.iter().any(|header| has_underscore(&header.name));
    matches_one || route.action.leaves().any(|action| action_expects(action, config))
}

fn action_expects(action: &Action, config: &Config) -> bool {
    match action {
        Action::Forward(Forward { backends, http_filters, request_headers, host_rewrite, session, .. }) => {
            let carrier = session.as_ref().map(|session| &session.carrier);
            removes(request_headers)
                || backends.iter().any(|backend| removes(&backend.request_headers))
                || matches!(host_rewrite.as_deref(), Some(HostRewrite::Header(name)) if has_underscore(name))
                || matches!(carrier, Some(SessionCarrier::Header(name)) if has_underscore(name))
                || filters_expect(http_filters, config)
        }
        Action::Redirect(redirect) => filters_expect(&redirect.http_filters, config),
        Action::DirectResponse(response) => filters_expect(&response.http_filters, config),
        Action::Respond(_) | Action::Split(_) => false,
    }
}

/// Whether a header is taken out of requests. What is set says what backends see, not what clients send.
fn removes(mutations: &HeaderMutations) -> bool {
    mutations.0.iter().any(|mutation| mutation.existing == Existing::Removed && has_underscore(&mutation.name))
}

/// Whether scripts are told that they may send one, or an authorization service is to see one.
fn filters_expect(http_filters: &HttpFilters, config: &Config) -> bool {
    let HttpFilters { cors, auths, guards: _, compressions: _ } = http_filters;
    let is_listed = |headers: &AuthHeaders| match headers {
        AuthHeaders::Default => false,
        AuthHeaders::Listed(names) => names.iter().any(has_underscore),
    };
    cors.as_ref().is_some_and(|cors| cors.headers.iter().any(has_underscore))
        || auths.iter().any(|id| is_listed(&config.external_auth(*id).settings.request_headers))
}
