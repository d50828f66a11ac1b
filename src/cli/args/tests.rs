//! Tests of the command line: usage, defaults, and the way to the options.

use super::*;
use crate::options::{AccessLog, AccessLogFormat, Assume, Channel, EnvoyVersion, ListenerAddress, Options};

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::parse_line(line.split_whitespace().map(OsString::from))
}

fn translate(line: &str) -> Box<TranslateArgs> {
    match parse(&format!("gwctl translate {line}")).unwrap().command {
        Command::Translate(args) => args,
        other => panic!("{other:?}"),
    }
}

fn options(line: &str) -> Options {
    translate(&format!("a.yaml {line}")).compile.options().unwrap()
}

#[test]
fn the_definition_of_the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn the_defaults_of_the_flags_are_those_of_the_library() {
    let read = options("");
    // The library knows no clock.
    assert!(read.now.is_some());
    assert_eq!(format!("{:?}", Options { now: None, ..read }), format!("{:?}", Options::default()));
}

#[test]
fn paths_and_filenames_keep_the_order_of_the_command_line() {
    let args = translate("b.yaml -f a.yaml - --filename=c.yaml d");
    let paths: Vec<&str> = args.input.paths.iter().filter_map(|path| path.to_str()).collect();
    assert_eq!(paths, ["b.yaml", "a.yaml", "-", "c.yaml", "d"]);
    assert_eq!(translate("-f only.yaml").input.paths, [PathBuf::from("only.yaml")]);
}

#[test]
fn every_setting_reaches_the_options() {
    let all = options(
        "-n shop --gateway infra/edge --gateway infra/inner --gateway-class nginx --controller-name a.b/c \
         --assume gateways,secrets --assume configmaps,namespaces,grants,parameters --assume-services \
         --resolve shop/cart:80=10.0.0.1:8000 --cluster-domain k8s.internal --allow-external-name \
         --listener-address gateway --port-map 80=10080 --port-map infra/edge:80=10081 \
         --admin-address 0.0.0.0:9000 --access-log stdout --access-log-format json --tracing otlp=a:4317,5 --trusted-hops 2 \
         --proxy-protocol --secrets-dir keys --system-ca ca.pem --naming gloo --route-table tree --envoy-version 1.37 --channel standard --exclude charts",
    );
    assert_eq!(all.namespace, "shop");
    assert_eq!(all.gateways.len(), 2);
    assert_eq!((all.gateway_classes.len(), all.controller.as_deref()), (1, Some("a.b/c")));
    let every = Assume {
        gateways: true,
        services: true,
        secrets: true,
        config_maps: true,
        namespaces: true,
        grants: true,
        parameters: true,
    };
    assert_eq!(all.assume, every);
    assert_eq!((all.resolve.len(), all.port_map.len()), (1, 2));
    assert_eq!((all.cluster_domain.as_str(), all.allow_external_name), ("k8s.internal", true));
    assert_eq!(all.listener_address, ListenerAddress::Gateway);
    assert_eq!(all.admin_address.map(|address| address.port()), Some(9000));
    assert_eq!((all.access_log, all.access_log_format), (AccessLog::Stdout, AccessLogFormat::Json));
    let tracing = all.tracing.map(|tracing| (tracing.collector.host, tracing.collector.port, tracing.sampled));
    assert_eq!(tracing, Some(("a".to_owned(), 4317.into(), 500)));
    assert_eq!((all.trusted_hops, all.proxy_protocol), (2, true));
    let keys = std::path::absolute("keys").unwrap();
    assert_eq!((all.secrets_dir, all.system_ca.as_str()), (Some(keys), "ca.pem"));
    assert_eq!((all.naming, all.route_trees), (crate::options::Naming::Gloo, true));
    assert_eq!((all.envoy_version, all.channel), (EnvoyVersion(37), Channel::Standard));
    assert_eq!((all.exclude.globs.as_slice(), all.exclude.base), (["charts".to_owned()].as_slice(), None));
    assert_eq!(options("--no-admin").admin_address, None);
}

#[test]
fn mistakes_in_usage_exit_with_2_and_help_with_0() {
    for line in [
        "gwctl",
        "gwctl transalte a.yaml",
        "gwctl translate",
        "gwctl translate a.yaml --unknown",
        "gwctl translate a.yaml -o toml",
        "gwctl translate a.yaml --section tables",
        "gwctl translate a.yaml --report sarif2",
        "gwctl translate a.yaml --envoy-version 1.20",
        "gwctl translate a.yaml --admin-address 127.0.0.1:1 --no-admin",
        "gwctl translate a.yaml --deny errors",
        "gwctl translate a.yaml --assume everything",
        "gwctl translate a.yaml -q -v",
        "gwctl translate",
        "gwctl validate a.yaml --exclude [ab]",
        "gwctl validate a.yaml --report json",
        "gwctl explain",
        "gwctl explain GW1001 --list",
        "gwctl run",
        "gwctl run a.yaml --local cart=9000",
        "gwctl run a.yaml --watch",
        "gwctl translate a.yaml --watch --check b.yaml",
        "gwctl completions tcsh9",
    ] {
        assert_eq!(parse(line).map(|_| 0).unwrap_or_else(|error| error.exit_code()), 2, "{line}");
    }
    for line in ["gwctl --help", "gwctl --version", "gwctl translate --help", "gwctl help validate"] {
        assert_eq!(parse(line).unwrap_err().exit_code(), 0, "{line}");
    }
}

/// The commands that read manifests.
const READERS: &[&str] = &[
    "translate",
    "validate",
    "status",
    "get",
    "describe",
    "graph",
    "ui",
    "route",
    "blame",
    "test",
    "diff",
    "migrate",
    "run",
];

#[test]
fn every_command_that_reads_manifests_has_every_common_flag() {
    let compile = CompileArgs::augment_args(clap::Command::new("all"));
    let settings = compile.get_arguments().filter_map(|arg| arg.get_long());
    let common: Vec<&str> = settings.chain(["context", "partial"]).collect();
    assert!(common.len() > 20 && common.contains(&"assume"), "{common:?}");
    let line = Cli::command();
    let readers: Vec<&clap::Command> = line
        .get_subcommands()
        .filter(|command| command.get_arguments().any(|arg| arg.get_long() == Some("assume")))
        .collect();
    assert_eq!(readers.iter().map(|command| command.get_name()).collect::<Vec<_>>(), READERS);
    for command in readers {
        let has = |flag: &str| command.get_arguments().any(|arg| arg.get_long() == Some(flag));
        // `ui` shows findings on its page for as long as it is wanted, and its exit code says nothing of them.
        let is_page = command.get_name() == "ui";
        let missing: Vec<&&str> = common.iter().filter(|flag| !(has(flag) || is_page && **flag == "partial")).collect();
        assert!(missing.is_empty(), "{} lacks {missing:?}", command.get_name());
        // The report is the product of `validate`, which takes its formats with `--output`.
        assert_eq!(has("report"), command.get_name() != "validate" && !is_page, "{}", command.get_name());
    }
}

#[test]
fn warnings_and_codes_are_denied() {
    let denied = translate("a.yaml --deny warnings,GW8025 --deny unused-suppression").compile.denied();
    assert!(denied.warnings);
    assert_eq!(denied.codes.iter().map(|code| code.id()).collect::<Vec<_>>(), ["GW8025", "GW8012"]);
    assert!(parse("gwctl validate a.yaml --deny GW9999").is_err());
}

#[test]
fn check_is_another_name_of_validate_and_flags_of_all_commands_stand_anywhere() {
    assert!(matches!(parse("gwctl check a.yaml -v").unwrap().command, Command::Validate(_)));
    assert!(parse("gwctl -q --color never check a.yaml").unwrap().screen.quiet);
}

#[test]
fn contradicting_flags_are_refused() {
    let twice = translate("a.yaml --resolve a/b:1=c:1 --resolve a/b:1=d:1");
    assert!(twice.compile.options().unwrap_err().contains("a/b:1 twice"));
    let twice = translate("a.yaml --port-map 80=1 --port-map 80=2");
    assert!(twice.compile.options().unwrap_err().contains("port 80"));
    assert!(translate("a.yaml --port-map 80=1 --port-map a/b:80=2").compile.options().is_ok());
}
