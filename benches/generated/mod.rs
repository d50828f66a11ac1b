//! Manifests of any number of routes, for the benchmarks.
//!
//! Every route has a host of its own, two rules with two weighted backends
//! each, and the two Services behind them; one Gateway takes all routes. The
//! text depends on nothing but the number.

use std::fmt::Write as _;

/// How many routes share a file.
const ROUTES_IN_A_FILE: usize = 200;

const GATEWAY: &str = "\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata:
  name: edge
  namespace: infra
spec:
  gatewayClassName: bench
  listeners:
  - name: http
    protocol: HTTP
    port: 8080
    allowedRoutes:
      namespaces:
        from: All
";

/// The names and texts of the files that hold `routes` routes and all that they refer to.
pub(crate) fn files(routes: usize) -> Vec<(String, String)> {
    let mut files = vec![("gateway.yaml".to_owned(), GATEWAY.to_owned())];
    for first in (0..routes).step_by(ROUTES_IN_A_FILE) {
        let last = routes.min(first + ROUTES_IN_A_FILE);
        let text = (first..last).map(route_with_services).collect();
        files.push((format!("routes-{first:06}.yaml"), text));
    }
    files
}

fn route_with_services(number: usize) -> String {
    // Several routes share a namespace, as teams do.
    let namespace = format!("team-{:03}", number % 100);
    let mut text = format!(
        "\
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: shop-{number:06}
  namespace: {namespace}
  labels:
    app: shop
spec:
  parentRefs:
  - name: edge
    namespace: infra
    sectionName: http
  hostnames:
  - shop-{number:06}.example.com
  rules:
  - matches:
    - path:
        type: PathPrefix
        value: /api/v{version}
      headers:
      - name: x-canary
        value: \"true\"
    backendRefs:
    - name: shop-{number:06}-a
      port: 8080
      weight: 10
    - name: shop-{number:06}-b
      port: 8080
      weight: 90
  - matches:
    - path:
        type: PathPrefix
        value: /
    backendRefs:
    - name: shop-{number:06}-a
      port: 8080
      weight: 50
    - name: shop-{number:06}-b
      port: 8080
      weight: 50
",
        version = number % 7,
    );
    for side in ["a", "b"] {
        let service = write!(
            text,
            "\
---
apiVersion: v1
kind: Service
metadata:
  name: shop-{number:06}-{side}
  namespace: {namespace}
spec:
  selector:
    app: shop-{number:06}
    side: {side}
  ports:
  - name: http
    port: 8080
    targetPort: 80
",
        );
        debug_assert!(service.is_ok(), "writing to a string cannot fail");
    }
    text
}
