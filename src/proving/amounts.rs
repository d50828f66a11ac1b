//! Values of request cases that stand for several: numbers in a range, and
//! headers that meet a pattern.

use std::fmt;

use hyper::header::HeaderName;
use regex::Regex;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};

/// A number: `4` is exactly that, `{min: 1, max: 4}` both ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// The least.
    pub min: u64,
    /// The most.
    pub max: u64,
}

impl Count {
    /// Whether every number is within.
    pub(super) fn is_any(self) -> bool {
        self == Self { min: 0, max: u64::MAX }
    }

    /// Whether a number is within.
    pub(super) fn contains(self, number: u64) -> bool {
        (self.min..=self.max).contains(&number)
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self { min, max } if min == max => write!(f, "{min}"),
            Self { min, max: u64::MAX } => write!(f, "{min} or more"),
            Self { min, max } => write!(f, "{min} to {max}"),
        }
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Ends {
            #[serde(default)]
            min: u64,
            #[serde(default = "unlimited")]
            max: u64,
        }

        fn unlimited() -> u64 {
            u64::MAX
        }

        struct CountVisitor;

        impl<'de> Visitor<'de> for CountVisitor {
            type Value = Count;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or `{min: 1, max: 4}`")
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Count, E> {
                Ok(Count { min: number, max: number })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Count, A::Error> {
                let Ends { min, max } = Ends::deserialize(MapAccessDeserializer::new(map))?;
                if min > max {
                    return Err(A::Error::custom("`min` is more than `max`"));
                }
                Ok(Count { min, max })
            }
        }

        deserializer.deserialize_any(CountVisitor)
    }
}

/// Headers of which some line must match an expression in full.
#[derive(Clone, Debug, Default)]
pub struct Patterns(pub Vec<(HeaderName, Regex)>);

/// Expressions are equal when they are written alike.
impl PartialEq for Patterns {
    fn eq(&self, other: &Self) -> bool {
        let texts = |patterns: &Self| -> Vec<(HeaderName, String)> {
            patterns.0.iter().map(|(name, pattern)| (name.clone(), pattern.as_str().to_owned())).collect()
        };
        texts(self) == texts(other)
    }
}

impl<'de> Deserialize<'de> for Patterns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PatternsVisitor;

        impl<'de> Visitor<'de> for PatternsVisitor {
            type Value = Patterns;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping of header names to regular expressions")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Patterns, A::Error> {
                let mut patterns: Vec<(HeaderName, Regex)> = Vec::new();
                while let Some((key, text)) = map.next_entry::<String, String>()? {
                    let name = HeaderName::try_from(key.as_str())
                        .map_err(|_| A::Error::custom(format!("`{key}` is not a header name")))?;
                    if patterns.iter().any(|(other, _)| *other == name) {
                        return Err(A::Error::custom(format!("`{key}` stands here twice")));
                    }
                    let pattern = Regex::new(&format!("^(?:{text})$"))
                        .map_err(|error| A::Error::custom(format!("`{text}` is not a regular expression: {error}")))?;
                    patterns.push((name, pattern));
                }
                Ok(Patterns(patterns))
            }
        }

        deserializer.deserialize_map(PatternsVisitor)
    }
}
