//! Rows of the login of a SecurityPolicy.

use super::super::pattern;
use super::super::rules::union;
use super::super::shared::{BACKEND_OBJECT_REF, DURATION, HEADER_NAME, SECRET_REF};
use super::super::table::{ANY_TEXT, List, Shape, Type, Value, field, form, one_of, rule, text};
use super::cluster_settings::{CLUSTER_SETTINGS, NO_BACKEND_REF, NO_RETRY_CODES, NO_RETRY_TIMEOUT, POLICY_BACKEND_REF};
use super::rules::security;
use super::shared::FILLED;

/// Login with a provider of OpenID Connect.
pub(super) static OIDC: Shape = Shape {
    fields: &[
        field("clientID", FILLED),
        field("clientIDRef", Type::Object(&SECRET_REF)),
        field("clientSecret", Type::Object(&SECRET_REF)).required(),
        field("cookieConfig", Type::Object(&COOKIE_CONFIG)),
        field("cookieDomain", form(&pattern::SUBDOMAIN)),
        field("cookieNames", Type::Object(&COOKIE_NAMES)),
        field("csrfTokenTTL", DURATION),
        field("defaultRefreshTokenTTL", DURATION),
        field("defaultTokenTTL", DURATION),
        field("denyRedirect", Type::Object(&DENY_REDIRECT)),
        field("disableTokenEncryption", Type::Boolean),
        field("forwardAccessToken", Type::Boolean),
        field("forwardIDToken", Type::Object(&FORWARD_ID_TOKEN)),
        field("logoutPath", ANY_TEXT),
        field("passThroughAuthHeader", Type::Boolean),
        field("provider", Type::Object(&OIDC_PROVIDER)).required(),
        field("redirectURL", ANY_TEXT),
        field("refreshToken", Type::Boolean).default(Value::Boolean(true)),
        field("resources", Type::List(&List::of(ANY_TEXT))),
        field("scopes", Type::List(&List::of(ANY_TEXT))),
    ],
    rules: &[
        rule("the client is named once", |oidc, breaks| union::exactly_one(oidc, &["clientID", "clientIDRef"], breaks)),
        rule("one token is in `authorization`", security::tokens_have_their_headers),
    ],
};

static COOKIE_CONFIG: Shape = Shape { fields: &[field("sameSite", one_of(&["Lax", "Strict", "None"]))], rules: &[] };

static COOKIE_NAMES: Shape =
    Shape { fields: &[field("accessToken", ANY_TEXT), field("idToken", ANY_TEXT)], rules: &[] };

static DENY_REDIRECT: Shape = Shape {
    fields: &[field("headers", Type::List(&List::of(Type::Object(&DENIED_HEADER)).len(1, 16))).required()],
    rules: &[],
};

static DENIED_HEADER: Shape = Shape {
    fields: &[
        field("name", FILLED).required(),
        field("type", one_of(&["Exact", "Prefix", "Suffix", "RegularExpression"])).default(Value::Text("Exact")),
        field("value", text(1, 1024)).required(),
    ],
    rules: &[],
};

static FORWARD_ID_TOKEN: Shape = Shape {
    fields: &[field("header", HEADER_NAME).required()],
    rules: &[rule("a token is not in `host`", security::token_is_not_the_host)],
};

static OIDC_PROVIDER: Shape = Shape {
    fields: &[
        field("authorizationEndpoint", ANY_TEXT),
        field("backendRef", Type::Object(&BACKEND_OBJECT_REF)),
        field("backendRefs", Type::List(&List::of(Type::Object(&POLICY_BACKEND_REF)).len(0, 16))),
        field("backendSettings", Type::Object(&CLUSTER_SETTINGS)),
        field("endSessionEndpoint", ANY_TEXT),
        field("issuer", FILLED).required(),
        field("tokenEndpoint", ANY_TEXT),
    ],
    rules: &[NO_BACKEND_REF, NO_RETRY_TIMEOUT, NO_RETRY_CODES],
};
