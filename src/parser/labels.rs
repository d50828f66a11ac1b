//! Labels, annotations and selectors: texts by their names. Most objects have one or two, and there are as many lists of them
//! as objects, so that each is as long as it has to be.

use std::collections::BTreeMap;

/// Texts by their names, in the order of those.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(Box<[(Box<str>, Box<str>)]>);

impl Labels {
    /// The text of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let place = self.0.binary_search_by(|(known, _)| (**known).cmp(name)).ok()?;
        self.0.get(place).map(|(_, text)| &**text)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same with the text of a name, in the place of one that it has.
    #[must_use]
    pub(super) fn with(self, name: &str, text: &str) -> Self {
        let others = self.0.into_iter().filter(|(known, _)| **known != *name);
        let mut all: Vec<_> = others.chain([(name.into(), text.into())]).collect();
        all.sort();
        Self(all.into())
    }

    /// All of them, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, text)| (&**name, &**text))
    }
}

impl From<BTreeMap<String, String>> for Labels {
    fn from(texts: BTreeMap<String, String>) -> Self {
        Self(texts.into_iter().map(|(name, text)| (name.into_boxed_str(), text.into_boxed_str())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::Labels;

    #[test]
    fn texts_are_found_by_their_names() {
        let text = |number: u32| (format!("name-{number}"), number.to_string());
        let labels = Labels::from((0..20).map(text).collect::<std::collections::BTreeMap<_, _>>());
        assert!((0..20).all(|number| labels.get(&format!("name-{number}")) == Some(number.to_string().as_str())));
        assert_eq!(labels.get("name-20"), None);
        assert_eq!(labels.iter().take(3).map(|(name, _)| name).collect::<Vec<_>>(), ["name-0", "name-1", "name-10"]);
        assert!(Labels::default().is_empty() && !labels.is_empty());
    }
}
