//! A request as the routes see it.

use std::net::IpAddr;

use crate::ir::HttpProfile;

use super::header::Lines;
use super::matching::Subject;
use super::path::split_query;
use super::web_call::WebCall;

/// A request behind the connection manager: its target and its headers are those that routes match.
#[derive(Clone, Debug)]
pub(super) struct Admitted {
    pub(super) method: String,
    pub(super) authority: String,
    pub(super) target: String,
    pub(super) headers: Lines,
    pub(super) scheme: &'static str,
    pub(super) is_grpc: bool,
    /// What it is of gRPC-Web, where that becomes gRPC.
    pub(super) web_call: Option<WebCall>,
    pub(super) body_bytes: u64,
    /// The client's address, as far as proxies in front are trusted to tell it.
    pub(super) client: IpAddr,
    pub(super) profile: HttpProfile,
    /// Headers that the proxy adds, with values that only a run shows.
    pub(super) generated: Vec<&'static str>,
    /// Whether backends are not told which encodings its client takes.
    pub(super) hides_encodings: bool,
    /// Whether nobody is told what the proxy knows of it.
    pub(super) is_silent: bool,
    /// Why it is kept out, whatever its rule says.
    pub(super) kept_out: KeptOut,
}

/// Why a request is kept out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct KeptOut {
    /// It changes something and comes from another host.
    pub(super) is_foreign: bool,
    /// Its body is too long.
    pub(super) is_long: bool,
}

impl Admitted {
    pub(super) fn subject(&self) -> Subject<'_> {
        let Self {
            method,
            authority,
            target,
            headers,
            scheme: _,
            is_grpc,
            web_call,
            body_bytes: _,
            client: _,
            profile: _,
            generated: _,
            hides_encodings: _,
            is_silent: _,
            kept_out: _,
        } = self;
        Subject { target, method, authority, headers, is_grpc: *is_grpc || web_call.is_some() }
    }

    /// The path without the query.
    pub(super) fn path(&self) -> &str {
        split_query(&self.target).0
    }
}
