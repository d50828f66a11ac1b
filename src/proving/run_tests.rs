use std::path::{Path, PathBuf};

use super::{CaseResult, Proof, WayToServices, run, services};
use crate::options::{Options, Resolve};
use crate::proving::{CaseFile, Error, Topology, provide, validate};

const MANIFESTS: &str = "
kind: Gateway
metadata: {name: edge, namespace: infra}
spec: {listeners: [{port: 80}]}
---
kind: Service
metadata: {name: a, namespace: shop}
spec: {ports: [{port: 80}]}
---
kind: Service
metadata: {name: b, namespace: shop}
spec: {ports: [{port: 80}]}
---
kind: Service
metadata: {name: h2, namespace: shop}
spec: {ports: [{port: 80}]}
---
kind: EndpointSlice
metadata: {name: kept, namespace: shop, labels: {kubernetes.io/service-name: h2}}
ports: [{port: 18999}]
endpoints: [{addresses: [127.0.0.83]}]
";

fn envoy() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = target.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target"));
    provide(&target).expect("an Envoy")
}

/// A bootstrap written by hand for the Services above.
fn bootstrap(options: &Options) -> Result<String, String> {
    let admin = options.admin_address.ok_or("no admin address")?;
    let port = options.port_map.first().ok_or("no port")?.to;
    let cluster = |name: &str, extra: &str| {
        let resolve = options.resolve.iter().find(|resolve| resolve.name == name);
        let (host, port) =
            resolve.map_or(("127.0.0.83".to_owned(), 18999.into()), |resolve| resolve.endpoints[0].clone());
        format!(
            "  - name: {name}\n    type: STATIC\n    connect_timeout: 1s\n{extra}    load_assignment: {{cluster_name: {name}, \
             endpoints: [{{lb_endpoints: [{{endpoint: {{address: {{socket_address: \
             {{address: {host}, port_value: {port}}}}}}}}}]}}]}}\n"
        )
    };
    let http2 = "    typed_extension_protocol_options: {envoy.extensions.upstreams.http.v3.HttpProtocolOptions: \
                 {\"@type\": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions, \
                 explicit_http_config: {http2_protocol_options: {}}}}\n";
    Ok(format!(
        "admin: {{address: {{socket_address: {{address: {}, port_value: {}}}}}}}
static_resources:
  listeners:
  - name: http
    address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          \"@type\": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: http
          upgrade_configs: [{{upgrade_type: websocket}}]
          route_config:
            virtual_hosts:
            - name: all
              domains: [\"*\"]
              routes:
              - match: {{path_separated_prefix: /split}}
                route: {{weighted_clusters: {{clusters: [{{name: a, weight: 1}}, {{name: b, weight: 3}}]}}}}
              - match: {{path_separated_prefix: /mirror}}
                route: {{cluster: a, request_mirror_policies: [{{cluster: b}}]}}
              - match: {{path_separated_prefix: /some}}
                route:
                  cluster: a
                  request_mirror_policies:
                  - {{cluster: b, runtime_fraction: {{default_value: {{numerator: 20}}}}}}
              - match: {{path_separated_prefix: /retry}}
                route:
                  cluster: a
                  retry_policy: {{retry_on: \"reset,retriable-status-codes\", num_retries: 2, retriable_status_codes: [503]}}
              - match: {{path_separated_prefix: /h2}}
                route: {{cluster: h2}}
              - match: {{path_separated_prefix: /old}}
                redirect: {{host_redirect: new.test, path_redirect: /new}}
              - match: {{path_separated_prefix: /b}}
                route: {{cluster: b}}
              - match: {{prefix: /a}}
                route: {{cluster: a, timeout: 1s}}
              - match: {{prefix: //a}}
                route: {{cluster: a}}
          http_filters:
          - name: envoy.filters.http.router
            typed_config: {{\"@type\": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}
  clusters:
{}{}{}",
        admin.ip(),
        admin.port(),
        cluster("a", ""),
        cluster("b", ""),
        cluster("h2", http2),
    ))
}

fn prove(cases: &str) -> Result<Vec<CaseResult>, Error> {
    let topology = Topology::scan([MANIFESTS], "default");
    let cases = CaseFile::parse(cases).expect("cases");
    let options = Options::default();
    run(
        &Proof {
            envoy: &envoy(),
            topology: &topology,
            cases: &cases,
            options: &options,
            way: WayToServices::Proxy,
            warnings: None,
        },
        bootstrap,
    )
}

#[test]
fn a_real_envoy_serves_every_kind_of_case() {
    let results = prove(
        "
requests:
- name: the raw path, repeated headers and the host arrive as they were sent
  request: {url: 'http://A.test//a//b/%2f/?q=1&q=2', headers: {k: [x, y]}, host: 'A.test:99', method: POST, body: hello}
  expect:
    {status: 200, backend: shop/a:80, attempts: 1,
     upstream: {method: POST, path: '//a//b/%2f/?q=1&q=2', host: 'A.test:99', body: hello, headers: {k: [x, y]}, absent: [z]}}
- name: HTTP/2 on both sides
  request: {url: 'http://a.test/h2/x', http: 2}
  expect: {backend: shop/h2:80, upstream: {http: 2, path: /h2/x, host: a.test}}
- name: two to one
  request: {url: 'http://a.test/split'}
  expect: {backends: {shop/a:80: 25, shop/b:80: 75}}
- name: a split over HTTP/2
  request: {url: 'http://a.test/split', http: 2}
  expect: {backends: {shop/a:80: 25, shop/b:80: 75}}
- name: a copy
  request: {url: 'http://a.test/mirror'}
  expect: {backend: shop/a:80, mirrors: [shop/b:80]}
- name: no copy
  request: {url: 'http://a.test/a'}
  expect: {backend: shop/a:80, mirrors: []}
- name: copies of a fifth
  request: {url: 'http://a.test/some'}
  expect: {mirrors: {shop/b:80: 20}}
- name: two retries, one after a closed connection
  request: {url: 'http://a.test/retry?x-echo-fail=k1:2:close'}
  expect: {status: 200, backend: shop/a:80, attempts: 3}
- name: too few retries
  request: {url: 'http://a.test/retry', headers: {x-echo-fail: 'k2:9'}}
  expect: {status: 503, attempts: 3}
- name: a redirect
  request: {url: 'http://a.test/old/x'}
  expect: {status: 301, redirect: 'http://new.test/new'}
- name: nobody answers
  request: {url: 'http://a.test/nothing'}
  expect: {status: 404, body: ''}
- name: a timeout
  request: {url: 'http://a.test/a?x-echo-delay-ms=5000'}
  expect: {status: 504, within: {min: 900ms, max: 4s}}
- name: a stream that is cut
  request: {url: 'http://a.test/a?x-echo-chunks=50&x-echo-gap-ms=100'}
  expect: {status: 200, truncated: true}
- name: a stream that is broken by the backend
  request: {url: 'http://a.test/b?x-echo-chunks=2&x-echo-close=body'}
  expect: {status: 200, truncated: true}
- name: response headers, status and body on demand
  request: {url: 'http://a.test/a?x-echo-status=418&x-echo-header=x-a=1&x-echo-header=x-a=2&x-echo-body=hi'}
  expect: {status: 418, body: hi, response: {headers: {x-a: ['1', '2']}, absent: [x-b]}}
- name: a websocket
  request: {url: 'http://a.test/b', upgrade: websocket, body: ping}
  expect: {status: 101, backend: shop/b:80, body: ping}
- name: a refused upgrade
  request: {url: 'http://a.test/b', upgrade: other}
  expect: {status: 403}
",
    )
    .expect("a proof");
    assert_eq!(results.len(), 17);
    for result in results {
        assert_eq!(result.mismatches, [], "{}", result.name);
    }
}

#[test]
fn what_does_not_hold_is_reported_as_data() {
    let results = prove(
        "
requests:
- {name: wrong status, request: {url: 'http://a.test/a'}, expect: {status: 404}}
- {name: wrong shares, request: {url: 'http://a.test/split'}, expect: {backends: {shop/a:80: 50, shop/b:80: 50}}}
- {name: missing mirror, request: {url: 'http://a.test/a'}, expect: {mirrors: [shop/b:80]}}
- {name: repeated, repeat: 5, request: {url: 'http://a.test/a'}, expect: {backend: shop/b:80}}
",
    )
    .expect("a proof");
    let subjects: Vec<_> =
        results.iter().map(|result| result.mismatches.first().map(|first| first.subject.clone())).collect();
    let expected = ["status", "share of shop/a:80", "mirrors", "backend"].map(|text| Some(text.to_owned()));
    assert_eq!(subjects, expected);
    assert!(results[3].mismatches[0].actual.contains("first of 5 in 5"), "{:?}", results[3].mismatches);
    assert_eq!(results[1].requests, 2000);
}

#[test]
fn a_backend_may_be_down_or_stand_on_an_address_of_a_slice() {
    let results = prove(
        "
keepEndpoints: true
down: [shop/b:80]
stats: {cluster.h2.upstream_rq_2xx: 1, cluster.h2.upstream_rq_5xx: 0}
requests:
- {name: kept, request: {url: 'http://a.test/h2'}, expect: {backend: '127.0.0.83:18999'}}
- {name: down, request: {url: 'http://a.test/b'}, expect: {status: 503, attempts: 0}}
",
    )
    .expect("a proof");
    let wrong: Vec<_> = results.iter().map(|result| (result.name.as_str(), result.mismatches.len())).collect();
    // Envoy makes a counter when it first counts.
    assert_eq!(wrong, [("kept", 0), ("down", 0), ("stats", 1)]);
    assert_eq!(results[2].mismatches[0].actual, "(none)");
}

#[test]
fn a_service_may_keep_the_address_of_the_output() {
    let topology = Topology::scan([MANIFESTS], "default");
    let cases = CaseFile::parse("{requests: [], unresolved: [shop/b:80]}").expect("cases");
    let mut options = Options::default();
    let proof = Proof {
        envoy: Path::new("envoy"),
        topology: &topology,
        cases: &cases,
        options: &options,
        way: WayToServices::Proxy,
        warnings: None,
    };
    let names: Vec<_> = services(&proof).map(|key| key.name).collect();
    assert_eq!(names, ["a", "h2"]);
    let address = ("127.0.0.1".to_owned(), 1);
    options.resolve.push(Resolve {
        namespace: "shop".into(),
        name: "a".into(),
        port: 80.into(),
        endpoints: vec![(address.0, address.1.into())],
        stands_in: false,
    });
    // An address that is given by hand is replaced by a backend, unless the cases keep addresses.
    let proof = Proof {
        envoy: Path::new("envoy"),
        topology: &topology,
        cases: &cases,
        options: &options,
        way: WayToServices::Proxy,
        warnings: None,
    };
    assert_eq!(services(&proof).map(|key| key.name).collect::<Vec<_>>(), ["a", "h2"]);
    let cases = CaseFile { keep_endpoints: true, ..cases };
    let proof = Proof {
        envoy: Path::new("envoy"),
        topology: &topology,
        cases: &cases,
        options: &options,
        way: WayToServices::Proxy,
        warnings: None,
    };
    assert_eq!(services(&proof).count(), 0, "`h2` has a slice, and `a` the given address");
}

#[test]
fn a_case_for_a_port_that_nobody_listens_on_is_an_error() {
    for (url, gateway) in [("http://a.test:81/", "infra/edge"), ("http://a.test/", "infra/other")] {
        let text = format!(
            "requests:\n- {{name: x, gateway: {gateway}, request: {{url: '{url}'}}, expect: {{status: 200}}}}\n"
        );
        let error = prove(&text).expect_err("no such port");
        assert!(matches!(&error, Error::Case(text) if text.contains("`x`")), "{error}");
    }
}

#[test]
fn a_refused_configuration_is_an_error_with_envoys_words() {
    let topology = Topology::scan([MANIFESTS], "default");
    let cases = CaseFile::parse("requests: []").expect("cases");
    let options = Options::default();
    let proof = Proof {
        envoy: &envoy(),
        topology: &topology,
        cases: &cases,
        options: &options,
        way: WayToServices::Proxy,
        warnings: None,
    };
    let error = run(&proof, |_| Ok("no_such_field: 1\n".to_owned())).expect_err("a refusal");
    assert!(matches!(&error, Error::NotRunning(text) if text.contains("no_such_field")), "{error}");
    let error = run(&proof, |_| Err("two errors".to_owned())).expect_err("a refusal");
    assert!(matches!(&error, Error::Compile(text) if text == "two errors"), "{error}");
}

#[test]
fn envoy_judges_a_file_without_starting() {
    let directory = tempfile::tempdir().expect("a directory");
    let good = directory.path().join("good.yaml");
    std::fs::write(&good, "static_resources: {}\n").expect("a file");
    validate(&envoy(), &good).expect("an empty bootstrap is fine");
    let bad = directory.path().join("bad.yaml");
    std::fs::write(&bad, "static_resources: {listeners: [{name: x}]}\n").expect("a file");
    assert!(matches!(validate(&envoy(), &bad), Err(Error::Refused(text)) if !text.is_empty()));
}

#[test]
fn a_warning_of_envoy_that_is_not_expected_is_an_error_with_its_words() {
    let topology = Topology::scan([MANIFESTS], "default");
    let cases = CaseFile::parse("requests: []").expect("cases");
    let options = Options::default();
    let expecting = |warnings: &[&str]| {
        let envoy = envoy();
        let proof = Proof {
            envoy: &envoy,
            topology: &topology,
            cases: &cases,
            options: &options,
            way: WayToServices::Proxy,
            warnings: Some(warnings),
        };
        run(&proof, bootstrap)
    };
    let error = expecting(&[]).expect_err("a configuration without a limit on connections");
    assert!(matches!(&error, Error::Warned(text) if text.contains("active downstream connections")), "{error}");
    let error = expecting(&["something else"]).expect_err("another warning");
    assert!(matches!(&error, Error::Warned(_)), "{error}");
    assert!(expecting(&["active downstream connections"]).is_ok());
}
