//! "Did you mean": the nearest of some names.

use std::cmp::Reverse;

/// The most slips that still leave a name recognisable, however long it is.
const MOST_SLIPS: usize = 3;
/// How many words a name must have for another word among them to be a slip.
const WORDS_BESIDE_ANOTHER: usize = 3;

/// The candidate nearest to `name`, unless all are too far away to be meant.
///
/// One slip is allowed for every three characters of the longer of the two.
/// In a name of words with dashes between them, one word too many, too few or
/// other is one slip too. A letter in the wrong case is no slip, but of two
/// names that are equally near the one with more letters in the right case is
/// chosen.
pub(crate) fn nearest<N: AsRef<str> + Copy + Ord>(name: &str, candidates: impl IntoIterator<Item = N>) -> Option<N> {
    let lower = name.to_lowercase();
    let length = lower.chars().count();
    candidates
        .into_iter()
        .filter_map(|candidate| Some((slips(&lower, length, &candidate.as_ref().to_lowercase())?, candidate)))
        .min_by_key(|(slips, candidate)| (*slips, Reverse(same_characters(name, candidate.as_ref())), *candidate))
        .map(|(_, candidate)| candidate)
}

/// The slips between two names in lower case, and whether a whole word is one of them; `None` when they are too many.
fn slips(name: &str, length: usize, candidate: &str) -> Option<(usize, bool)> {
    let other = candidate.chars().count();
    let most = (length.max(other) / 3).min(MOST_SLIPS);
    // Names whose lengths differ by more need as many slips at least: most pairs are told apart without a comparison.
    let letters = (length.abs_diff(other) <= most).then(|| strsim::damerau_levenshtein(name, candidate));
    let words = is_one_word_off(name, candidate).then_some((1, true));
    letters.filter(|slips| *slips <= most).map(|slips| (slips, false)).into_iter().chain(words).min()
}

/// Whether two names are alike but for one word between dashes.
fn is_one_word_off(one: &str, other: &str) -> bool {
    if !one.contains('-') && !other.contains('-') {
        return false;
    }
    let count = |name: &str| name.split('-').count();
    let (most, least) = (count(one).max(count(other)), count(one).min(count(other)));
    if one == other || one.is_empty() || other.is_empty() || most - least > 1 {
        return false;
    }
    let before = one.split('-').zip(other.split('-')).take_while(|(one, other)| one == other).count();
    let after = one.rsplit('-').zip(other.rsplit('-')).take_while(|(one, other)| one == other).count();
    if most == least { most >= WORDS_BESIDE_ANOTHER && before + after + 1 >= most } else { before + after >= least }
}

fn same_characters(name: &str, candidate: &str) -> usize {
    name.chars().zip(candidate.chars()).filter(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_is_corrected_and_another_word_is_not() {
        assert_eq!(nearest("httpbinn", ["httpbin", "nginx"]), Some("httpbin"));
        assert_eq!(nearest("backendRef", ["backendRefs", "matches"]), Some("backendRefs"));
        assert_eq!(nearest("tl", ["port", "tls"]), Some("tls"));
        assert_eq!(nearest("prot", ["path", "port"]), Some("port"));
        assert_eq!(nearest("cart", ["checkout"]), None);
        assert_eq!(nearest("d", ["a"]), None);
        assert_eq!(nearest("", ["a"]), None);
    }

    #[test]
    fn the_case_of_letters_matters_less_than_the_letters() {
        assert_eq!(nearest("backendrefs", ["backendRefs", "matches"]), Some("backendRefs"));
        assert_eq!(nearest("exact", ["RegularExpression", "Exact"]), Some("Exact"));
        assert_eq!(nearest("App", ["app", "App2", "Apq"]), Some("app"));
        assert_eq!(nearest("Web", ["web", "weB"]), Some("web"));
    }

    #[test]
    fn one_word_of_a_dashed_name_is_one_slip() {
        let workloads = ["my-workload-v1", "my-workload-v2"];
        assert_eq!(nearest("my-bad-workload-v2", workloads), Some("my-workload-v2"));
        assert_eq!(nearest("workload-v1", workloads), Some("my-workload-v1"));
        assert_eq!(nearest("my-workload-v2-canary", workloads), Some("my-workload-v2"));
        assert_eq!(
            nearest("shop-orders-staging", ["shop-orders-production", "shop-cart-production"]),
            Some("shop-orders-production")
        );
        assert_eq!(nearest("redis-cart", ["cart"]), Some("cart"));
        // A letter is a smaller slip than a word.
        assert_eq!(nearest("bakend-not-found", ["parent-not-found", "backend-not-found"]), Some("backend-not-found"));
    }

    #[test]
    fn two_words_that_differ_are_no_slip() {
        assert_eq!(nearest("web-backend", ["web-frontend"]), None);
        assert_eq!(nearest("orders", ["shop-api-orders"]), None);
        assert_eq!(nearest("a-b-c", ["a-x-y"]), None);
        assert_eq!(nearest("-", ["checkout"]), None);
    }
}
