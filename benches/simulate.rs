//! Decisions about requests: `cargo bench --bench simulate`. The goal is 100,000
//! a second on 1,000 routes, whether they share one host or have one each.

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gwctl::compile::{Compilation, compile};
use gwctl::diagnostics::Diagnostics;
use gwctl::options::Options;
use gwctl::parser::source::{Found, Source, SourceSet};
use gwctl::simulate::{Request, Simulator};

const ROUTES: usize = 1_000;

/// A Gateway, a Service, and routes on one host or on one host each.
fn manifests(is_one_host: bool) -> String {
    let mut text = String::from(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: edge}\nspec:\n  gatewayClassName: bench\n  \
         listeners: [{name: http, protocol: HTTP, port: 80}]\n---\napiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: \
         {ports: [{port: 80}]}\n",
    );
    for number in 0..ROUTES {
        let host = if is_one_host { 0 } else { number };
        let _ = write!(
            text,
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: r{number}}}\nspec:\n  parentRefs: \
             [{{name: edge}}]\n  hostnames: [h{host}.example.com]\n  rules:\n  - matches: [{{path: {{value: \
             /service-{number}/api}}}}, {{path: {{type: Exact, value: /service-{number}}}, headers: [{{name: x-v, value: \
             v2}}]}}]\n    filters: [{{type: RequestHeaderModifier, requestHeaderModifier: {{set: [{{name: x-route, value: \
             r{number}}}]}}}}]\n    backendRefs: [{{name: s, port: 80}}]\n"
        );
    }
    text
}

fn compiled(text: String) -> Compilation {
    let source = Source { name: "bench.yaml".to_owned(), text, found: Found::Named, context: false, kept: Vec::new() };
    compile(SourceSet { sources: vec![source].into() }, &Options::default(), Diagnostics::new())
}

fn bench_decisions(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("simulate");
    for (name, is_one_host) in [("one host", true), ("a host each", false)] {
        let compilation = compiled(manifests(is_one_host));
        let simulator = Simulator::new(&compilation.lowered.config);
        let requests: Vec<Request> = (0..ROUTES)
            .map(|number| {
                let host = if is_one_host { 0 } else { number };
                Request::get(80, &format!("h{host}.example.com"), &format!("/service-{number}/api/orders?id=7"))
            })
            .collect();
        group.throughput(Throughput::Elements(ROUTES as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                for request in &requests {
                    black_box(simulator.decide(request));
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, bench_decisions);
criterion_main!(benches);
