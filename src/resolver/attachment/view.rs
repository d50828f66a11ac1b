//! Routes and parents as attachment sees them.

use std::ops::Range;

use crate::diagnostics::PartPath;
use crate::hostname::Hostname;
use crate::name::SectionName;
use crate::parser::api::{DefaultScope, ParentReference};
use crate::parser::manifests::ObjectHead;
use crate::parser::route::RouteKind;
use crate::port::Port;

use super::super::owner::ListenerOwner;

/// A route as attachment sees it.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct RouteView<'r> {
    pub(in super::super) object: &'r ObjectHead,
    pub(in super::super) kind: RouteKind,
    pub(in super::super) parent_refs: &'r [ParentReference],
    pub(in super::super) use_default_gateways: Option<DefaultScope>,
    /// The hostnames; none is every host.
    pub(in super::super) hostnames: &'r [Hostname],
}

/// Why a listener does not take a route, in the order of the checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Kind,
    Namespace(&'static str),
    Hostname,
}

/// An owner of listeners, with where they stand in the list of its Gateway.
#[derive(Clone, Debug)]
pub(super) struct Owner<'m> {
    pub(super) gateway: usize,
    pub(super) listeners: Range<usize>,
    pub(super) object: ListenerOwner<'m>,
}

/// A parent as one reference selects it: an owner of listeners, and which of them.
#[derive(Clone, Debug)]
pub(super) struct Parent<'r, 'm> {
    pub(super) owner: Owner<'m>,
    pub(super) section_name: Option<&'r SectionName>,
    pub(super) port: Option<Port>,
    /// The field that names the parent.
    pub(super) at: PartPath,
}

impl<'r, 'm> Parent<'r, 'm> {
    pub(super) fn new(reference: &'r ParentReference, owner: Owner<'m>, at: PartPath) -> Self {
        let ParentReference { group: _, kind: _, namespace: _, name: _, section_name, port } = reference;
        Self { owner, section_name: section_name.as_ref(), port: *port, at }
    }

    /// The parent as the reference selects it, such as ``listener `web` of Gateway `infra/edge` ``.
    pub(super) fn describe(&self) -> String {
        let owner = self.owner.object.describe();
        match (self.section_name, self.port) {
            (Some(section), _) => format!("listener `{section}` of {owner}"),
            (None, Some(port)) => format!("port {port} of {owner}"),
            (None, None) => owner,
        }
    }
}
