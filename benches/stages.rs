//! Each stage of the compiler alone: `cargo bench --bench stages`.
//!
//! The input is that of `process`, with 1,000 routes; each stage gets what the
//! stage before it made of that. One measurement is of all 1,000.

#![expect(clippy::expect_used, reason = "a benchmark that cannot prepare its input has failed")]

mod generated;

use std::hint::black_box;
use std::io;
use std::time::Duration;

use criterion::{BatchSize, BenchmarkGroup, Criterion, criterion_group, criterion_main, measurement::WallTime};
use gwctl::comments::SourceComments;
use gwctl::compile::{Compilation, compile};
use gwctl::diagnostics::{Diagnostics, FieldPath, Report, human, json};
use gwctl::emit;
use gwctl::options::Options;
use gwctl::parser::decode::decode;
use gwctl::parser::load::{self, Input};
use gwctl::parser::locate::Locator;
use gwctl::parser::manifests::{Manifests, Position};
use gwctl::parser::node::Node;
use gwctl::parser::object::{self, ReadOptions};
use gwctl::parser::parse::parse_with;
use gwctl::parser::source::{DocumentId, Found, Source, SourceSet};
use gwctl::parser::split::split;
use gwctl::resolver::{StandIns, resolve};
use gwctl::translator::{envoy, lower};

const ROUTES: usize = 1_000;

/// Routes whose backends are all missing, so that together they have 1,000 findings.
const ROUTES_WITH_FINDINGS: usize = 250;

fn sources(routes: usize) -> SourceSet {
    let source = |(name, text)| Source { name, text, found: Found::Named, context: false, kept: Vec::new() };
    SourceSet { sources: generated::files(routes).into_iter().map(source).collect() }
}

fn compiled(sources: SourceSet) -> Compilation {
    compile(sources, &Options::default(), Diagnostics::new())
}

fn parsed(sources: SourceSet) -> Manifests {
    parse_with(sources, &Options::default(), &mut Diagnostics::new(), object::read)
}

fn nodes(sources: &SourceSet) -> Vec<Node> {
    let texts = sources.sources.iter().map(|source| source.text.as_str());
    texts
        .flat_map(|text| split(text).into_iter().map(move |piece| (&text[piece.range], piece.syntax)))
        .map(|(text, syntax)| decode(text, syntax).expect("the generated text is YAML").node)
        .collect()
}

fn bench_stages(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("stages");
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    bench_parser(&mut group);
    bench_compiler(&mut group);
    bench_output(&mut group);
    bench_findings(&mut group);
    group.finish();
}

fn bench_parser(group: &mut BenchmarkGroup<'_, WallTime>) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    for (name, text) in generated::files(ROUTES) {
        std::fs::write(directory.path().join(name), text).expect("a file in it");
    }
    let input = [Input::Path(directory.path().to_owned())];
    group.bench_function("load", |bencher| {
        bencher.iter(|| load::load(&input, &[], &mut io::empty(), &mut Diagnostics::new()));
    });
    let sources = sources(ROUTES);
    group.bench_function("split and decode, one thread", |bencher| bencher.iter(|| nodes(&sources)));
    let nodes = nodes(&sources);
    let options = ReadOptions { namespace: "default".into(), channel: Options::default().channel };
    let position = Position { document: DocumentId(0), base: FieldPath::ROOT, context: false };
    let read = |nodes: Vec<Node>| {
        let mut diagnostics = Diagnostics::new();
        for node in nodes {
            black_box(object::read(node, position.clone(), &options, &mut diagnostics));
        }
    };
    group.bench_function("schema and types, one thread", |bencher| {
        bencher.iter_batched(|| nodes.clone(), read, BatchSize::LargeInput);
    });
    group.bench_function("parse, all of it", |bencher| {
        bencher.iter_batched(|| sources.clone(), parsed, BatchSize::LargeInput);
    });
}

fn bench_compiler(group: &mut BenchmarkGroup<'_, WallTime>) {
    let options = Options::default();
    let manifests = parsed(sources(ROUTES));
    let stand_ins = StandIns::new(&manifests, &options);
    group.bench_function("resolve", |bencher| {
        bencher.iter(|| {
            black_box(resolve(&manifests, &stand_ins, &options, &mut Diagnostics::new()).routes.iter().count())
        });
    });
    let resolved = resolve(&manifests, &stand_ins, &options, &mut Diagnostics::new());
    group.bench_function("lower", |bencher| {
        bencher.iter(|| lower::lower(&resolved, &options, &mut Diagnostics::new()));
    });
    let config = lower::lower(&resolved, &options, &mut Diagnostics::new()).config;
    group.bench_function("translate and encode", |bencher| {
        bencher.iter(|| envoy::encode_bootstrap(&config));
    });
}

fn bench_output(group: &mut BenchmarkGroup<'_, WallTime>) {
    let compilation = compiled(sources(ROUTES));
    group.bench_function("comments", |bencher| bencher.iter(|| SourceComments::new(&compilation)));
    let comments = SourceComments::new(&compilation);
    let wire = compilation.bootstrap.as_deref().expect("a configuration");
    group.bench_function("emit YAML", |bencher| {
        bencher.iter(|| emit::write_yaml(emit::BOOTSTRAP, wire, &comments, &mut io::sink()).expect("YAML"));
    });
    group.bench_function("emit JSON", |bencher| {
        bencher.iter(|| emit::write_json(emit::BOOTSTRAP, wire, &mut io::sink()).expect("JSON"));
    });
}

fn bench_findings(group: &mut BenchmarkGroup<'_, WallTime>) {
    let mut sources = sources(ROUTES_WITH_FINDINGS);
    for source in &mut sources.sources {
        source.text = source.text.replace("kind: Service\n", "kind: Pod\n");
    }
    let compilation = compiled(sources);
    assert!(compilation.findings.len() > 1_000, "{} findings", compilation.findings.len());
    let located = |write: &dyn Fn(&Report<'_>, &Locator<'_>)| {
        let locator = Locator::new(&compilation.manifests);
        write(&Report::new(&compilation.findings, 0, 0, &locator), &locator);
    };
    group.bench_function("render 1,000 findings for people", |bencher| {
        bencher.iter(|| {
            located(&|report, locator| human::write(report, locator, false, &mut io::sink()).expect("a report"));
        });
    });
    group.bench_function("render 1,000 findings as JSON", |bencher| {
        bencher.iter(|| located(&|report, _| json::write(report, &mut io::sink()).expect("a report")));
    });
}

criterion_group!(stages, bench_stages);
criterion_main!(stages);
