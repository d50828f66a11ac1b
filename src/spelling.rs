//! "Did you mean": the nearest of some names.

/// The candidate nearest to `name`, unless all are too far away to be meant.
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = name.chars().count() / 3;
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_is_corrected_and_another_word_is_not() {
        assert_eq!(nearest("httpbinn", ["httpbin", "nginx"]), Some("httpbin"));
        assert_eq!(nearest("backendRef", ["backendRefs", "matches"]), Some("backendRefs"));
        assert_eq!(nearest("cart", ["checkout"]), None);
        assert_eq!(nearest("d", ["a"]), None);
    }
}
