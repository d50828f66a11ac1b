//! What proves a configuration: a real Envoy on loopback, echo backends that
//! report what reached them, and request cases that say what must come back. The same cases also run through the
//! simulator, with the answers that the echo backends would give.
//!
//! Input: a [`Topology`] (the ports and Services of the manifests), a
//! [`CaseFile`], and a closure that compiles the manifests under given
//! [`Options`](crate::options::Options). Output: one [`CaseResult`] a case, as
//! data. The compiler does not know this folder; the project's own tests and
//! `gwctl test --envoy` both use it. Everything binds loopback addresses only,
//! and everything that waits is bounded.

mod admin;
mod amounts;
mod authorization;
mod backend;
mod cases;
mod check;
mod client;
mod confine;
mod datagram;
mod echo;
mod envoy;
mod error;
mod frontends;
mod grpc;
mod install;
mod journal;
mod named;
mod nowhere;
mod offline;
mod parse_cases;
mod ports;
mod processor;
mod query;
mod raw_target;
mod run;
mod scene;
mod session;
mod stand_in;
mod stop;
mod tls;
mod topology;
mod tunnel;
mod values;
mod web_call;

pub use amounts::{Count, Patterns};
pub use backend::Backend;
pub use cases::{
    CaseFile, Expectation, FormatError, OutcomeShare, RequestCase, RequestSpec, ResponseExpectation, SessionSpec,
    TlsExpectation, TunnelExpectation, UpstreamExpectation,
};
pub use check::Mismatch;
pub use envoy::{Envoy, Manner, ask_admin, validate};
pub use error::Error;
pub use grpc::GrpcCall;
pub use install::{ENVOY_VARIABLE, ENVOY_VERSION, find, find_beside, provide};
pub use journal::{Journal, REQUEST_ID, Received};
pub use offline::{Offline, Simulated, offline_options};
pub use run::{CaseResult, Proof, SHARE_REQUESTS, WayToServices, run, run_until_signal};
pub use scene::{Asked, Scene};
pub use stand_in::{StandIn, StandIns};
pub use tls::{BackendTlsSpec, TlsReport, TlsSpec};
pub use topology::{GatewayPorts, ServiceKey, SliceAddress, Topology};
pub use tunnel::{TunnelEnd, TunnelReport, TunnelSpec};
pub use values::{GatewayName, Headers, HttpVersion, Mirrors, Scheme, Shares, Target, Window};
