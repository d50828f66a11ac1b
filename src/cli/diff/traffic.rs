//! Compares what two sides do with requests: host by host and rule by rule, then listeners and backends.

use std::collections::{BTreeMap, BTreeSet};

use super::change::{Change, ChangeKind, Moved, Touch, Touched, WitnessView};
use super::describe::{cluster_name, describe_cluster};
use super::listeners;
use super::pods::{Behind, Pods};
use super::rules::{self, Both};
use super::side::{Chain, HostKey, Side, example, probe};
use crate::ir::Config;

/// The changes of traffic, one for all hosts that have it. Routes whose rules another one has now are added to `moved`.
pub(super) fn compare(both: Both<'_, '_>, pods: [&Pods<'_>; 2], moved: &mut BTreeSet<Moved>) -> Vec<Change> {
    let mut changes = Vec::new();
    compare_hosts(both, &mut changes, moved);
    listeners::compare(both, &mut changes);
    compare_clusters(both, pods, &mut changes);
    changes.sort_by(|a, b| (a.kind, &a.gateway, &a.subject, &a.host).cmp(&(b.kind, &b.gateway, &b.subject, &b.host)));
    merge_hosts(changes)
}

/// Compares the rules of each host that one of the sides has. A host that the other side does not have is compared with
/// whoever serves it there.
fn compare_hosts(both: Both<'_, '_>, changes: &mut Vec<Change>, moved: &mut BTreeSet<Moved>) {
    let keys: BTreeSet<&HostKey<'_>> = both.old.hosts.keys().chain(both.new.hosts.keys()).collect();
    for key in keys {
        let gateway = key.chain.socket.gateway;
        let (old, new) = (both.old.hosts.get(key), both.new.hosts.get(key));
        let other = |side: &'_ Side<'_>, at: Chain<'_>| side.decide(gateway, &probe(at, &example(key.host))).is_some();
        let (old, new) = match (old, new) {
            (Some(old), None) if other(both.new, old.at) => {
                (Some(old), both.new.fallback(gateway, &probe(old.at, &example(key.host))))
            }
            (None, Some(new)) if other(both.old, new.at) => {
                (both.old.fallback(gateway, &probe(new.at, &example(key.host))), Some(new))
            }
            pair => pair,
        };
        rules::compare(both, key, old, new, (changes, moved));
    }
}

/// One line for a change that several hosts have.
fn merge_hosts(changes: Vec<Change>) -> Vec<Change> {
    let mut merged: Vec<Change> = Vec::new();
    for change in changes {
        // They are in order: those of one subject follow each other.
        let is_of_subject =
            |one: &Change| (one.kind, &one.gateway, &one.subject) == (change.kind, &change.gateway, &change.subject);
        let mut of_subject = merged.iter_mut().rev().take_while(|known| is_of_subject(known));
        let answers = (&change.old_answer, &change.new_answer);
        let same = of_subject.find(|known| (&known.old_answer, &known.new_answer) == answers);
        match same {
            Some(first) if change.witness.is_some() || change.kind == ChangeKind::Reordered => first.further_hosts += 1,
            _ => merged.push(change),
        }
    }
    merged
}

/// Compares what stands behind the backends that are used on both sides.
fn compare_clusters(both: Both<'_, '_>, pods: [&Pods<'_>; 2], changes: &mut Vec<Change>) {
    let by_name = |config: &'_ Config, pods: &Pods<'_>| -> BTreeMap<String, Behind> {
        // Gateways may show certificates of their own to one backend.
        let mut known: BTreeMap<String, (BTreeSet<String>, Option<String>, bool)> = BTreeMap::new();
        for cluster in &config.clusters {
            let (words, behind, is_withheld) = known.entry(cluster_name(cluster, config)).or_default();
            words.insert(describe_cluster(cluster, config));
            *behind = pods.behind(cluster);
            *is_withheld = cluster.withheld;
        }
        let joined = known.into_iter().map(|(name, (words, pods, is_withheld))| {
            let words = words.into_iter().collect::<Vec<_>>().join("; or ");
            (name, Behind { words, pods, is_withheld })
        });
        joined.collect()
    };
    let [old_pods, new_pods] = pods;
    let (old, new) = (by_name(both.old.config, old_pods), by_name(both.new.config, new_pods));
    let changed = new.iter().filter_map(|(name, cluster)| {
        let [earlier, later] = old.get(name)?.apart(cluster)?;
        Some((name, earlier, later, cluster.is_withheld))
    });
    let changed: Vec<_> = changed.collect();
    if changed.is_empty() {
        return;
    }
    let (used, mut users) = (both.old.users(), both.new.users());
    for (name, earlier, later, is_withheld) in changed {
        let named = both.new.config.clusters.iter().find(|cluster| cluster_name(cluster, both.new.config) == *name);
        let backend = named.map(|cluster| (&cluster.backend.namespace, &cluster.backend.name));
        let touched = backend.into_iter().map(|backend| Touched::new(Touch::Backend, backend)).collect();
        let user = users.remove(name).filter(|_| used.contains_key(name));
        let (gateway, place, request) = match user {
            Some((gateway, place, request)) => (gateway.to_string(), place, request),
            None if is_withheld => (String::new(), None, None),
            None => continue,
        };
        changes.push(Change {
            kind: ChangeKind::Backend,
            gateway,
            subject: name.clone(),
            host: String::new(),
            further_hosts: 0,
            old_place: None,
            new_place: place,
            witness: request.as_deref().map(WitnessView::from),
            clients: None,
            old_answer: earlier,
            new_answer: later,
            touched,
        });
    }
}
