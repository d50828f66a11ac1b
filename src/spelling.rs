//! "Did you mean": the nearest of some names.

use std::cmp::Reverse;

/// The most slips that still leave a name recognisable, however long it is.
const MOST_SLIPS: usize = 3;

/// The candidate nearest to `name`, unless all are too far away to be meant.
///
/// One slip is allowed for every three characters of the longer of the two.
/// A letter in the wrong case is no slip, but of two names that are equally
/// near the one with more letters in the right case is chosen.
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(slips, candidate)| *slips <= most_slips(name, candidate))
        .min_by_key(|(slips, candidate)| (*slips, Reverse(same_characters(name, candidate)), *candidate))
        .map(|(_, candidate)| candidate)
}

fn most_slips(name: &str, candidate: &str) -> usize {
    (name.chars().count().max(candidate.chars().count()) / 3).min(MOST_SLIPS)
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
}
