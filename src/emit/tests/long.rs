//! Long lists, which are written in pieces: the text is that of one piece.

use envoy_types::pb::envoy::config::bootstrap::v3::{Bootstrap, bootstrap::StaticResources};
use envoy_types::pb::envoy::config::cluster::v3::Cluster;
use envoy_types::pb::envoy::config::listener::v3::{Listener, ListenerFilter};
use prost::Message as _;

use super::super::{BOOTSTRAP, Comments};
use super::{json, yaml_with};

struct Names;

impl Comments for Names {
    fn comment(&self, _message: &str, name: &str) -> Option<String> {
        Some(format!("the one named {name}"))
    }
}

fn bootstrap(resources: StaticResources) -> Vec<u8> {
    Bootstrap { static_resources: Some(resources), ..Bootstrap::default() }.encode_to_vec()
}

/// A cluster of a few or of many bytes.
fn cluster(number: usize) -> Cluster {
    let size = if number % 1_000 == 7 { 200_000 } else { 100 + number % 50 };
    Cluster { name: format!("cluster-{number}"), alt_stat_name: "x".repeat(size), ..Cluster::default() }
}

/// A listener whose own list is long in every fifth.
fn listener(number: usize) -> Listener {
    let filters = if number.is_multiple_of(5) { 9_000 } else { 3 };
    let filter = |index| ListenerFilter { name: format!("filter-{number}-{index}"), ..ListenerFilter::default() };
    Listener {
        name: format!("listener-{number}"),
        listener_filters: (0..filters).map(filter).collect(),
        ..Listener::default()
    }
}

#[test]
fn the_pieces_of_long_lists_make_the_text_of_their_items() {
    let (clusters, listeners): (Vec<_>, Vec<_>) = ((0..9_000).map(cluster).collect(), (0..12).map(listener).collect());
    let text = |resources: StaticResources| yaml_with(BOOTSTRAP, &bootstrap(resources), &Names);
    let whole =
        text(StaticResources { clusters: clusters.clone(), listeners: listeners.clone(), ..Default::default() });
    let mut expected = "static_resources:\n  listeners:\n".to_owned();
    for listener in listeners {
        let one = text(StaticResources { listeners: vec![listener], ..Default::default() });
        expected.push_str(one.strip_prefix("static_resources:\n  listeners:\n").unwrap());
    }
    expected.push_str("  clusters:\n");
    for cluster in clusters {
        let one = text(StaticResources { clusters: vec![cluster], ..Default::default() });
        expected.push_str(one.strip_prefix("static_resources:\n  clusters:\n").unwrap());
    }
    assert!(whole == expected);
}

#[test]
fn long_lists_are_valid_json_too() {
    let clusters: Vec<_> = (0..9_000).map(cluster).collect();
    let text = json(BOOTSTRAP, &bootstrap(StaticResources { clusters, ..Default::default() }));
    let read: serde_json::Value = serde_json::from_str(&text).unwrap();
    let names = read["static_resources"]["clusters"].as_array().unwrap().iter().map(|cluster| &cluster["name"]);
    assert!(names.eq((0..9_000).map(|number| format!("cluster-{number}")).collect::<Vec<_>>().iter()));
}
