//! What the gateway would do with one request.
//!
//! Input: [`Config`](crate::ir::Config) and a [`Request`]. Output: a [`Decision`]: the way
//! through the configuration and every possible outcome with its exact share.
//! Pure: no Kubernetes type, no clock, no network. This is a second reader of
//! the IR beside `translator::envoy`, and it answers as Envoy 1.40 does when it
//! runs what that one emits; the test suite compares both on every case.

mod access;
mod access_order;
mod action;
mod admitted;
mod authorization;
mod candidates;
mod claim;
mod clients;
mod common;
mod compression;
mod connection;
mod cors;
mod cors_headers;
mod cost;
mod credentials;
mod decision;
mod direct_response;
mod guard;
mod hash;
mod head;
mod header;
mod host;
mod http;
mod internal;
mod language;
mod listener_table;
mod matching;
mod path;
mod proxy_headers;
mod rate;
mod re2;
mod redirect;
mod request;
mod rewrite;
mod rewritten;
mod routes;
mod session;
mod share;
mod sign_in;
mod simulator;
mod transcoding;
mod upgrades;
mod url;
mod web_call;
mod witness;

pub use authorization::{Permission, Question};
pub use candidates::{Candidate, Precedence, Verdict};
pub use common::{Common, Place, common};
pub use cost::Expressions;
pub use decision::{Answer, Closed, Copied, Decision, LocalReply, Outcome, Reason, Upstream};
pub use language::Language;
pub use matching::Unmet;
pub use path::{Extent, has_parameters_of_dots, may_arrive};
pub use re2::Pattern;
pub use request::{Connection, Request, Security, Version};
pub use rewritten::{Fate, fate, is_one_line};
pub use session::{SessionStart, UNKNOWN};
pub use share::Share;
pub use simulator::Simulator;
pub use url::is_referer;
pub use web_call::WebCall;
pub use witness::Witness;

#[cfg(test)]
mod tests;
