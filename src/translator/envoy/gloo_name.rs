//! The names that Gloo Gateway gives to clusters and listeners, by which its dashboards and queries find their
//! statistics. What they leave out to tell two things apart is added where there are two: no two of a kind share a name.

use std::collections::HashMap;

use crate::ir::{BackendName, Cluster, Config, Entrance, Listener, Site};

use super::name;

/// What a name is made of has to fit into a name of an object.
const LONGEST: usize = 63;
/// How much of it is kept where it does not.
const KEPT: usize = 31;

/// Names the clusters and the listeners of a configuration as Gloo Gateway does.
pub fn give(config: &mut Config) {
    let mut taken = HashMap::new();
    for listener in config.listeners.iter_mut().filter(|listener| listener.entrance == Entrance::Socket) {
        let names = [listener_name(listener), format!("{}~{}", listener_name(listener), name::own_listener(listener))];
        name_first(names, listener, &mut taken);
    }
    taken.into_iter().for_each(|(called, listener)| listener.called = Some(called));
    let mut taken = HashMap::new();
    // The cluster of a backend without more to it has the name before those with more.
    let (plain, others): (Vec<&mut Cluster>, Vec<&mut Cluster>) =
        config.clusters.iter_mut().partition(|cluster| cluster.variant.is_empty());
    for cluster in plain.into_iter().chain(others) {
        let Some(called) = cluster_name(&cluster.backend) else { continue };
        let more = format!("{called}-{}", cluster.variant.replace('/', "-"));
        let digest = format!("{called}-{}", name::digest(name::own_cluster(cluster).as_bytes()));
        name_first([called, more, digest], cluster, &mut taken);
    }
    taken.into_iter().for_each(|(called, cluster)| cluster.called = Some(called));
}

/// Gives away the first of some names that nobody has.
fn name_first<T>(names: impl IntoIterator<Item = String>, one: T, taken: &mut HashMap<String, T>) {
    let free = names.into_iter().find(|called| !taken.contains_key(called));
    taken.extend(free.map(|called| (called, one)));
}

/// Takes the names away again.
pub fn take(config: &mut Config) {
    config.listeners.iter_mut().for_each(|listener| listener.called = None);
    config.clusters.iter_mut().for_each(|cluster| cluster.called = None);
}

/// `listener~80`, whatever port is bound.
fn listener_name(listener: &Listener) -> String {
    format!("listener~{}", listener.port)
}

/// `kube-svc:<namespace>-<name>-<port>_<namespace>` of a port of a Service, and `<name>_<namespace>` of an Upstream;
/// `None` where Gloo Gateway has no such backend.
fn cluster_name(backend: &BackendName) -> Option<String> {
    let BackendName { namespace, name, port, site } = backend;
    match site {
        Site::Internal => Some(format!("kube-svc:{}_{namespace}", shortened(&format!("{namespace}-{name}-{port}")))),
        Site::Upstream => Some(format!("{name}_{namespace}")),
        Site::External | Site::Backend | Site::Url | Site::Missing => None,
    }
}

/// A name that is too long ends with a digest.
fn shortened(name: &str) -> String {
    if name.len() <= LONGEST {
        return name.to_owned();
    }
    // Names of objects are ASCII.
    let kept = name.get(..KEPT).unwrap_or_default();
    format!("{kept}-{}", name::digest(name.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::{cluster_name, shortened};
    use crate::ir::{BackendName, Site};

    fn named(namespace: &str, name: &str, site: Site) -> Option<String> {
        cluster_name(&BackendName { namespace: namespace.into(), name: name.into(), port: 8000.into(), site })
    }

    #[test]
    fn clusters_are_called_as_dashboards_expect() {
        let service = named("httpbin", "httpbin", Site::Internal);
        assert_eq!(service.as_deref(), Some("kube-svc:httpbin-httpbin-8000_httpbin"));
        assert_eq!(named("shop", "outside", Site::Upstream).as_deref(), Some("outside_shop"));
        assert_eq!(named("shop", "outside", Site::External), None);
        assert_ne!(named("a-b", "c", Site::Internal), named("a", "b-c", Site::Internal));
    }

    #[test]
    fn long_names_stay_different() {
        let (one, other) = (format!("{}-1", "a".repeat(70)), format!("{}-2", "a".repeat(70)));
        assert!(shortened(&one) != shortened(&other) && shortened(&one).len() <= 63);
        assert_eq!(shortened("shop-cart-80"), "shop-cart-80");
    }
}
