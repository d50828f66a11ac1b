//! Settings files beside command lines.

use super::super::args::Command;
use super::*;
use crate::options::Options;
use std::fs;

/// The options of `gwctl COMMAND DIRECTORY/a.yaml FLAGS` where `text` is the settings file.
fn options_of(command: &str, text: &str, flags: &str) -> Result<(Options, PathBuf), String> {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("gwctl.yaml"), text).unwrap();
    let manifest = directory.path().join("a.yaml");
    let line = ["gwctl".into(), command.into(), manifest.into_os_string()];
    let line = line.into_iter().chain(flags.split_whitespace().map(OsString::from));
    let cli =
        parse_line(line).map_err(|error| error.to_string().replace(&directory.path().display().to_string(), "D"))?;
    let compile = match &cli.command {
        Command::Translate(args) => &args.compile,
        Command::Validate(args) => &args.compile,
        Command::Run(args) => &args.compile,
        other => panic!("{other:?}"),
    };
    Ok((compile.options()?, directory.path().to_owned()))
}

fn options(text: &str, flags: &str) -> Result<Options, String> {
    options_of("validate", text, flags).map(|(options, _)| options)
}

#[test]
fn settings_count_as_flags_and_flags_win() {
    let text = "namespace: shop\ntrusted-hops: 2\nportMap: [80=10080, 443=10443]\nassume: services\nno-admin: true\n";
    let read = options(text, "").unwrap();
    assert_eq!((read.namespace.as_str(), read.trusted_hops, read.port_map.len()), ("shop", 2, 2));
    assert!(read.assume.services && read.admin_address.is_none());
    let flags = "-n other --port-map 80=81 --admin-address 127.0.0.1:1";
    let read = options(text, flags).unwrap();
    assert_eq!((read.namespace.as_str(), read.trusted_hops, read.port_map.len()), ("other", 2, 1));
    assert!(read.admin_address.is_some());
}

#[test]
fn settings_about_clients_of_services_may_stand_together_and_say_nothing_of_gateways() {
    use crate::options::Capture;
    let mesh_of = |text: &str, flags: &str| {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("gwctl.yaml"), text).unwrap();
        let manifest = directory.path().join("a.yaml");
        let line = ["gwctl".into(), "translate".into(), manifest.into_os_string()];
        let line = line.into_iter().chain(flags.split_whitespace().map(OsString::from));
        let cli = parse_line(line).map_err(|error| error.to_string())?;
        let Command::Translate(args) = &cli.command else { panic!("{:?}", cli.command) };
        let mut options = args.compile.options()?;
        args.mesh.complete(&mut options)?;
        Ok::<_, String>((options.mesh, options.gateways.len(), args.compile.read_settings.clone()))
    };
    let together = "mesh: {for: team, capture: \"redirect=15002\", services: all}\n";
    let apart = "mesh-for: team\nmeshCapture: redirect=15002\nmesh_services: all\n";
    for text in [together, apart] {
        let (mesh, ..) = mesh_of(text, "").unwrap();
        let mesh = mesh.unwrap();
        assert_eq!((mesh.client.as_str(), mesh.routed_only), ("team", false));
        assert!(matches!(mesh.capture, Capture::Redirect(port) if port.number() == 15002), "{mesh:?}");
    }
    // Flags win; and whoever asks for a Gateway asks for no clients of Services.
    let (mesh, ..) = mesh_of(together, "--mesh-for other --mesh-capture address").unwrap();
    let mesh = mesh.unwrap();
    assert!(mesh.client.as_str() == "other" && matches!(mesh.capture, Capture::Address(_)), "{mesh:?}");
    let (mesh, gateways, _) = mesh_of(together, "--gateway infra/edge").unwrap();
    assert!(mesh.is_none() && gateways == 1);
    // Without clients the others say nothing, and are not said to count.
    let (mesh, _, read) = mesh_of("mesh: {capture: proxy}\nnamespace: shop\n", "").unwrap();
    assert!(mesh.is_none());
    assert_eq!(read.iter().flat_map(|file| &file.in_effect).collect::<Vec<_>>(), ["namespace: shop"]);
    let (mesh, ..) = mesh_of("mesh: {capture: proxy}\n", "--mesh-for team").unwrap();
    assert!(mesh.is_some());
    for (text, words) in [
        ("mesh: {capture: sideways}\nmesh-for: team\n", "gwctl.yaml:1:8: "),
        ("mesh: {capture: \"proxy=0.0.0.0:15080\", for: team}\n", "opens a proxy"),
        ("mesh: {colour: red}\n", "there is no setting `mesh-colour`"),
        ("mesh: {for: a}\nmesh-for: b\n", "given more than once"),
        ("mesh: team\n", "there is no setting `mesh`"),
    ] {
        let problem = mesh_of(text, "").unwrap_err();
        assert!(problem.contains(words), "{text}: {problem}");
    }
}

#[test]
fn paths_are_relative_to_the_file() {
    let (read, directory) = options_of("translate", "secrets-dir: keys\n", "").unwrap();
    assert_eq!(read.secrets_dir, Some(directory.join("keys")));
}

#[test]
fn files_that_stand_for_objects_are_relative_to_the_file_and_stay_in_the_repository() {
    let message = |text: &str| options(text, "").unwrap_err();
    let missing = message("certificate: infra/web=tls/web.crt,tls/web.key\n");
    assert!(missing.contains("tls/web.crt") && !missing.contains("leads out"), "{missing}");
    for text in ["certificate: infra/web=web.crt,../../../web.key\n", "ca: [infra/ca=/etc/ssl/certs/ca.crt]\n"] {
        assert!(message(text).contains("leads out of the repository"), "{}", message(text));
    }
    assert!(message("certificate: infra/web\n").contains("NAMESPACE/NAME=CERT,KEY"));
}

#[test]
fn every_problem_is_reported_with_its_place() {
    let text = "# ours\nnamespase: shop\nenvoyVersion: '1.10'\nno-admin: maybe\nignore: [GW2001]\ngateway: {}\n";
    let message = options(text, "").unwrap_err();
    assert!(
        message.contains("D/gwctl.yaml:2:1: there is no setting `namespase`; did you mean `namespace`?"),
        "{message}"
    );
    let message = options(&text.replace("namespase", "namespace"), "--envoy-version 1.40").unwrap_err();
    for expected in [
        "D/gwctl.yaml:3:1: invalid value '1.10' for '--envoy-version <VERSION>'",
        "D/gwctl.yaml:4:1: `no-admin` is `true` or `false`",
        "D/gwctl.yaml:5:1: invalid value 'GW2001' for '--ignore <CODE,…>': GW2001 (backend-not-found) is an error",
        "D/gwctl.yaml:6:1: `gateway` is a value or a list of values",
    ] {
        assert!(message.contains(expected), "{expected}\n{message}");
    }
}

#[test]
fn what_is_not_one_mapping_is_refused() {
    for (text, expected) in [
        ("- a\n", ":1:1: settings are a mapping"),
        ("namespace: a\nnamespace: b\n", ":2:1: `namespace` is given more than once"),
        ("cluster-domain: a.b\nclusterDomain: b\n", ":2:1: `cluster-domain` is given more than once"),
        ("namespace: a\n---\nnamespace: b\n", ":3:1: a settings file holds one document"),
        ("namespace: [\n", "gwctl.yaml:"),
    ] {
        let message = options(text, "").unwrap_err();
        assert!(message.contains(expected), "{text}: {message}");
    }
}

#[test]
fn a_manifest_of_that_name_and_an_empty_file_are_no_settings() {
    for text in ["", "# nothing\n", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"] {
        assert_eq!(options(text, "").unwrap().namespace, "default", "{text}");
    }
}

#[test]
fn every_command_takes_partial() {
    assert!(options_of("validate", "partial: true\n", "").is_ok());
    assert!(options_of("translate", "partial: true\n", "").is_ok());
}

/// A repository with these files, and what a command line on it comes to; paths in it begin with `D/`.
fn in_repository(files: &[(&str, &str)], arguments: &str) -> Result<Options, String> {
    let outer = tempfile::tempdir().unwrap();
    let root = fs::canonicalize(outer.path()).unwrap();
    for (name, text) in files {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let name = root.display().to_string();
    let line = format!("gwctl translate {}", arguments.replace("D/", &format!("{name}/")));
    let cli = parse_line(line.split_whitespace().map(OsString::from));
    let cli = cli.map_err(|error| error.to_string().replace(&name, "D"))?;
    let mut options = cli.compile().unwrap().options().unwrap();
    for file in &mut options.settings {
        file.path = file.path.replace(&name, "D");
    }
    options.exclude.base = options.exclude.base.map(|base| Path::new("D").join(base.strip_prefix(&root).unwrap()));
    Ok(options)
}

#[test]
fn the_nearest_file_up_to_the_root_of_the_repository_counts() {
    let files = [
        ("gwctl.yaml", "namespace: outside\n"),
        ("r/.git/HEAD", ""),
        ("r/gwctl.yaml", "namespace: root\nexclude: [team/old, '*.json']\ncontext: [platform]\n"),
        ("r/team/deep/a.yaml", ""),
        ("r/own/gwctl.yml", "namespace: own\n"),
        ("r/own/sub/a.yaml", ""),
        ("r/own/manifest/gwctl.yaml", "apiVersion: v1\nkind: Service\n"),
        ("r/quiet/gwctl.yaml", "# nothing here, and nothing from above\n"),
        ("plain/team/a.yaml", ""),
        ("plain/gwctl.yaml", "namespace: above\n"),
    ];
    for (argument, namespace, file) in [
        ("D/r", "root", "D/r/gwctl.yaml"),
        ("D/r/team", "root", "D/r/gwctl.yaml"),
        ("D/r/team/deep/a.yaml", "root", "D/r/gwctl.yaml"),
        ("D/r/team D/r/team/deep", "root", "D/r/gwctl.yaml"),
        ("D/r/own", "own", "D/r/own/gwctl.yml"),
        ("D/r/own/sub", "own", "D/r/own/gwctl.yml"),
        // A manifest of that name is passed over, an empty file is the nearest one.
        ("D/r/own/manifest", "own", "D/r/own/gwctl.yml"),
        ("D/r/quiet", "default", ""),
        ("D/plain/team", "default", ""),
        ("D/plain", "above", "D/plain/gwctl.yaml"),
    ] {
        let read = in_repository(&files, argument).unwrap();
        let found = read.settings.first().map_or("", |settings| settings.path.as_str());
        assert_eq!((read.namespace.as_str(), found), (namespace, file), "{argument}");
    }
    let read = in_repository(&files, "D/r/team").unwrap();
    assert_eq!(read.exclude.globs, ["team/old", "*.json"]);
    assert_eq!(read.exclude.base, Some("D/r".into()));
    // A flag takes the place of the setting, and is about what is named.
    let read = in_repository(&files, "D/r/team --exclude old").unwrap();
    assert_eq!((read.exclude.globs, read.exclude.base), (vec!["old".to_owned()], None));
}

#[test]
fn settings_judge_the_argument_that_they_belong_to_and_no_other() {
    let files = [
        ("r/.git/HEAD", ""),
        ("r/one/gwctl.yaml", "namespace: one\n"),
        ("r/two/gwctl.yaml", "namespace: two\n"),
        ("r/none/a.yaml", ""),
    ];
    for (arguments, expected) in [
        ("D/r/one D/r/two", "`D/r/one/gwctl.yaml` holds for `D/r/one` and `D/r/two/gwctl.yaml` for `D/r/two`"),
        ("D/r/one D/r/none", "`D/r/one/gwctl.yaml` holds for `D/r/one` alone, and `D/r/none` has no settings"),
        ("- D/r/one", "and `standard input` has no settings"),
    ] {
        let error = in_repository(&files, arguments).unwrap_err();
        assert!(error.contains(expected), "{arguments}: {error}");
        assert!(in_repository(&files, &format!("{arguments} --no-settings")).is_ok());
    }
    assert!(in_repository(&files, "D/r/none").unwrap().settings.is_empty());
    assert!(in_repository(&files, "D/r/one --context D/r/none").is_ok());
}

#[test]
fn two_files_are_one_too_many() {
    let directory = tempfile::tempdir().unwrap();
    for name in NAMES {
        fs::write(directory.path().join(name), "namespace: a\n").unwrap();
    }
    let line = ["gwctl".into(), "validate".into(), directory.path().as_os_str().to_owned()];
    assert!(parse_line(line).unwrap_err().to_string().contains("are both in one directory"));
}

#[test]
fn a_file_is_announced_with_what_counts_unless_it_is_not_wanted() {
    let text = "assume: [services, secrets]\nno-admin: true\nnamespace: shop\n";
    let read = options(text, "-n other").unwrap();
    let [SettingsFile { path, in_effect }] = read.settings.as_slice() else { panic!("{:?}", read.settings) };
    assert!(path.ends_with("/gwctl.yaml"), "{path}");
    assert_eq!(in_effect, &["assume: services, secrets", "no-admin: true"]);
    let read = options(text, "--no-settings").unwrap();
    assert!(read.settings.is_empty() && !read.assume.services && read.namespace == "default");
}

#[test]
fn a_file_that_is_named_is_trusted_and_the_one_beside_the_manifests_is_not_read() {
    let directory = tempfile::tempdir().unwrap();
    let named = directory.path().join("ours.yaml");
    fs::write(&named, "secrets-dir: /keys\nnamespace: ours\n").unwrap();
    let flag = format!("--settings {}", named.display());
    let (read, _) = options_of("translate", "namespace: theirs\nassume: services\n", &flag).unwrap();
    assert_eq!((read.namespace.as_str(), read.secrets_dir), ("ours", Some("/keys".into())));
    assert!(!read.assume.services);
    fs::write(&named, "apiVersion: gwctl.dev/v1\nkind: Settings\ndeny: warnings\n").unwrap();
    assert!(options("", &flag).unwrap_err().contains("holds no settings"));
    assert!(options("", "--settings gone.yaml").unwrap_err().contains("cannot read `gone.yaml`"));
}

#[test]
fn what_belongs_to_the_tree_leads_nowhere_else_and_hides_nothing() {
    for (text, expected) in [
        ("context: ../platform\n", ":1:1: `context` leads out of the repository (`../platform`)"),
        ("context: [a, /etc]\n", "`context` leads out of the repository (`/etc`)"),
        ("secrets-dir: keys/../../..\n", "`secrets-dir` leads out of the repository"),
        ("ignore: [GW4005, settings-read]\n", "GW8030 says that this file is read"),
        ("ignore: GW4005,gw8030\n", "GW8030 says that this file is read"),
        ("envoy: /bin/sh\n", "there is no setting `envoy`"),
        ("access-log: /etc/cron.d/x\n", ":1:1: `access-log` names a file of the machine that runs Envoy"),
        (
            "accessLog: logs\naccess-log-format: text\n",
            "`access-log` names a file of the machine that runs Envoy (`logs`)",
        ),
        ("system-ca: /etc/shadow\n", "`system-ca` names a file of the machine that runs Envoy"),
        ("tracing: otlp=collector.example:4317,5\n", "`tracing` sends what requests say to another machine"),
        ("access-log: otlp=10.0.0.1:4317\n", "`access-log` sends what requests say to another machine"),
        ("admin-address: 0.0.0.0:19000\n", "`admin-address` opens Envoy's administration to other machines"),
        ("admin-address: '[::]:19000'\n", "`admin-address` opens Envoy's administration to other machines"),
    ] {
        let message = options_of("translate", text, "").unwrap_err();
        assert!(message.contains(expected), "{text}: {message}");
    }
    let error = options_of("run", "local: [shop/cart=10.0.0.1:9000]\n", "").unwrap_err();
    assert!(error.contains("`local` leads to another machine (`shop/cart=10.0.0.1:9000`)"), "{error}");
    assert!(options_of("run", "local: [shop/cart=9000, 'shop/a:80=[::1]:9000']\n", "").is_ok());
    for text in [
        "tracing: otlp=127.0.0.1:4317\n",
        "access-log: otlp=[::1]:4317\n",
        "access-log: stdout\n",
        "access-log: none\n",
        "admin-address: 127.0.0.1:9901\n",
    ] {
        assert!(options_of("translate", text, "").is_ok(), "{text}");
    }
    let directory = tempfile::tempdir().unwrap();
    let named = directory.path().join("ours.yaml");
    fs::write(&named, "access-log: /var/log/x\nsystem-ca: /etc/ca\nadmin-address: 0.0.0.0:1\n").unwrap();
    assert!(options_of("translate", "", &format!("--settings {}", named.display())).is_ok());
    let large = format!("# {}\n", "x".repeat(1 << 20));
    assert!(options(&large, "").unwrap_err().contains("at most 1048576 bytes"));
}

#[test]
fn a_value_that_a_flag_takes_the_place_of_is_checked_for_every_command() {
    let directory = tempfile::tempdir().unwrap();
    let manifest = directory.path().join("a.yaml").display().to_string();
    let lines = [
        format!("translate {manifest}"),
        format!("validate {manifest}"),
        format!("status {manifest}"),
        format!("diff {manifest} {manifest}"),
        format!("route http://localhost -f {manifest}"),
        format!("test {manifest} -f {manifest}"),
        format!("run {manifest}"),
    ];
    for line in lines {
        let parsed = |text: &str| {
            fs::write(directory.path().join("gwctl.yaml"), text).unwrap();
            let words = format!("gwctl {line} --port-map 80=81");
            parse_line(words.split_whitespace().map(OsString::from)).map(|_| ()).map_err(|error| error.to_string())
        };
        assert_eq!(parsed("portMap: [80=10080]\n"), Ok(()), "{line}");
        let error = parsed("portMap: [none]\n").unwrap_err();
        assert!(error.contains("gwctl.yaml:1") && error.contains("none"), "{line}: {error}");
    }
}

#[test]
fn rules_of_ignore_are_about_paths_and_objects_and_say_why() {
    let text = "ignore:\n- GW3016\n- {code: GW4002, path: 'team/**', reason: not yet}\n- code: [GW4001, GW4002]\n  object: HTTPRoute/shop/*\n  reason: generated\n";
    let (read, directory) = options_of("validate", text, "").unwrap();
    assert_eq!(read.ignore, ["GW3016"]);
    let [one, other] = read.ignore_rules.as_slice() else { panic!("{:?}", read.ignore_rules) };
    let path = one.path.as_ref().unwrap();
    let base = directory.canonicalize().unwrap_or(directory);
    assert!(path.covers(&path.base.join("team/a/b.yaml")) && !path.covers(&path.base.join("other/b.yaml")), "{base:?}");
    assert_eq!((other.codes.len(), other.reason.as_str(), other.path.is_none()), (2, "generated", true));
    assert!(read.settings[0].in_effect[0].contains("code GW4002 path team/**"), "{:?}", read.settings);
    // The flag takes the place of the setting.
    assert!(options(text, "--ignore GW4002").unwrap().ignore_rules.is_empty());
    for (text, word) in [
        ("ignore: {code: GW4002}\n", "reason"),
        ("ignore: [{code: GW2001, reason: x}]\n", "is an error"),
        ("ignore: [{code: GW8030, reason: x}]\n", "cannot be ignored in it"),
        ("ignore: [{code: GW4002, reason: ''}]\n", "`reason`"),
        ("ignore: [{codes: GW4002, reason: x}]\n", "did you mean `code`"),
        ("ignore: [{code: [], reason: x}]\n", "`code`"),
        ("ignore: [{code: GW4002, path: '../x', reason: x}]\n", "pattern"),
        ("ignore: [{code: GW4002, object: web, reason: x}]\n", "KIND/NAMESPACE/NAME"),
        ("select: [{code: GW4002, reason: x}]\n", "list of values"),
    ] {
        let error = options(text, "").unwrap_err();
        assert!(error.contains(word) && error.contains("gwctl.yaml:1:"), "{text}: {error}");
    }
    let second = options("ignore:\n- GW4002\n- {code: GW4002}\n", "").unwrap_err();
    assert!(second.contains("gwctl.yaml:3:3: "), "{second}");
}
