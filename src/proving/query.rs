//! Parameters of queries by which cases steer echo backends.

/// The values of a parameter, with what was escaped in them as it was meant.
pub(super) fn parameters(query: &str, name: &str) -> Vec<String> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(key, _)| *key == name).map(|(_, value)| unescaped(value)).collect()
}

/// A text with its escaped bytes (`%7B`) as they are; a `%` that begins none stays.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let digits = behind.get(..2).filter(|_| *first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::parameters;

    #[test]
    fn what_is_escaped_is_meant() {
        assert_eq!(parameters("a=%7B%22k%22%7d&b=1&a=100%25&a=5%&a=%zz", "a"), ["{\"k\"}", "100%", "5%", "%zz"]);
        assert!(parameters("", "a").is_empty());
    }
}
