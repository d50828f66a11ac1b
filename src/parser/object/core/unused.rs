//! The fields of a Service that the API server checks and that decide on nothing here, and its selector.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::parser::labels::Labels;
use crate::parser::node::Node;
use crate::parser::schema::pattern::{self, is_qualified_name};
use crate::parser::schema::{Step, quote, unsupported, wrong_type};

use super::{Place, Reader};

const POLICIES: [&str; 2] = ["Cluster", "Local"];
const FAMILIES: [&str; 2] = ["IPv4", "IPv6"];
const FAMILY_POLICIES: [&str; 3] = ["SingleStack", "PreferDualStack", "RequireDualStack"];
/// The longest value of a label.
const LONGEST_LABEL: usize = 63;

impl Reader<'_> {
    /// The address of a Service that is of another family than its first one.
    pub(super) fn other_cluster_ip(spec: Place<'_>, first: IpAddr) -> Option<IpAddr> {
        let all = spec.get("clusterIPs").and_then(Node::as_list).unwrap_or_default();
        let mut addresses = all.iter().filter_map(|node| node.as_str()?.parse::<IpAddr>().ok());
        addresses.find(|address| address.is_ipv4() != first.is_ipv4())
    }

    /// The labels of the pods behind a Service. What the API server refuses is left out.
    pub(super) fn selector(&mut self, spec: Place<'_>) -> Labels {
        let at = spec.at.field("selector");
        let mut selector = BTreeMap::new();
        let Some(node) = spec.get("selector").filter(|node| self.is_map(node, &at)) else {
            return Labels::default();
        };
        for (label, value) in node.as_map().unwrap_or_default() {
            let at = at.field(label);
            if !is_qualified_name(label) {
                let help = format!("write {}", pattern::QUALIFIED_NAME.rule);
                self.report(&at, format!("{} is not the key of a label", quote(label)), help);
            }
            match value {
                Node::String(text) => {
                    if text.len() > LONGEST_LABEL || !(pattern::LABEL_VALUE.matches)(text) {
                        let help = format!("write at most {LONGEST_LABEL} characters: {}", pattern::LABEL_VALUE.rule);
                        self.report(&at, format!("{} is not a label value", quote(text)), help);
                    }
                    selector.insert(label.clone(), text.clone());
                }
                Node::Null => {
                    selector.insert(label.clone(), String::new());
                }
                other => self.push(wrong_type(other, "string", &at)),
            }
        }
        selector.into()
    }

    /// Checks the types and the words of the fields that are not read.
    pub(super) fn unused_fields(&mut self, spec: Place<'_>) {
        for field in ["internalTrafficPolicy", "externalTrafficPolicy"] {
            self.choice(spec, field, &POLICIES);
        }
        self.choice(spec, "ipFamilyPolicy", &FAMILY_POLICIES);
        for field in ["loadBalancerClass", "loadBalancerIP", "trafficDistribution"] {
            self.text(spec, field);
        }
        for field in ["allocateLoadBalancerNodePorts", "publishNotReadyAddresses"] {
            if let Some(value) = spec.get(field).filter(|value| !matches!(value, Node::Bool(_))) {
                self.push(wrong_type(value, "boolean", &spec.at.field(field)));
            }
        }
        if let Some(value) = spec.get("healthCheckNodePort").filter(|value| value.as_int().is_none()) {
            self.push(wrong_type(value, "integer", &spec.at.field("healthCheckNodePort")));
        }
        if let Some(value) = spec.get("sessionAffinityConfig") {
            self.is_map(value, &spec.at.field("sessionAffinityConfig"));
        }
        self.texts(spec, "ipFamilies", &mut |reader, family, at| {
            if !FAMILIES.contains(&family) {
                reader.push(unsupported(family, &FAMILIES, at));
            }
        });
        self.texts(spec, "externalIPs", &mut |reader, address, at| {
            if address.parse::<IpAddr>().is_err() {
                reader.report(at, format!("{} is not an IP address", quote(address)), "write an IP address");
            }
        });
        self.texts(spec, "clusterIPs", &mut |reader, address, at| {
            if address != "None" && address.parse::<IpAddr>().is_err() {
                let help = "write an IP address, or `None` for a headless Service";
                reader.report(at, format!("{} is not an IP address", quote(address)), help);
            }
        });
        self.texts(spec, "loadBalancerSourceRanges", &mut |_, _, _| ());
    }

    /// Checks that a field is a list of texts, and each of them.
    fn texts(&mut self, place: Place<'_>, field: &str, check: &mut dyn FnMut(&mut Self, &str, &Step<'_>)) {
        let list = place.at.field(field);
        for (index, node) in self.list(place, field).iter().enumerate() {
            let at = list.index(index);
            match node {
                Node::String(text) => check(self, text, &at),
                other => self.push(wrong_type(other, "string", &at)),
            }
        }
    }
}
