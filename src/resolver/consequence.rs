//! What an invalid backend means for the traffic of its rule, in words.

/// What the traffic does when a reference is invalid. Nearly none is, so it is
/// put into words only then.
#[derive(Clone, Copy, Debug)]
pub(super) enum Consequence<'r> {
    /// The same, whatever else the rule has.
    Fixed(&'static str),
    /// The share of entry `index` of a weighted list.
    Share {
        /// The weights of the list.
        weights: &'r [u32],
        /// The entry.
        index: usize,
        /// What the route carries.
        requests: &'static str,
        /// What becomes of the share.
        answer: &'static str,
    },
}

impl Consequence<'_> {
    /// The words.
    pub(super) fn describe(self) -> String {
        match self {
            Self::Fixed(text) => text.to_owned(),
            Self::Share { weights, index, requests, answer } => describe_share(weights, index, requests, answer),
        }
    }
}

/// What happens to the share of entry `index` of a weighted list, such as
/// `25 % of this rule's requests get 500`. `answer` says what they get.
fn describe_share(weights: &[u32], index: usize, requests: &str, answer: &str) -> String {
    let total: u64 = weights.iter().copied().map(u64::from).sum();
    match weights.get(index).map_or(0, |weight| u64::from(*weight)) {
        0 => "none today, since its weight is 0".to_owned(),
        weight if weight == total => format!("all {requests} of this rule {answer}"),
        weight => {
            let percent = weight as f64 * 100.0 / total as f64;
            format!("{} % of this rule's {requests} {answer}", (percent * 10.0).round() / 10.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::describe_share;

    #[test]
    fn a_share_is_told_by_its_weight() {
        let describe = |index| describe_share(&[1, 2, 0], index, "requests", "get 500");
        assert_eq!(describe(0), "33.3 % of this rule's requests get 500");
        assert_eq!(describe(2), "none today, since its weight is 0");
        assert_eq!(describe_share(&[7, 0], 0, "calls", "get UNAVAILABLE"), "all calls of this rule get UNAVAILABLE");
    }
}
