//! What stands around a proxy that somebody else runs, and changes while it is asked: backends and free ports that stay, and
//! answers that can be compared with more than one expectation.

use std::fmt;

use crate::options::Options;

use super::cases::RequestCase;
use super::check::{Mismatch, Outcome, check};
use super::client::Destination;
use super::error::Error;
use super::run::{Proof, Served, Stage};

/// Echo backends for all Services of a topology, and free loopback ports for its Gateways.
pub struct Scene<'a>(Stage<'a>);

impl fmt::Debug for Scene<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Scene").field(&self.0.options).finish()
    }
}

/// What came of one request.
#[derive(Clone, Debug)]
pub struct Asked(Outcome);

impl<'a> Scene<'a> {
    /// Starts the backends and reserves the ports; the proxy of the proof is not started. Must be called inside a tokio
    /// runtime, which serves the backends until the scene is dropped.
    ///
    /// # Errors
    ///
    /// When the system refuses a port.
    pub async fn build(proof: &Proof<'a>) -> Result<Self, Error> {
        let mut stage = Stage::build(proof, Served::Gateways(None)).await?;
        // A socket beside the proxy's own would take some of its datagrams.
        stage.datagram_ports.clear();
        Ok(Self(stage))
    }

    /// The options that move Gateways, Services and the admin interface there.
    pub fn options(&self) -> &Options {
        &self.0.options
    }

    /// Sends the request of a case once, on a connection of its own.
    ///
    /// # Errors
    ///
    /// When the case names a port or a file that is not there; no answer is no error.
    pub async fn ask(&self, case: &RequestCase) -> Result<Asked, Error> {
        let (address, tls) = (self.0.address(case, case.gateway.as_ref())?, self.0.client_tls(case)?);
        let outcome = self.0.send_all(case, Destination { address, tunnel: None }, tls, 1).await.pop();
        outcome.map(Asked).ok_or_else(|| Error::Case(format!("case `{}` was not sent", case.name)))
    }
}

impl Asked {
    /// What is not as the case expects.
    pub fn mismatches(&self, case: &RequestCase) -> Vec<Mismatch> {
        check(case, std::slice::from_ref(&self.0))
    }

    /// Whether nobody answered, and why.
    pub fn unanswered(&self) -> Option<String> {
        self.0.reply.as_ref().err().map(ToString::to_string)
    }
}
