//! Copies of requests, and shares that do not depend on each other.
//!
//! A request has one random number R. A share tests R modulo a million, a
//! weighted list R modulo the sum of its weights: where the two numbers have a
//! large common divisor, the one decides about the other.

use envoy_types::pb::envoy::config::core::v3::RuntimeFractionalPercent;
use envoy_types::pb::envoy::config::route::v3::route_action::RequestMirrorPolicy;
use envoy_types::pb::envoy::r#type::v3::{FractionalPercent, fractional_percent::DenominatorType};

use crate::ir::{self, CopyHost, Mirror, Share};

use super::name;

/// The largest common divisor of a sum of weights and a million that is let
/// be: the drawn backend shifts a share by at most so many millionths.
const LARGEST_DIVISOR: u32 = 1_000;

/// What weights are multiplied with before the sum is changed by one.
const FINER: u32 = 200;

/// Which of the copies that are asked for a route makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Copies {
    /// Each of its share of the requests.
    OfShares,
    /// Those of so large a share at least, of every request.
    OfAll(Share),
}

impl Copies {
    /// The mirrors, each with the share of the requests that is copied to it.
    pub(super) fn of(self, mirrors: &[Mirror]) -> impl Iterator<Item = (&Mirror, Share)> {
        mirrors.iter().filter_map(move |mirror| match self {
            Self::OfShares => Some((mirror, mirror.share)),
            Self::OfAll(share) => (mirror.share >= share).then_some((mirror, Share::ALL)),
        })
    }
}

pub(super) fn to_mirror(mirror: &Mirror, share: Share, config: &ir::Config) -> RequestMirrorPolicy {
    let Mirror { cluster, share: _, host } = mirror;
    RequestMirrorPolicy {
        cluster: name::cluster(config.cluster(*cluster)),
        runtime_fraction: (share < Share::ALL).then(|| fraction(share.parts())),
        disable_shadow_host_suffix_append: *host != CopyHost::Marked,
        host_rewrite_literal: match host {
            CopyHost::Same | CopyHost::Marked => String::new(),
            CopyHost::Literal(host) => host.clone(),
        },
        ..RequestMirrorPolicy::default()
    }
}

/// So many millionths of the requests.
pub(super) fn fraction(millionths: u32) -> RuntimeFractionalPercent {
    RuntimeFractionalPercent {
        default_value: Some(FractionalPercent { numerator: millionths, denominator: DenominatorType::Million as i32 }),
        ..RuntimeFractionalPercent::default()
    }
}

/// Changes weights, and their proportions by less than a millionth each, so
/// that a share of the requests has the same part in every one of them.
pub(super) fn spread(weights: &mut [u32]) {
    let divisor = weights.iter().fold(0, |divisor, weight| gcd(divisor, *weight)).max(1);
    weights.iter_mut().for_each(|weight| *weight /= divisor);
    let sum: u32 = weights.iter().sum();
    if gcd(sum, Share::PARTS) <= LARGEST_DIVISOR {
        return;
    }
    weights.iter_mut().for_each(|weight| *weight = weight.saturating_mul(FINER));
    if let Some(largest) = weights.iter_mut().max() {
        // The sum was a multiple of 10, and now has no factor in common with a million.
        *largest = largest.saturating_add(1);
    }
}

fn gcd(one: u32, other: u32) -> u32 {
    if other == 0 { one } else { gcd(other, one % other) }
}

#[cfg(test)]
mod tests {
    use super::{LARGEST_DIVISOR, gcd, spread};
    use crate::ir::Share;

    #[test]
    fn weights_are_reduced_until_shares_are_independent() {
        for (before, after) in [
            (vec![50, 50], vec![1, 1]),
            (vec![30, 70], vec![3, 7]),
            (vec![333_333, 666_667], vec![66_666_600, 133_333_401]),
        ] {
            let mut weights = before.clone();
            spread(&mut weights);
            assert_eq!(weights, after, "{before:?}");
            let sum: u32 = weights.iter().sum();
            assert!(gcd(sum, Share::PARTS) <= LARGEST_DIVISOR, "{before:?}");
        }
    }

    #[test]
    fn the_largest_weights_of_the_api_stay_within_envoys_sum() {
        let mut weights = [1_000_000; 16];
        weights[0] = 999_984;
        spread(&mut weights);
        assert!(weights.iter().map(|weight| u64::from(*weight)).sum::<u64>() <= u64::from(u32::MAX));
    }
}
