//! Behaviour: the requests of each case, through gwctl's output in a real Envoy.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use gwctl::options::{Addresses, Capture, ListenerAddress, Mesh, Options, Resolve};
use gwctl::proving::{CaseFile, Proof, Scheme, Topology, WayToServices, run};
use libtest_mimic::Trial;
use walkdir::WalkDir;

use crate::case::{Case, discover};
use crate::harness::Harness;

/// Flags with a value that the runner sets itself.
const REPLACED: &[&str] = &[
    "--admin-address",
    "--listener-address",
    "--port-map",
    "--resolve",
    "--mesh-for",
    "--mesh-addresses",
    "--mesh-capture",
    "--mesh-services",
    "--mesh-unknown",
    "-o",
    "--output-file",
];

/// What Envoy warns about whatever the configuration says: each of the two fields by which a UDP listener can name
/// its cluster has a warning, `matcher` because it is young and `cluster` because it is deprecated.
/// What a listener asks for that takes any method is as young, and all that is said of keys of clients.
pub(crate) const WARNINGS: &[&str] = &[
    "UdpProxyConfig.matcher' is marked as work-in-progress",
    "Http1ProtocolOptions.allow_custom_methods' is marked as work-in-progress",
    "contained in proto file 'envoy/extensions/filters/http/api_key_auth/v3/api_key_auth.proto' marked as work-in-progress",
    // A server that has the keys of tokens is asked at once, and some cases are about one that has none to give.
    "Jwks async fetching",
];

/// One test for each case with requests.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let cases = discover(&harness.testdata()).into_iter().filter_map(|(_, found)| found.ok());
    cases
        .filter_map(|case| Some((case.requests.clone()?, case)))
        .flat_map(|(requests, case)| {
            let of_way = |way: WayToServices| {
                let (harness, case, requests) = (harness.clone(), case.clone(), requests.clone());
                let (folder, ending) = named(way);
                Trial::test(format!("requests::{}{ending}", case.name), move || {
                    let folder = format!("{folder}/{}", case.name);
                    Ok(prove_by(way, &harness, &case, &requests, &folder)?)
                })
            };
            ways(&requests).into_iter().map(of_way).collect::<Vec<_>>()
        })
        .collect()
}

/// The folder of the trials that go a way, and the end of their names.
pub(crate) fn named(way: WayToServices) -> (&'static str, &'static str) {
    match way {
        WayToServices::Proxy => ("requests", ""),
        WayToServices::Addresses => ("requests-at-addresses", "::at_addresses"),
    }
}

/// How the requests of a case get to Services, where some are of their clients: a proxy for HTTP carries no datagrams.
pub(crate) fn ways(requests: &Path) -> Vec<WayToServices> {
    match (is_of_clients(requests), sends_datagrams(requests)) {
        (false, _) => vec![WayToServices::Proxy],
        (true, false) => vec![WayToServices::Proxy, WayToServices::Addresses],
        (true, true) => vec![WayToServices::Addresses],
    }
}

/// Whether clients of Services ask, who get to these in more than one way.
fn is_of_clients(requests: &Path) -> bool {
    let cases = fs::read_to_string(requests).ok().and_then(|text| CaseFile::parse(&text).ok());
    cases.is_some_and(|cases| cases.requests.iter().any(|case| case.from.is_some()))
}

/// Whether some of them send datagrams.
fn sends_datagrams(requests: &Path) -> bool {
    let cases = fs::read_to_string(requests).ok().and_then(|text| CaseFile::parse(&text).ok());
    cases.is_some_and(|cases| cases.requests.iter().any(|case| case.request.url.scheme == Scheme::Udp))
}

/// Runs all requests of a case. The message lists every mismatch.
pub(crate) fn prove(harness: &Harness, case: &Case, requests: &Path, folder: &str) -> Result<(), String> {
    prove_by(WayToServices::Proxy, harness, case, requests, folder)
}

pub(crate) fn prove_by(
    way: WayToServices,
    harness: &Harness,
    case: &Case,
    requests: &Path,
    folder: &str,
) -> Result<(), String> {
    prove_cases(way, harness, case, parse(requests)?, folder)
}

/// The requests of a file.
pub(crate) fn parse(requests: &Path) -> Result<CaseFile, String> {
    let text = fs::read_to_string(requests).map_err(|error| format!("{}: {error}", requests.display()))?;
    CaseFile::parse(&text).map_err(|error| format!("{}:{error}", requests.display()))
}

/// The same of requests that were read.
pub(crate) fn prove_cases(
    way: WayToServices,
    harness: &Harness,
    case: &Case,
    cases: CaseFile,
    folder: &str,
) -> Result<(), String> {
    let cases = cases.in_folder(&case.folder);
    let work = harness.work_directory(folder)?;
    let options = base_options(&case.translate_args)?;
    let texts = manifests(case)?;
    let topology = Topology::scan(texts.iter().map(String::as_str), &options.namespace);
    let compile = |options: &Options| {
        let output = harness.gwctl("translate", case, &arguments(&case.translate_args, options), &work)?;
        // Logs that cases declare are looked at elsewhere.
        if output.code == Some(0) {
            Ok(output.stdout.replace("path: /dev/stdout", "path: /dev/null"))
        } else {
            Err(output.stderr)
        }
    };
    let proof = Proof {
        envoy: harness.envoy()?,
        topology: &topology,
        cases: &cases,
        options: &options,
        way,
        warnings: Some(WARNINGS),
    };
    let results = run(&proof, compile).map_err(|error| error.to_string())?;
    let mut wrong = String::new();
    for result in &results {
        for mismatch in &result.mismatches {
            let (subject, expected, actual) = (&mismatch.subject, &mismatch.expected, &mismatch.actual);
            let _ = writeln!(wrong, "{}: {subject}\n  expected: {expected}\n  actual:   {actual}", result.name);
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

/// The text of every manifest of a case.
fn manifests(case: &Case) -> Result<Vec<String>, String> {
    let mut texts = Vec::new();
    for path in &case.paths {
        if path == "-" {
            texts.extend(case.stdin.as_ref().and_then(|file| fs::read_to_string(file).ok()));
            continue;
        }
        for entry in WalkDir::new(case.folder.join(path)).sort_by_file_name() {
            let entry = entry.map_err(|error| error.to_string())?;
            let extension = entry.path().extension().unwrap_or_default();
            if entry.file_type().is_file() && ["yaml", "yml", "json"].iter().any(|known| extension == *known) {
                // What is not text has no objects.
                texts.extend(fs::read_to_string(entry.path()).ok());
            }
        }
    }
    Ok(texts)
}

/// The flags of a case as pairs of a name and a value, `--name=value` split.
fn flags(args: &[String]) -> Vec<(String, Option<String>)> {
    let mut pairs: Vec<(String, Option<String>)> = Vec::new();
    for arg in args {
        match (arg.split_once('='), pairs.last_mut()) {
            (Some((name, value)), _) if name.starts_with("--") => pairs.push((name.to_owned(), Some(value.to_owned()))),
            _ if arg.starts_with('-') && arg.len() > 1 => pairs.push((arg.clone(), None)),
            (_, Some((_, value @ None))) => *value = Some(arg.clone()),
            _ => pairs.push((arg.clone(), None)),
        }
    }
    pairs
}

/// The options that the runner must know of a case's flags.
fn base_options(args: &[String]) -> Result<Options, String> {
    let mut options = Options::default();
    for (name, value) in flags(args) {
        match (name.as_str(), value.as_deref()) {
            ("-n" | "--namespace", Some(namespace)) => options.namespace = namespace.into(),
            ("--assume", Some(list)) => options.assume.services |= list.split(',').any(|item| item == "services"),
            ("--assume-services", _) => options.assume.services = true,
            ("--listener-address", Some("gateway")) => options.listener_address = ListenerAddress::Gateway,
            ("--resolve", Some(text)) => options.resolve.push(parse_resolve(text)?),
            _ => {}
        }
    }
    Ok(options)
}

fn parse_resolve(text: &str) -> Result<Resolve, String> {
    let parse = || {
        let (service, endpoints) = text.split_once('=')?;
        let (key, port) = service.rsplit_once(':')?;
        let (namespace, name) = key.split_once('/')?;
        let endpoint = |item: &str| {
            let (host, port) = item.rsplit_once(':')?;
            Some((host.trim_matches(['[', ']']).to_owned(), port.parse().ok()?))
        };
        Some(Resolve {
            namespace: namespace.into(),
            name: name.into(),
            port: port.parse().ok()?,
            endpoints: endpoints.split(',').map(endpoint).collect::<Option<_>>()?,
            stands_in: false,
        })
    };
    parse().ok_or_else(|| format!("`--resolve {text}` is not NS/SVC:PORT=HOST:PORT"))
}

/// The flags of a case with what the runner has decided in their place.
fn arguments(args: &[String], options: &Options) -> Vec<String> {
    let kept = flags(args).into_iter().filter(|(name, _)| name != "--no-admin" && !REPLACED.contains(&name.as_str()));
    let mut arguments: Vec<String> = kept.flat_map(|(name, value)| [Some(name), value]).flatten().collect();
    let address = match options.listener_address {
        ListenerAddress::Ip(ip) => ip.to_string(),
        ListenerAddress::Gateway => "gateway".to_owned(),
    };
    match &options.mesh {
        None => arguments.push(format!("--listener-address={address}")),
        Some(Mesh { client, capture: Capture::Proxy(proxy), .. }) => {
            arguments.extend([format!("--mesh-for={client}"), format!("--mesh-capture=proxy={proxy}")]);
        }
        Some(Mesh { client, capture: Capture::Address(addresses), .. }) => {
            arguments.extend([format!("--mesh-for={client}"), "--mesh-capture=address".to_owned()]);
            if let Addresses::Loopback(range) = addresses {
                arguments.push(format!("--mesh-addresses=loopback={range}"));
            }
        }
        Some(Mesh { client, capture: Capture::Redirect(port), .. }) => {
            arguments.extend([format!("--mesh-for={client}"), format!("--mesh-capture=redirect={port}")]);
        }
    }
    arguments.extend(options.admin_address.map(|address| format!("--admin-address={address}")));
    arguments.extend(options.port_map.iter().map(|map| format!("--port-map={}={}", map.from, map.to)));
    for Resolve { namespace, name, port, endpoints, .. } in &options.resolve {
        let bracket = |host: &str| if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let list: Vec<_> = endpoints.iter().map(|(host, port)| format!("{}:{port}", bracket(host))).collect();
        arguments.push(format!("--resolve={namespace}/{name}:{port}={}", list.join(",")));
    }
    arguments
}

/// Tests of this file, for the harness's own list.
pub(crate) fn own_trials() -> Vec<Trial> {
    vec![Trial::test("harness::flags_of_a_case_are_replaced_by_those_of_the_runner", || {
        let text =
            "-n shop --partial --assume=services --admin-address 127.0.0.1:1 --resolve a/b:80=[::1]:8,c:9 --no-admin";
        let args: Vec<_> = text.split(' ').map(str::to_owned).collect();
        let options = base_options(&args)?;
        let actual = arguments(&args, &options).join(" ");
        let expected = "-n shop --partial --assume services --listener-address=0.0.0.0 \
                        --admin-address=127.0.0.1:19000 --resolve=a/b:80=[::1]:8,c:9";
        if options.assume.services && options.namespace == "shop" && actual == expected {
            Ok(())
        } else {
            Err(format!("{actual}\n{options:#?}").into())
        }
    })]
}
