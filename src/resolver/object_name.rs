//! Names in references: the API server takes any text, and only some name an object
//! ([object names](https://kubernetes.io/docs/concepts/overview/working-with-objects/names/)).
//!
//! What is looked up is simply not found. What is assumed becomes a part of
//! paths, addresses and names of the configuration, so it must be a name.

/// The longest name of an object.
const LONGEST: usize = 253;

/// What to write in the place of a text that is no name.
pub(super) const HELP: &str =
    "write the name of the object alone: lower-case letters, digits, `-` and `.`, at most 253 of them";

/// Whether an object can have this name: a DNS subdomain of
/// [RFC 1123](https://www.rfc-editor.org/rfc/rfc1123#section-2.1), as the API server checks it.
pub fn is_object_name(name: &str) -> bool {
    let is_label = |label: &str| {
        let is_edge = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        let bytes = label.as_bytes();
        is_edge(bytes.first())
            && is_edge(bytes.last())
            && bytes.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-')
    };
    name.len() <= LONGEST && name.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::is_object_name;

    #[test]
    fn a_name_is_a_dns_subdomain() {
        for name in ["a", "web-1", "a.example.com", "0", &"a".repeat(253)] {
            assert!(is_object_name(name), "{name}");
        }
        for name in [
            "",
            ".",
            "..",
            "../x",
            "a/b",
            "A",
            "a_b",
            "-a",
            "a-",
            "a..b",
            "a b",
            "a\n::add-mask::b",
            "é",
            &"a".repeat(254),
        ] {
            assert!(!is_object_name(name), "{name}");
        }
    }
}
