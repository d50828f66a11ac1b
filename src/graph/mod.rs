//! The picture of an input: what leads from Gateways to endpoints, and what is about it.
//!
//! Input: [`Resolved`] and all findings. Output: a [`Graph`] of nodes and edges that hold facts and no text; each form of
//! the picture is a file of its own below `form`. Nodes stand in an order that does not depend on the order of files.

mod build;
pub mod change;
mod choose;
pub mod form;

use crate::name::{Name, Namespace, SectionName};
use crate::parser::manifests::{Kind, ObjectKey};
use crate::port::Port;
use crate::resolver::BackendId;

pub use build::build;
pub use choose::{Level, MOST, fitting};

#[cfg(doc)]
use crate::resolver::Resolved;

crate::id::ids! {
    /// A node, by its position in the graph.
    pub struct NodeId;
}

/// The picture.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// What is drawn.
    pub nodes: typed_index_collections::TiVec<NodeId, Node>,
    /// What leads where.
    pub edges: Vec<Edge>,
}

/// Something that is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it is.
    pub what: What,
    /// The object that it is, or is a part of.
    pub object: ObjectKey,
    /// Whether the input has it.
    pub presence: Presence,
    /// The codes of the errors and warnings on it, each once, in order.
    pub codes: Vec<&'static str>,
    /// Whether one of them is an error.
    pub is_wrong: bool,
    /// Whether no request gets to it, because others go first.
    pub is_shadowed: bool,
    /// What became of it, in a picture of a change.
    pub mark: Mark,
}

/// What becomes of a node or an edge when the input changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    /// Nothing, or the picture is of one input.
    #[default]
    Same,
    /// The old input does not have it.
    Added,
    /// The new input does not have it.
    Removed,
    /// Both have it, and it is not the same; with what an edge was, where that is told.
    Changed(Option<Link>),
}

/// Where what a node stands for is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// In the input, and judged.
    Judged,
    /// In the input, as context.
    Context,
    /// Nowhere: something else names it.
    Missing,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// An object as a whole: a Gateway, ListenerSet, route, backend, policy or grant.
    Object,
    /// A listener of the object.
    Listener {
        /// Its name.
        name: SectionName,
        /// The port.
        port: Port,
        /// The protocol as it is declared.
        protocol: String,
        /// The hostname as it is declared.
        hostname: Option<String>,
    },
    /// A rule of the route.
    Rule {
        /// Its position.
        index: usize,
    },
    /// Where a backend is.
    Endpoints {
        /// The backend.
        backend: BackendId,
        /// Its port.
        port: Port,
        /// Addresses and names, each with its port.
        places: Vec<String>,
    },
}

impl Node {
    /// How far from the Gateways it stands.
    fn level(&self) -> Level {
        match self.what {
            What::Listener { .. } => Level::Gateways,
            What::Rule { .. } => Level::Rules,
            What::Endpoints { .. } => Level::Endpoints,
            What::Object => match self.object.kind {
                Kind::Gateway | Kind::ListenerSet => Level::Gateways,
                kind if kind.is_route() => Level::Routes,
                _ => Level::Services,
            },
        }
    }

    /// The namespace whose box the node is in.
    pub fn namespace(&self) -> &Namespace {
        &self.object.namespace
    }

    /// The name of the object.
    pub fn name(&self) -> &Name {
        &self.object.name
    }
}

/// Something that leads from one node to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// Where it begins.
    pub from: NodeId,
    /// Where it leads.
    pub to: NodeId,
    /// What it is.
    pub link: Link,
    /// Why it does not hold: the codes of the errors about it. Of one that is broken and has none, another error says why.
    pub codes: Vec<&'static str>,
    /// Whether it does not hold.
    pub is_broken: bool,
    /// Whether nothing goes this way, because others go first.
    pub is_shadowed: bool,
    /// What became of it, in a picture of a change.
    pub mark: Mark,
}

/// What leads from one node to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// The object has the part.
    Has,
    /// The ListenerSet joins the Gateway.
    Joins,
    /// The listener, or the Service of a mesh, takes the route.
    Takes,
    /// The rule, or the route, sends this share of its requests.
    Sends {
        /// The weight.
        weight: u32,
        /// That of all backends of the rule.
        of: u64,
    },
    /// A filter of the rule, or an option, refers to the backend.
    Filter(&'static str),
    /// The Upstream says more of the Service.
    Stands,
    /// The backend is there.
    Reaches,
    /// The policy is about the object.
    Applies,
    /// The grant allows references to the object.
    Allows,
}

impl Link {
    /// Whether requests go this way.
    pub fn carries(self) -> bool {
        !matches!(self, Self::Applies | Self::Allows | Self::Joins)
    }
}
