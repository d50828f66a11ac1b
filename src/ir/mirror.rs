//! Copies of requests.

use serde::Serialize;

use super::ClusterId;
use super::default::is_default;

/// A share of requests, in millionths: Envoy's finest resolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Share(u32);

impl Share {
    /// How many parts a whole has.
    pub const PARTS: u32 = 1_000_000;
    /// Every request.
    pub const ALL: Self = Self(Self::PARTS);

    /// The share `numerator / denominator`, rounded to the nearest millionth
    /// and never more than every request.
    pub fn ratio(numerator: u64, denominator: u64) -> Self {
        let parts = u128::from(Self::PARTS);
        let (numerator, denominator) = (u128::from(numerator), u128::from(denominator.max(1)));
        let rounded = (numerator * parts * 2 + denominator) / (denominator * 2);
        Self(u32::try_from(rounded.min(parts)).unwrap_or(Self::PARTS))
    }

    /// The millionths.
    pub fn parts(self) -> u32 {
        self.0
    }
}

/// A copy of requests to another cluster; what it answers is dropped.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Mirror {
    /// Who gets the copies.
    pub cluster: ClusterId,
    /// How many requests are copied; above 0. Of two mirrors of one route the
    /// requests of the smaller share are among those of the larger one.
    pub share: Share,
    /// The host that copies are for.
    #[serde(skip_serializing_if = "is_default")]
    pub host: CopyHost,
}

/// The host that a copy of a request is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub enum CopyHost {
    /// The one that the backend sees.
    #[default]
    Same,
    /// The same with `-shadow` at the end of its name.
    Marked,
    /// This one.
    Literal(String),
}

#[cfg(test)]
mod tests {
    use super::Share;

    #[test]
    fn a_share_is_rounded_to_the_nearest_millionth() {
        assert_eq!(Share::ratio(1, 3).parts(), 333_333);
        assert_eq!(Share::ratio(2, 3).parts(), 666_667);
        assert_eq!(Share::ratio(25, 100).parts(), 250_000);
        assert_eq!(Share::ratio(5, 5), Share::ALL);
        assert_eq!(Share::ratio(1, u64::MAX).parts(), 0);
    }
}
