//! Words of objects that nothing has checked, in messages.

/// The longest name that is printed whole.
const LONGEST: usize = 253;

/// A word of such an object, for a message.
pub(super) fn shown(text: &str) -> String {
    let clipped: String = text.chars().take(LONGEST).collect();
    clipped.escape_debug().to_string()
}
