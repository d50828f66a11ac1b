//! The cases that are sent from a namespace, to Services in place of Gateways.

use std::collections::BTreeMap;

use super::super::mesh::ClientSide;
use crate::compile::Compilation;
use crate::ir::GatewayName;
use crate::options::Options;
use crate::proving::{CaseFile, RequestCase};
use crate::simulate::{Request, Simulator};

/// What the clients of each namespace meet from which a case is sent.
pub(super) type Sides<'c> = BTreeMap<&'c str, ClientSide<'c>>;

/// The sides of a file of cases.
pub(super) fn sides<'c>(cases: &'c CaseFile, compilation: &'c Compilation, options: &'c Options) -> Sides<'c> {
    let mut sides = BTreeMap::new();
    for client in cases.requests.iter().filter_map(|case| case.from.as_deref()) {
        sides.entry(client).or_insert_with(|| ClientSide::new(compilation, client, options));
    }
    sides
}

/// Who answers a case.
struct Answering<'s> {
    side: &'s ClientSide<'s>,
    service: GatewayName,
    simulator: Simulator<'s>,
}

/// Who answers each case of a file; `None` for one that is sent to a Gateway.
pub(super) struct SentFrom<'s>(Vec<Option<Result<Answering<'s>, String>>>);

impl<'s> SentFrom<'s> {
    pub(super) fn new(sides: &'s Sides<'s>, cases: &CaseFile, request: impl Fn(&RequestCase) -> Request) -> Self {
        let answering = |case: &RequestCase| {
            let side = sides.get(case.from.as_deref()?)?;
            let service = side.service_of(case, &request(case));
            Some(service.map(|service| Answering { side, simulator: side.simulator(&service), service }))
        };
        Self(cases.requests.iter().map(answering).collect())
    }

    /// The simulator for a case, by its position, or why nobody knows who answers.
    pub(super) fn simulator(&self, position: usize) -> Option<Result<&Simulator<'s>, String>> {
        let answering = self.0.get(position)?.as_ref()?;
        Some(answering.as_ref().map(|found| &found.simulator).map_err(Clone::clone))
    }

    /// The side and the Service that a case is sent to.
    pub(super) fn side(&self, position: usize) -> Option<(&ClientSide<'s>, &GatewayName)> {
        let Answering { side, service, simulator: _ } = self.0.get(position)?.as_ref()?.as_ref().ok()?;
        Some((side, service))
    }
}
