//! The colours of all that people read: one list, so that a word has one look in every command.

/// How a text stands out on a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A title.
    Bold,
    /// What stands back behind the rest.
    Dim,
    /// An error, or a condition that is not as it should be.
    Red,
    /// What is to be looked at.
    Yellow,
    /// What is good.
    Green,
    /// What leads to a place.
    Blue,
    /// The name of what follows, and code.
    Cyan,
}

/// Ends every style.
pub const RESET: &str = "\u{1b}[0m";

impl Style {
    /// The sequence that begins the style.
    pub const fn sequence(self) -> &'static str {
        match self {
            Self::Bold => "\u{1b}[1m",
            Self::Dim => "\u{1b}[2m",
            Self::Red => "\u{1b}[1;31m",
            Self::Yellow => "\u{1b}[1;33m",
            Self::Green => "\u{1b}[32m",
            Self::Blue => "\u{1b}[1;34m",
            Self::Cyan => "\u{1b}[36m",
        }
    }

    /// A text in the style, where colours are wanted.
    pub fn paint(self, text: &str, color: bool) -> String {
        if color { format!("{}{text}{RESET}", self.sequence()) } else { text.to_owned() }
    }
}
