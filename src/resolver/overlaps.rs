//! Which of many hostnames overlap, without comparing all with all.

use std::collections::HashMap;

use crate::hostname::Hostname;

/// Hostnames by their places in a list.
#[derive(Debug)]
pub(super) struct Overlaps<'h> {
    hosts: Vec<&'h Hostname>,
    /// The first places that a hostname has itself, and of those that lie within it.
    places: HashMap<&'h Hostname, Places>,
}

#[derive(Debug, Default)]
struct Places {
    own: FirstTwo,
    within: FirstTwo,
}

/// The first two of some places: one of them is not the one that asks.
#[derive(Debug, Default)]
struct FirstTwo([Option<usize>; 2]);

impl FirstTwo {
    fn add(&mut self, place: usize) {
        if let Some(free) = self.0.iter_mut().find(|kept| kept.is_none()) {
            *free = Some(place);
        }
    }

    fn other_than(&self, place: usize) -> Option<usize> {
        self.0.iter().flatten().copied().find(|other| *other != place)
    }
}

impl<'h> Overlaps<'h> {
    pub(super) fn new(hosts: Vec<&'h Hostname>) -> Self {
        let mut places: HashMap<&Hostname, Places> = HashMap::with_capacity(hosts.len());
        for (place, host) in hosts.iter().enumerate() {
            places.entry(host).or_default().own.add(place);
        }
        for (place, host) in hosts.iter().enumerate() {
            for above in host.ancestors() {
                if let Some(of_above) = places.get_mut(&above) {
                    of_above.within.add(place);
                }
            }
        }
        Self { hosts, places }
    }

    /// The first other place whose hosts overlap with those of a place.
    pub(super) fn first_with(&self, place: usize) -> Option<usize> {
        let host = *self.hosts.get(place)?;
        let above = host.ancestors().filter_map(|above| self.places.get(&above)?.own.other_than(place));
        let within = self.places.get(host).and_then(|places| places.within.other_than(place));
        above.chain(within).min()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Overlaps;
    use crate::hostname::Hostname;

    proptest! {
        #[test]
        fn the_first_is_the_one_that_a_search_finds(
            names in prop::collection::vec(r"\*|(\*\.)?([ab]\.){0,2}[ab]", 0..12),
        ) {
            let hosts: Vec<Hostname> =
                names.iter().map(|name| Hostname::from_field(Some(name.as_str()).filter(|name| *name != "*"))).collect();
            let overlaps = Overlaps::new(hosts.iter().collect());
            for (place, host) in hosts.iter().enumerate() {
                let others = hosts.iter().enumerate().filter(|(other, _)| *other != place);
                let found = others.filter(|(_, other)| other.intersection(host).is_some()).map(|(other, _)| other).next();
                prop_assert_eq!(overlaps.first_with(place), found);
            }
        }
    }
}
