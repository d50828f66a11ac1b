//! Copies of a request: who gets them, of how many requests, and for which host.

use serde::Serialize;

use crate::ir::ClusterId;
use crate::simulate::{Answer, Copied, Outcome, Share};

/// The copies that one backend gets.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CopyView {
    pub(super) backend: String,
    pub(super) percent: f64,
    /// The share as a fraction, in text so that no digit is lost.
    share: String,
    /// The host that they are for.
    pub(super) host: String,
    pub(super) endpoints: Vec<String>,
}

/// The copies of a request, whatever becomes of it. `name` gives a backend with its endpoints.
pub(super) fn copies(outcomes: &[Outcome<'_>], name: impl Fn(ClusterId) -> (String, Vec<String>)) -> Vec<CopyView> {
    let mut sums: Vec<((ClusterId, &str), Share)> = Vec::new();
    for Outcome { share, answer, .. } in outcomes {
        let Answer::Upstream(upstream) = answer else { continue };
        for Copied { cluster, host } in &upstream.copies {
            match sums.iter_mut().find(|(known, _)| *known == (*cluster, host.as_str())) {
                Some((_, sum)) => *sum = *sum + *share,
                None => sums.push(((*cluster, host), *share)),
            }
        }
    }
    let view = |((cluster, host), share): ((ClusterId, &str), Share)| {
        let (backend, endpoints) = name(cluster);
        CopyView {
            backend,
            percent: share.percent(),
            share: format!("{}/{}", share.parts(), share.of()),
            host: host.to_owned(),
            endpoints,
        }
    };
    sums.into_iter().map(view).collect()
}
