//! Pods, as far as they say which endpoints of a Service are meant by their labels
//! ([Pod](https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/)).

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::node::Node;

/// A Pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pod {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its addresses, none where they are those of its node.
    pub addresses: Vec<IpAddr>,
}

impl Pod {
    /// Reads what is needed of an object. What has another form is passed over: nobody has validated it.
    pub(super) fn read(node: &Node) -> Self {
        let labels = node.get("metadata").and_then(|metadata| metadata.get("labels")).and_then(Node::as_map);
        let text = |(key, value): &(String, Node)| Some((key.clone(), value.as_str()?.to_owned()));
        let labels = labels.unwrap_or_default().iter().filter_map(text).collect();
        let is_of_node = node.get("spec").and_then(|spec| spec.get("hostNetwork")) == Some(&Node::Bool(true));
        let status = node.get("status").filter(|_| !is_of_node);
        let address = |node: &Node| node.as_str().and_then(|text| text.parse::<IpAddr>().ok());
        let first = status.and_then(|status| status.get("podIP")).and_then(address);
        let listed = status.and_then(|status| status.get("podIPs")).and_then(Node::as_list).unwrap_or_default();
        let mut addresses: Vec<IpAddr> = first.into_iter().collect();
        addresses.extend(listed.iter().filter_map(|item| address(item.get("ip")?)));
        addresses.sort_unstable();
        addresses.dedup();
        Self { labels, addresses }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parser::decode::decode;
    use crate::parser::split::Syntax;

    fn read(text: &str) -> Pod {
        Pod::read(&decode(text, Syntax::Yaml).unwrap().node)
    }

    #[test]
    fn labels_and_addresses_are_read_and_what_has_another_form_is_not() {
        let text = "metadata: {labels: {app: cart, zone: 1}}\nstatus: {podIP: 10.0.0.2, podIPs: [{ip: 10.0.0.2}, {ip: '::2'}, 1]}\n";
        let Pod { labels, addresses } = read(text);
        assert_eq!(labels, BTreeMap::from([("app".to_owned(), "cart".to_owned())]));
        assert_eq!(addresses, ["10.0.0.2".parse::<IpAddr>().unwrap(), "::2".parse().unwrap()]);
        assert_eq!(read("metadata: {labels: [app]}\nstatus: ready\n"), Pod::default());
    }

    #[test]
    fn the_address_of_a_node_is_not_that_of_a_pod() {
        let text = "spec: {hostNetwork: true}\nstatus: {podIP: 10.0.0.2}\n";
        assert_eq!(read(text).addresses, [] as [IpAddr; 0]);
    }
}
