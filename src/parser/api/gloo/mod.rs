//! The kinds of Gloo Gateway, as far as what they say is translated.
//!
//! The options of a policy are a list with one entry for each field that is set: the field is what policies are merged
//! by. A new kind is a file with the list of its options ([`super::option_list`]).

mod access;
mod access_log;
mod duration;
mod ext_auth;
mod ext_proc;
mod gloo_enum;
mod header_option;
mod http_connections;
mod http_guards;
mod http_listener_option;
mod listener_option;
mod listener_options;
mod rate_limit;
mod resource_ref;
mod route_option;
mod route_traffic;
mod tracing;
mod transcoder;
mod upstream;
mod upstream_failover;
mod upstream_settings;
mod upstream_tls;
mod virtual_host_option;

pub use access::*;
pub use access_log::*;
pub use duration::GoDuration;
pub use ext_auth::*;
pub use ext_proc::*;
pub use gloo_enum::GlooEnum;
pub use header_option::HeaderOption;
pub use http_connections::*;
pub use http_guards::*;
pub use http_listener_option::*;
pub use listener_option::*;
pub use listener_options::*;
pub use rate_limit::*;
pub use resource_ref::*;
pub use route_option::*;
pub use route_traffic::*;
pub use tracing::*;
pub use transcoder::*;
pub use upstream::*;
pub use upstream_failover::*;
pub use upstream_settings::*;
pub use upstream_tls::*;
pub use virtual_host_option::*;
