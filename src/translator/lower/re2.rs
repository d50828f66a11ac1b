//! Regular expressions as Envoy's engine (RE2) reads them.

/// Why RE2 refuses a pattern, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BadRegex {
    /// The byte of the pattern at which it goes wrong.
    pub(super) offset: usize,
    /// What is wrong, in a few words.
    pub(super) message: String,
}

/// Checks a pattern that Envoy will have to load.
pub(super) fn check(pattern: &str) -> Result<(), BadRegex> {
    if pattern.is_empty() {
        return Err(BadRegex { offset: 0, message: "the empty pattern".to_owned() });
    }
    match regex::Regex::new(pattern) {
        Ok(_) => Ok(()),
        Err(error) => {
            Err(BadRegex { offset: 0, message: error.to_string().lines().last().unwrap_or_default().to_owned() })
        }
    }
}
