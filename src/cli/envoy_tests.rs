//! A real Envoy's complaints, and whom they are laid at the door of.

use super::*;

/// A configuration with two clusters, two listeners and three routes.
fn config() -> Value {
    let route = |name: &str| json!({"name": name, "match": {"prefix": "/"}, "direct_response": {"status": 200}});
    let listener = |name: &str, port: u16, routes: Value| {
        json!({"name": name, "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
        "filter_chains": [{"filters": [{"name": "http", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": "http",
            "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}]},
            "http_filters": [{"name": "router", "typed_config":
                {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}],
        }}]}]})
    };
    let cluster = |name: &str| json!({"name": name, "type": "STATIC", "connect_timeout": "1s"});
    json!({"static_resources": {
        "clusters": [cluster("shop/cart/80"), cluster("shop/cart/8080")],
        "listeners": [
            listener("127.0.0.1:18081", 18081, json!([route("web/0"), route("web/1")])),
            listener("127.0.0.1:18082", 18082, json!([route("api/0")])),
        ],
    }})
}

fn places() -> Vec<NamedPlace> {
    let place =
        |resource, name: &str| NamedPlace { resource, name: name.into(), location: Location::Run, object: None };
    vec![
        place(Resource::Listener, "127.0.0.1:18081"),
        place(Resource::Listener, "127.0.0.1:18082"),
        place(Resource::Route, "api/0"),
        place(Resource::Route, "web/0"),
        place(Resource::Route, "web/1"),
        place(Resource::Cluster, "shop/cart/80"),
        place(Resource::Cluster, "shop/cart/8080"),
    ]
}

fn routes(config: &mut Value, listener: usize) -> &mut Value {
    &mut config["static_resources"]["listeners"][listener]["filter_chains"][0]["filters"][0]["typed_config"]["route_config"]
        ["virtual_hosts"][0]["routes"]
}

fn complaints(config: Value) -> Vec<(String, String)> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target");
    let binary = proving::provide(&target).unwrap();
    let directory = PrivateDirectory::new().unwrap();
    let judge = Judge { binary: &binary, directory: &directory };
    let mut search = Search { judge: &judge, config, places: places() };
    let mut found = Vec::new();
    while let Some(complaint) = judge.complaint(&search.config).unwrap() {
        assert!(found.len() < 5, "{found:?}");
        let culprit = search.culprit(&complaint).unwrap().unwrap();
        search.take_out(&culprit);
        found.push((culprit.1, complaint));
    }
    found
}

#[test]
fn every_culprit_is_found_by_name_or_by_halves() {
    assert_eq!(complaints(config()), []);
    let mut wrong = config();
    routes(&mut wrong, 0)[1]["match"] = json!({"safe_regex": {"regex": "("}});
    wrong["static_resources"]["clusters"][1]["connect_timeout"] = json!("-1s");
    wrong["static_resources"]["listeners"][1]["filter_chains"][0]["filters"][0]["name"] = json!("");
    let found = complaints(wrong);
    let mut names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["127.0.0.1:18082", "shop/cart/8080", "web/1"], "{found:?}");
    let regex = found.iter().find(|(name, _)| name == "web/1").unwrap();
    assert!(regex.1.contains("missing )") && !regex.1.contains("critical"), "{}", regex.1);
}

#[test]
fn names_in_envoys_words_are_whole_names() {
    let directory = PrivateDirectory::new().unwrap();
    let judge = Judge { binary: Path::new("none"), directory: &directory };
    let search = Search { judge: &judge, config: config(), places: places() };
    let named = |words: &str| search.named(words).map(|(_, name)| name);
    assert_eq!(named("unknown cluster 'shop/cart/8080'").as_deref(), Some("shop/cart/8080"));
    assert_eq!(named("error adding listener '127.0.0.1:18081': x").as_deref(), Some("127.0.0.1:18081"));
    assert_eq!(named("unknown cluster 'shop/cart/808'"), None);
    assert_eq!(named("missing ): ("), None);
}

#[test]
fn the_reason_is_cut_out_of_the_log() {
    let log =
        "[1][critical][main] [server.cc:76] error initializing configuration '/x/envoy.json': route: unknown\n  x\n";
    assert_eq!(reason(log), "route: unknown x");
    assert_eq!(reason("no such  form"), "no such form");
    assert!(find(Some(Path::new("no/envoy"))).unwrap_err().contains("no/envoy"));
}
