//! The addresses of Services with routes before and after: clients of a mesh match by them, and `--mesh-capture address` listens there.

use std::collections::{BTreeMap, BTreeSet};

use super::change::{Change, ChangeKind, Touch, Touched};
use crate::compile::Compilation;
use crate::diagnostics::{Locate, Place};
use crate::name::{Name, Namespace, NamespacedName};
use crate::parser::api::Service;
use crate::parser::locate::Locator;
use crate::parser::manifests::Object;
use crate::path;

/// Adds Services that both sides have and that are at other addresses. `routed` are those that routes have ports of.
pub(super) fn compare([old, new]: [&Compilation; 2], routed: &BTreeSet<(Namespace, Name)>, changes: &mut Vec<Change>) {
    let [before, after] = [old, new].map(|side| services(side, routed));
    let [old_places, new_places] = [old, new].map(|side| Locator::new(&side.manifests));
    for (name, later) in after {
        let Some(earlier) = before.get(&name) else { continue };
        let (old_answer, new_answer) = (addresses(earlier), addresses(later));
        if old_answer == new_answer {
            continue;
        }
        let place = |locator: &Locator<'_>, service: &Object<Service>| {
            Locate::place(locator, &service.head.at(&path!["spec", "clusterIP"])).map(Place::line)
        };
        changes.push(Change {
            kind: ChangeKind::Listener,
            // It is at these whoever asks.
            gateway: String::new(),
            subject: format!("Service {}/{}: addresses of its clients", name.0, name.1),
            host: String::new(),
            further_hosts: 0,
            clients: None,
            old_place: place(&old_places, earlier),
            new_place: place(&new_places, later),
            witness: None,
            old_answer,
            new_answer,
            touched: vec![Touched::new(Touch::Backend, name)],
        });
    }
}

fn services<'c>(
    side: &'c Compilation,
    routed: &BTreeSet<(Namespace, Name)>,
) -> BTreeMap<NamespacedName<'c>, &'c Object<Service>> {
    let is_routed = |service: &&Object<Service>| {
        let metadata = &service.metadata;
        !service.position.context && routed.iter().any(|(namespace, name)| (namespace, name) == metadata.sort_key())
    };
    side.manifests.services.iter().filter(is_routed).map(|service| (service.metadata.sort_key(), service)).collect()
}

/// Where clients find a Service, in words.
fn addresses(service: &Object<Service>) -> String {
    let known: BTreeSet<_> = service.spec.cluster_ips().collect();
    if known.is_empty() {
        return "the manifests say no address".to_owned();
    }
    known.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
