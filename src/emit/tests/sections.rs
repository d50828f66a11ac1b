//! Sections and the protobuf form.

use envoy_types::pb::envoy::config::bootstrap::v3::Bootstrap;
use envoy_types::pb::envoy::service::discovery::v3::DiscoveryResponse;
use prost::Message as _;

use super::super::{BOOTSTRAP, Format, NoComments, Section, section, sort_map_entries, write_pb, write_section};
use super::samples::{bootstrap, bootstrap_wire};
use super::yaml;

fn written(which: Section, format: Format) -> Vec<u8> {
    let mut out = Vec::new();
    write_section(&bootstrap_wire(), which, format, &NoComments, &mut out).unwrap();
    out
}

#[test]
fn every_section_lists_its_own_resources() {
    for (which, count, first) in [
        (Section::Listeners, 2, "name: \"0.0.0.0_8443\""),
        (Section::Routes, 1, "name: a"),
        (Section::Clusters, 2, "name: shop/a/80"),
        (Section::Endpoints, 2, "cluster_name: shop/a/80"),
        (Section::Secrets, 1, "name: web"),
    ] {
        let wire = bootstrap_wire();
        let resources = section(&wire, which).unwrap();
        assert_eq!(resources.len(), count, "{which:?}");
        let text = String::from_utf8(written(which, Format::Yaml)).unwrap();
        let head = format!("resources:\n- \"@type\": type.googleapis.com/{}\n  {first}\n", which.message());
        assert!(text.starts_with(&head), "{text}");
        let parsed: serde_json::Value = serde_json::from_slice(&written(which, Format::Json)).unwrap();
        assert_eq!(parsed, serde_yaml::from_str::<serde_json::Value>(&text).unwrap());
        assert_eq!(parsed["resources"].as_array().unwrap().len(), count);
        let response = DiscoveryResponse::decode(written(which, Format::Pb).as_slice()).unwrap();
        assert_eq!(response.resources.len(), count);
        assert_eq!(response.type_url, response.resources[0].type_url);
        assert_eq!(response.version_info.len(), 16);
        assert_eq!(response.resources[0].type_url, format!("type.googleapis.com/{}", which.message()));
        assert!(!response.resources[0].value.is_empty());
    }
}

#[test]
fn an_empty_section_is_an_empty_list() {
    let mut out = Vec::new();
    write_section(&[], Section::Secrets, Format::Yaml, &NoComments, &mut out).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "resources: []\n");
}

#[test]
fn the_version_follows_the_content() {
    let version = |wire: &[u8]| {
        let mut out = Vec::new();
        write_section(wire, Section::Clusters, Format::Pb, &NoComments, &mut out).unwrap();
        DiscoveryResponse::decode(out.as_slice()).unwrap().version_info
    };
    assert_eq!(version(&bootstrap_wire()), version(&bootstrap_wire()));
    let mut other = bootstrap();
    other.static_resources.as_mut().unwrap().clusters[0].name.push('x');
    assert_ne!(version(&bootstrap_wire()), version(&other.encode_to_vec()));
}

#[test]
fn protobuf_is_the_same_for_every_order_of_a_hash_map() {
    let mut outputs = std::collections::HashSet::new();
    let mut inputs = std::collections::HashSet::new();
    for _ in 0..50 {
        let wire = bootstrap_wire();
        let mut out = Vec::new();
        write_pb(BOOTSTRAP, &wire, &mut out).unwrap();
        assert_eq!(yaml(BOOTSTRAP, &out), yaml(BOOTSTRAP, &wire));
        Bootstrap::decode(out.as_slice()).unwrap();
        let mut again = out.clone();
        sort_map_entries(BOOTSTRAP, &mut again).unwrap();
        assert_eq!(again, out);
        inputs.insert(wire);
        outputs.insert(out);
    }
    assert!(inputs.len() > 1, "the sample has no map that the encoder shuffles");
    assert_eq!(outputs.len(), 1);
}
