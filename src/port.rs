//! Ports.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A port of TCP or UDP, 1 to 65535 where the API server has seen it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Port(u16);

impl Port {
    /// The port of `http`, which URLs leave out.
    pub const HTTP: Self = Self(80);
    /// The port of `https`, which URLs leave out.
    pub const HTTPS: Self = Self(443);

    /// The port of this number.
    pub const fn new(number: u16) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn number(self) -> u16 {
        self.0
    }
}

impl FromStr for Port {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        text.parse().map(Self)
    }
}

impl From<u16> for Port {
    fn from(number: u16) -> Self {
        Self(number)
    }
}

impl From<Port> for u16 {
    fn from(Port(number): Port) -> Self {
        number
    }
}

impl From<Port> for i64 {
    fn from(Port(number): Port) -> Self {
        number.into()
    }
}

impl From<Port> for u32 {
    fn from(Port(number): Port) -> Self {
        number.into()
    }
}

impl PartialEq<u16> for Port {
    fn eq(&self, other: &u16) -> bool {
        self.0 == *other
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
