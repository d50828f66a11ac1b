//! The names by which clients ask for Services
//! ([DNS for Services](https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/#services)).

use crate::name::NamespacedName;

/// The namespace and the name of the Service that a host stands for, where a client of a namespace asks for it, in a
/// cluster of a DNS domain. `None` for a host that is the name of no Service.
pub fn service_named<'h>(host: &'h str, client: &'h str, domain: &str) -> Option<(&'h str, &'h str)> {
    let host = host.strip_suffix('.').unwrap_or(host);
    let in_domain = host.strip_suffix(domain).and_then(|rest| rest.strip_suffix('.')?.strip_suffix(".svc"));
    let whole = in_domain.or_else(|| host.strip_suffix(".svc"));
    let is_label = |text: &str| {
        let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !text.is_empty() && text.bytes().all(is_allowed)
    };
    let found = match whole {
        Some(whole) => whole.split_once('.')?,
        None => host.split_once('.').unwrap_or((host, client)),
    };
    let (name, namespace) = found;
    (is_label(name) && is_label(namespace)).then_some((namespace, name))
}

/// Every name by which a client of a namespace asks for a Service, namespace and name, in a cluster of a DNS domain.
pub fn names_of_service((namespace, name): NamespacedName<'_>, client: &str, domain: &str) -> Vec<String> {
    let short = (namespace == client).then(|| name.to_string());
    let whole = format!("{name}.{namespace}.svc.{domain}");
    let names = [format!("{name}.{namespace}"), format!("{name}.{namespace}.svc"), format!("{whole}."), whole];
    short.into_iter().chain(names).collect()
}

#[cfg(test)]
mod tests {
    use super::{names_of_service, service_named};
    use crate::name::{Name, Namespace};

    #[test]
    fn every_name_of_a_service_stands_for_it() {
        for (client, count) in [("web", 5), ("team", 4)] {
            let names = names_of_service((&Namespace::from("web"), &Name::from("shop")), client, "cluster.local");
            assert_eq!(names.len(), count, "{names:?}");
            for name in names {
                assert_eq!(service_named(&name, client, "cluster.local"), Some(("web", "shop")), "{name}");
            }
        }
    }

    #[test]
    fn services_have_the_names_of_dns() {
        for host in ["shop", "shop.web", "shop.web.svc", "shop.web.svc.cluster.local", "shop.web.svc.cluster.local."] {
            assert_eq!(service_named(host, "web", "cluster.local"), Some(("web", "shop")), "{host}");
        }
        assert_eq!(service_named("shop", "team", "cluster.local"), Some(("team", "shop")));
        assert_eq!(service_named("shop.web", "team", "cluster.local"), Some(("web", "shop")));
        assert_eq!(service_named("shop.web.svc.corp.test", "team", "corp.test"), Some(("web", "shop")));
        assert_eq!(service_named("shop.web.svc.corp.test", "team", "cluster.local"), None);
    }

    #[test]
    fn other_hosts_are_no_services() {
        for host in ["shop.web.example.com", "pod.shop.web.svc", "shop.svc", "[::1]", "", ".web", "10.0.0.1"] {
            assert_eq!(service_named(host, "web", "cluster.local"), None, "{host}");
        }
    }
}
