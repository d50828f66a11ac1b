//! How the text looks.

use prost::Message as _;

use super::super::{BOOTSTRAP, Comments, write_json, write_yaml};
use super::samples::{self, route_configuration, route_to};
use super::{json, yaml, yaml_with};
use crate::emit::wire::{put_bytes, put_varint};

struct Kinds;

impl Comments for Kinds {
    fn comment(&self, message: &str, name: &str) -> Option<String> {
        let kind = message.rsplit('.').next()?;
        ["Listener", "VirtualHost", "Route", "Cluster", "RouteConfiguration"]
            .contains(&kind)
            .then(|| format!("{kind} {name}\nline\u{7} 2"))
    }
}

const SMALL: &str = r#"# RouteConfiguration all
"#;

#[test]
fn routes_read_as_an_expert_writes_them() {
    let routes = route_configuration("all", vec![route_to("yes", "/a", "shop/a/80")]);
    let text = yaml_with("envoy.config.route.v3.RouteConfiguration", &routes.encode_to_vec(), &Kinds);
    assert!(!text.starts_with(SMALL), "the root has no line above it");
    assert_eq!(
        text,
        r#"name: all
validate_clusters: false
virtual_hosts:
# VirtualHost *.example.com
# line� 2
- name: "*.example.com"
  domains:
  - "*.example.com"
  - "*"
  - "n"
  - "1"
  routes:
  # Route yes
  # line� 2
  - name: "yes"
    match:
      path_separated_prefix: /a
    route:
      cluster: shop/a/80
      timeout: 0s
"#
    );
}

#[test]
fn json_has_the_same_order_and_no_comments() {
    let routes = route_configuration("all", vec![]);
    assert_eq!(
        json("envoy.config.route.v3.RouteConfiguration", &routes.encode_to_vec()),
        "{\n  \"name\": \"all\",\n  \"validate_clusters\": false,\n  \"virtual_hosts\": [\n    {\n      \"name\": \
         \"*.example.com\",\n      \"domains\": [\n        \"*.example.com\",\n        \"*\",\n        \"n\",\n        \
         \"1\"\n      ]\n    }\n  ]\n}\n"
    );
}

#[test]
fn certificates_are_literal_blocks_and_packed_types_come_first() {
    let text = yaml(BOOTSTRAP, &samples::bootstrap_wire());
    let certificate = "\
        - certificate_chain:
              inline_string: |
                -----BEGIN CERTIFICATE-----
                MIIB
                AQ==
                -----END CERTIFICATE-----
            private_key:
              inline_bytes: \"+/8=\"
";
    let wanted: Vec<&str> = certificate.lines().map(str::trim_start).collect();
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    assert!(lines.windows(wanted.len()).any(|window| window == wanted), "{text}");
    let typed = "        typed_config:\n          \"@type\": type.googleapis.com/envoy.extensions.filters.network.\
                 http_connection_manager.v3.HttpConnectionManager\n          stat_prefix: http\n";
    assert!(text.contains(typed), "{text}");
    assert!(text.contains("          validate_clusters: false\n"), "{text}");
    assert!(text.starts_with("node:\n  id: \"1\"\n  cluster: \"null\"\nadmin:\n"), "{text}");
}

#[test]
fn nested_lists_and_empty_values_are_written_in_place() {
    let text = yaml(BOOTSTRAP, &samples::bootstrap_wire());
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    let at = lines.iter().position(|line| *line == "gwctl:").unwrap();
    assert_eq!(
        lines[at + 1..at + 11],
        [
            "empty: {}",
            "flag: false",
            "huge: 1.0e+300",
            "list:",
            "- []",
            "- 2",
            "\"null\": null",
            "number: 1.5",
            "text: \"on\"",
            "whole: -7"
        ]
    );
    assert!(lines.contains(&"- {}"), "the listener without fields: {text}");
}

#[test]
fn what_the_table_does_not_know_is_an_error() {
    let mut wire = Vec::new();
    put_bytes(&mut wire, 4_000, b"x");
    let error = write_json(BOOTSTRAP, &wire, &mut std::io::sink()).unwrap_err();
    assert_eq!(error.to_string(), format!("`{BOOTSTRAP}` has no field 4000"));

    let any = envoy_types::pb::google::protobuf::Any { type_url: "example.com/x.Unknown".to_owned(), value: vec![] };
    let error = write_json("google.protobuf.Any", &any.encode_to_vec(), &mut std::io::sink()).unwrap_err();
    assert_eq!(error.to_string(), "the packed type `x.Unknown` is not in the table of messages");

    let error = write_yaml("x.Unknown", &[], &super::NoComments, &mut std::io::sink()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);

    let mut twice = Vec::new();
    put_bytes(&mut twice, 1, b"a");
    put_bytes(&mut twice, 1, b"b");
    let error = write_json("envoy.config.cluster.v3.Cluster", &twice, &mut std::io::sink()).unwrap_err();
    assert_eq!(error.to_string(), "`envoy.config.cluster.v3.Cluster.name` is given twice");
}

#[test]
fn endless_nesting_is_an_error() {
    let mut wire = Vec::new();
    for _ in 0..500 {
        // A list value that holds a value that holds the list so far.
        let mut value = Vec::new();
        put_bytes(&mut value, 6, &wire);
        wire.clear();
        put_bytes(&mut wire, 1, &value);
    }
    let error = write_json("google.protobuf.ListValue", &wire, &mut std::io::sink()).unwrap_err();
    assert!(error.to_string().contains("too deeply"), "{error}");
}

#[test]
fn integers_that_doubles_cannot_hold_are_strings() {
    let mut wire = Vec::new();
    for (value, text) in [(1_u64 << 53, "9007199254740992"), (u64::MAX, "\"18446744073709551615\"")] {
        wire.clear();
        wire.push(8);
        put_varint(&mut wire, value);
        assert_eq!(json("google.protobuf.UInt64Value", &wire).trim(), text);
    }
    assert_eq!(json("google.protobuf.UInt64Value", &[]).trim(), "0");
    assert_eq!(json("google.protobuf.StringValue", &[]).trim(), "\"\"");
}

#[test]
fn a_failing_writer_fails_the_document() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let error = write_json(BOOTSTRAP, &samples::bootstrap_wire(), &mut Full).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
}
