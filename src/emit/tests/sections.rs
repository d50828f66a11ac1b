//! Sections and the protobuf form.

use envoy_types::pb::envoy::config::bootstrap::v3::Bootstrap;
use envoy_types::pb::envoy::config::core::v3::{DataSource, data_source};
use envoy_types::pb::envoy::extensions::transport_sockets::tls::v3 as tls;
use envoy_types::pb::envoy::service::discovery::v3::DiscoveryResponse;
use prost::Message as _;

use super::super::{BOOTSTRAP, Format, NoComments, holds_private_key, sort_map_entries, write_pb, write_resources};
use super::samples::{bootstrap, bootstrap_wire};
use super::yaml;

const CLUSTER: &str = "envoy.config.cluster.v3.Cluster";
const LISTENER: &str = "envoy.config.listener.v3.Listener";
const SECRET: &str = "envoy.extensions.transport_sockets.tls.v3.Secret";

/// The resources of the sample, by their message.
fn samples(message: &str) -> Vec<Vec<u8>> {
    let resources = bootstrap().static_resources.unwrap();
    match message {
        CLUSTER => resources.clusters.iter().map(prost::Message::encode_to_vec).collect(),
        LISTENER => resources.listeners.iter().map(prost::Message::encode_to_vec).collect(),
        _ => resources.secrets.iter().map(prost::Message::encode_to_vec).collect(),
    }
}

fn written(message: &str, resources: &[Vec<u8>], format: Format) -> Vec<u8> {
    let mut out = Vec::new();
    let resources: Vec<&[u8]> = resources.iter().map(Vec::as_slice).collect();
    write_resources(message, &resources, format, &NoComments, &mut out).unwrap();
    out
}

#[test]
fn resources_are_listed_with_their_type() {
    for (message, count, first) in
        [(LISTENER, 2, "name: \"0.0.0.0_8443\""), (CLUSTER, 2, "name: shop/a/80"), (SECRET, 1, "name: web")]
    {
        let resources = samples(message);
        assert_eq!(resources.len(), count, "{message}");
        let text = String::from_utf8(written(message, &resources, Format::Yaml)).unwrap();
        let head = format!("resources:\n- \"@type\": type.googleapis.com/{message}\n  {first}\n");
        assert!(text.starts_with(&head), "{text}");
        let parsed: serde_json::Value = serde_json::from_slice(&written(message, &resources, Format::Json)).unwrap();
        assert_eq!(parsed, serde_yaml::from_str::<serde_json::Value>(&text).unwrap());
        assert_eq!(parsed["resources"].as_array().unwrap().len(), count);
        let response = DiscoveryResponse::decode(written(message, &resources, Format::Pb).as_slice()).unwrap();
        assert_eq!(response.resources.len(), count);
        assert_eq!(response.type_url, response.resources[0].type_url);
        assert_eq!(response.version_info.len(), 16);
        assert_eq!(response.resources[0].type_url, format!("type.googleapis.com/{message}"));
        assert!(!response.resources[0].value.is_empty());
    }
}

#[test]
fn inline_private_keys_are_found_wherever_they_are_packed() {
    let wire = bootstrap_wire();
    assert!(holds_private_key(BOOTSTRAP, &wire).unwrap());
    for (message, private) in [(LISTENER, true), (CLUSTER, false)] {
        let found = samples(message).iter().any(|wire| holds_private_key(message, wire).unwrap());
        assert_eq!(found, private, "{message}");
    }
    let secret = |specifier| {
        let key = DataSource { specifier: Some(specifier), ..Default::default() };
        let certificate = tls::TlsCertificate { private_key: Some(key), ..Default::default() };
        let secret =
            tls::Secret { name: "web".to_owned(), r#type: Some(tls::secret::Type::TlsCertificate(certificate)) };
        holds_private_key(SECRET, &secret.encode_to_vec()).unwrap()
    };
    assert!(secret(data_source::Specifier::InlineString("key".to_owned())));
    assert!(!secret(data_source::Specifier::Filename("tls.key".to_owned())));
}

#[test]
fn no_resources_are_an_empty_list() {
    assert_eq!(written(SECRET, &[], Format::Yaml), b"resources: []\n");
}

#[test]
fn the_version_follows_the_content() {
    let version = |resources: &[Vec<u8>]| {
        DiscoveryResponse::decode(written(CLUSTER, resources, Format::Pb).as_slice()).unwrap().version_info
    };
    let mut resources = samples(CLUSTER);
    assert_eq!(version(&resources), version(&samples(CLUSTER)));
    resources.swap(0, 1);
    assert_ne!(version(&resources), version(&samples(CLUSTER)));
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
