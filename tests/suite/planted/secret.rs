//! Marked secrets beside every case, and marked keys in every field.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libtest_mimic::Trial;
use walkdir::WalkDir;

use super::{Written, field, is_complete, run};
use crate::case::discover;
use crate::harness::Harness;

/// What must not come out. No part of it occurs anywhere else.
const MARK: &str = "Zq7Kw2Rt9Xv4Lm8Pn3BdHs6Y";
/// So much of it would be enough to notice.
const PART: usize = 12;

/// The tests of this file.
pub(super) fn trials(harness: &Harness) -> Vec<Trial> {
    let test = |name: &str, check| harness.trial(&format!("planted::{name}"), check);
    vec![
        test("no_output_shows_a_secret_beside_any_case", beside_cases),
        test("no_output_shows_a_key_in_any_field", in_fields),
        test("a_stale_configuration_is_compared_by_digests", stale_configuration),
        test("no_report_shows_a_header_of_a_secret", headers_of_secrets),
        test("no_difference_shows_a_header_that_says_who_somebody_is", credentials),
        test("no_difference_shows_a_credential_beside_a_secret", beside_secrets),
        test("headers_of_a_secret_that_nobody_has_read_are_not_taken_for_none", unread_headers),
        test("what_is_shown_is_noticed", |_| {
            let encoded = STANDARD.encode(format!("x{MARK}"));
            let shown = [format!("a {} b", &MARK[3..16]), encoded];
            if shown.iter().all(|text| leak(text).is_some()) && leak("nothing").is_none() {
                Ok(())
            } else {
                Err("the search is blind".to_owned())
            }
        }),
    ]
}

fn pem() -> String {
    format!("-----BEGIN PRIVATE KEY-----\n{MARK}{MARK}\n{MARK}\n-----END PRIVATE KEY-----\n")
}

/// Every part of the mark, as it is and in base64 at each of the three positions that it can have there.
fn needles() -> BTreeSet<String> {
    let mut texts = vec![MARK.to_owned()];
    for shift in 0..3 {
        let encoded = STANDARD.encode(format!("{}{MARK}", "x".repeat(shift)));
        // The first and the last group depend on what stands beside the mark.
        texts.push(encoded[4..encoded.len() - 4].to_owned());
    }
    let parts = texts.iter().flat_map(|text| (0..=text.len() - PART).map(|at| text[at..at + PART].to_owned()));
    parts.collect()
}

/// The first part of the mark in a text.
fn leak(text: &str) -> Option<String> {
    needles().into_iter().find(|needle| text.contains(needle))
}

/// Secrets in every form, right and wrong, one document each.
fn secrets() -> Vec<String> {
    let (encoded, key) = (STANDARD.encode(MARK), STANDARD.encode(pem()));
    let block = pem().replace('\n', "\n    ");
    let head = "apiVersion: v1\nkind: Secret\nmetadata: {name: planted, namespace: shop}";
    vec![
        format!("{head}\ntype: kubernetes.io/tls\ndata:\n  tls.crt: {encoded}\n  tls.key: {key}\n"),
        format!("{head}\nstringData:\n  a: {MARK}\n  b: '{MARK}'\n  c: |\n    {block}\n"),
        format!("data: {{a: {encoded}, b: \"{encoded}\"}}\n{head}\n"),
        format!("{head}\ndata:\n  a: {MARK}!\n  b: [{MARK}]\n  'c {MARK}': x\n"),
        format!("{head}\ndata: {MARK}\n"),
        format!("{head}\ndata: [{MARK}]\n"),
        format!("{head}\ndata: {{{MARK}}}\n"),
        format!("{head}\ndata:\n  a: {MARK}\n  a: {MARK}\n"),
        format!("{head}\ndta:\n  a: {MARK}\n{MARK}: x\n"),
        format!("{head}\nstringData:\n  a: \"{MARK}\n"),
        format!("{head}\nstringData:\n  a: {MARK}\n b: {MARK}\n   c: {MARK}\n"),
        format!("{head}\nstringData:\n\ta: {MARK}\n"),
        format!("{head}\nstringData:\n  a: &a {MARK}\n  b: *a\n  c: *gone\n"),
        format!("{head}\nstringData:\n  a: !!binary {MARK}\n  b: !mine {MARK}\n"),
        format!("{head}\nstringData:\n  a: 1{MARK}\n  b: 0x{}\n  # {MARK}\n  c: x # {MARK}\n", "12".repeat(9)),
        format!("{{\"apiVersion\": \"v1\", \"kind\": \"Secret\", \"stringData\": {{\"a\": \"{MARK}\"}}}}\n"),
        format!("{{\"apiVersion\": \"v1\", \"kind\": \"Secret\", \"stringData\": {{\"a\": \"{MARK}\", }}\n"),
        format!("apiVersion: v1\nkind: Secert\nmetadata: {{name: planted}}\ndata: {{a: {encoded}}}\n"),
        format!("apiVersion: v2\nkind: Secret\nmetadata: {{name: planted}}\nstringData: {{a: {MARK}}}\n"),
        format!("kind: Secret\nstringData: {{a: {MARK}}}\n"),
        format!("stringData: {{a: {MARK}}}\n"),
        format!("apiVersion: v1\nkind: Secret\nkind: ConfigMap\nmetadata: {{name: 5}}\ndata: {{p: {MARK}}}\n"),
        format!("{head}\n? data\n: {{p: {MARK}, q: *gone}}\n"),
        format!("{head} # {MARK}\n# password: {MARK}\nstringData: {{a: b}}\nsomething: else\n"),
        format!("{head}\n# password: {MARK}\nstringData: *gone\n"),
        format!("secretGenerator:\n- literals: [p={MARK}]\n  name: [x\n"),
        format!(
            "# -----BEGIN PGP PRIVATE KEY BLOCK-----\n# {MARK}\n# -----END PGP PRIVATE KEY BLOCK-----\n\
             apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nspec: []\n"
        ),
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:\n  name: copied\n  annotations:\n    \
             kubectl.kubernetes.io/last-applied-configuration: |\n      {{\"kind\":\"Secret\",\"data\":{{\"a\":\"{encoded}\"}}}}\n\
             spec: {{rulez: []}}\n"
        ),
        format!(
            "# {}apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nspec: []\n",
            pem().replace('\n', "\n# ").trim_end_matches("# ")
        ),
    ]
}

/// A file with a secret before and after each of its documents.
fn interleaved(text: &str, start: usize) -> String {
    let secrets = secrets();
    let mut next = (start..).map(|at| secrets[at % secrets.len()].clone());
    let mut result = next.next().unwrap_or_default();
    for document in text.split("\n---\n") {
        result.push_str(&format!("---\n{document}\n---\n{}", next.next().unwrap_or_default()));
    }
    result
}

/// The documents of a file as items of one List, a well-formed secret on both sides of each: then nothing ends the lines
/// around a finding.
fn listed(text: &str) -> Option<String> {
    let documents: Vec<&str> = text.split("\n---\n").collect();
    if documents.iter().any(|document| document.trim_start().starts_with(['{', '%', '-']) || document.contains('\t')) {
        return None;
    }
    let item = |document: &str| format!("- {}\n", document.trim_end().replace('\n', "\n  "));
    let secret = item(&secrets()[1]);
    let mut result = format!("apiVersion: v1\nkind: List\nitems:\n{secret}");
    for document in documents {
        let first = document.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#'));
        let from = first.and_then(|line| document.find(line)).unwrap_or_default();
        result.push_str(&item(&document[from..]));
        result.push_str(&secret);
    }
    Some(result)
}

/// Command lines that read `m`, the commands that write nothing into it.
fn commands(folder: &Path) -> Vec<Vec<String>> {
    let m = folder.join("m").display().to_string();
    let other = folder.join("other").display().to_string();
    let keys = folder.join("keys").display().to_string();
    let words = |line: String| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let mut lines: Vec<Vec<String>> = ["human", "json", "sarif", "junit", "github", "gitlab", "rdjson"]
        .iter()
        .map(|format| words(format!("validate {m} -o {format}")))
        .collect();
    lines.extend(
        ["table", "yaml", "json"].iter().map(|format| words(format!("status {m} -o {format} --report github"))),
    );
    lines.extend(["wide", "yaml", "json", "name"].iter().map(|format| words(format!("get all -f {m} -o {format}"))));
    lines.extend([
        words(format!("describe all -f {m}")),
        words(format!("graph {m} -o svg")),
        words(format!("graph {m} -o html")),
        words(format!("translate {m} --partial --assume services,gateways")),
        words(format!("translate {m} --partial --report sarif --secrets-dir {keys}")),
        words(format!("route http://shop.test/x -f {m} --explain")),
        words(format!("route http://shop.test/x -f {m} -o json --report json")),
        words(format!("test {} -f {m}", folder.join("cases.yaml").display())),
        words(format!("test {} -f {m} -o junit", folder.join("cases.yaml").display())),
        words(format!("diff {m} {other}")),
        words(format!("diff {m} {other} -o json")),
        words(format!("diff {other} {m} -o markdown")),
        words(format!("validate {m} --fix -o sarif")),
    ]);
    lines
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    let parent = path.parent().unwrap_or(path);
    fs::create_dir_all(parent)
        .and_then(|()| fs::write(path, text))
        .map_err(|error| format!("{}: {error}", path.display()))
}

/// Runs commands in a folder; the first two always, of the others as many as `share` says.
fn search(folder: &Path, turn: usize, reports_only: bool) -> Result<(), String> {
    let lines = commands(folder);
    let (always, others) = lines.split_at(2);
    let share = if is_complete() { others.len() } else { 2 };
    let picked = (0..share).map(|at| &others[(turn * share + at) % others.len()]);
    for line in always.iter().chain(picked) {
        let Written { stdout, stderr } = run(line);
        // A configuration may have what its manifests say, outside Secrets.
        let stdout = if reports_only && line[0] == "translate" { "" } else { &stdout };
        for text in [stdout, &stderr] {
            if let Some(part) = leak(text) {
                let shown = text.lines().find(|line| line.contains(&part)).unwrap_or_default();
                return Err(format!("gwctl {}\nshows {part}:\n{shown}", line.join(" ")));
            }
        }
    }
    Ok(())
}

fn beside_cases(harness: &Harness) -> Result<(), String> {
    let mut wrong = Vec::new();
    for (turn, (_, case)) in discover(&harness.testdata()).into_iter().enumerate() {
        let Ok(case) = case else { continue };
        let is_searched =
            ["diagnostics/", "tls/", "known-mistakes/", "foreign/"].iter().any(|area| case.name.starts_with(area));
        if !is_searched && !is_complete() {
            continue;
        }
        for variant in 0..2 {
            let folder = harness.work_directory(&format!("planted/{}-{variant}", case.name.replace('/', "-")))?;
            for entry in WalkDir::new(&case.folder).into_iter().flatten().filter(|entry| entry.file_type().is_file()) {
                let name = entry.path().strip_prefix(&case.folder).map_err(|error| error.to_string())?;
                let is_settings = matches!(name.to_str(), Some("case.yaml" | "requests.yaml"));
                let Ok(text) = fs::read_to_string(entry.path()) else { continue };
                // What is large is about limits.
                if is_settings || text.len() > 100_000 {
                    continue;
                }
                let is_yaml = name.extension().is_some_and(|extension| extension != "json");
                let is_manifest = is_yaml && !name.ends_with("gwctl.yaml");
                let planted = match (is_manifest, variant) {
                    (false, _) => text,
                    (true, 0) => interleaved(&text, turn),
                    (true, _) => match listed(&text) {
                        Some(list) => list,
                        None => continue,
                    },
                };
                write(&folder.join("m").join(name), &planted)?;
            }
            write(
                &folder.join("m/planted.json"),
                &format!("{{\"kind\": \"Secret\", \"data\": {{\"a\": \"{MARK}\"}}}}"),
            )?;
            write(&folder.join("other/planted.yaml"), &secrets().join("---\n"))?;
            write(
                &folder.join("cases.yaml"),
                "requests:\n- name: a\n  request: {url: 'http://shop.test/x'}\n  expect: {status: 200}\n",
            )?;
            wrong.extend(search(&folder, turn, false).err().map(|error| format!("{}: {error}", case.name)));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n\n")) }
}

fn in_fields(harness: &Harness) -> Result<(), String> {
    let mut wrong = Vec::new();
    for (form, text) in [("pem", pem()), ("encoded", STANDARD.encode(pem()))] {
        for (turn, (name, documents)) in field::files(&text).into_iter().enumerate() {
            let folder = harness.work_directory(&format!("planted/fields-{form}-{name}"))?;
            write(&folder.join("m").join(&name), &documents)?;
            write(&folder.join("other").join(&name), &documents)?;
            write(&folder.join("cases.yaml"), "requests: []\n")?;
            wrong.extend(search(&folder, turn, true).err());
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n\n")) }
}

fn stale_configuration(harness: &Harness) -> Result<(), String> {
    let folder = harness.work_directory("planted/stale")?;
    let case = harness.testdata().join("tls/certificates");
    let (m, file) = (case.display().to_string(), folder.join("envoy.yaml").display().to_string());
    let line = |flags: &[&str]| {
        let words = ["translate", m.as_str(), "--partial"];
        let line: Vec<String> = words.iter().chain(flags).map(|word| (*word).to_owned()).collect();
        run(&line)
    };
    line(&["--output-file", &file]);
    let written = fs::read_to_string(&file).map_err(|error| format!("{file}: {error}"))?;
    let marker = "-----BEGIN PRIVATE KEY-----\n";
    let start = written.find(marker).ok_or("the case has no key")? + marker.len();
    let changed = format!("{}          {MARK}{MARK}\n{}", &written[..start], &written[start..]);
    fs::write(&file, changed).map_err(|error| error.to_string())?;
    let Written { stdout, stderr } = line(&["--check", &file]);
    let all = format!("{stdout}{stderr}");
    if leak(&all).is_some() || !stdout.contains("sha256:") || all.contains("BEGIN PRIVATE KEY") {
        return Err(format!("the difference of a key is not shown by digests:\n{all}"));
    }
    Ok(())
}

/// A Gateway whose rule adds these headers.
fn adding(headers: &str) -> String {
    let route = "gateway.networking.k8s.io/v1";
    format!(
        "apiVersion: {route}\nkind: Gateway\nmetadata: {{name: edge, namespace: shop}}\n\
         spec: {{gatewayClassName: a, listeners: [{{name: http, port: 80, protocol: HTTP}}]}}\n---\n\
         apiVersion: v1\nkind: Service\nmetadata: {{name: cart, namespace: shop}}\nspec: {{ports: [{{port: 80}}]}}\n---\n\
         apiVersion: {route}\nkind: HTTPRoute\nmetadata: {{name: web, namespace: shop}}\nspec:\n  \
         parentRefs: [{{name: edge}}]\n  rules:\n  - filters: [{{type: ExtensionRef, extensionRef: \
         {{group: gateway.solo.io, kind: RouteOption, name: added}}}}]\n    backendRefs: [{{name: cart, port: 80}}]\n---\n\
         apiVersion: gateway.solo.io/v1\nkind: RouteOption\nmetadata: {{name: added, namespace: shop}}\n\
         spec: {{options: {{headerManipulation: {{requestHeadersToAdd: [{headers}]}}}}}}\n"
    )
}

fn command(words: &[&str], paths: &[&Path]) -> Written {
    let paths = paths.iter().map(|path| path.display().to_string());
    run(&words.iter().map(|word| (*word).to_owned()).chain(paths).collect::<Vec<_>>())
}

fn unread_headers(harness: &Harness) -> Result<(), String> {
    let folder = harness.work_directory("planted/unread-headers")?;
    let plain = "{header: {key: x-b, value: b1}}";
    let of = |name: &str| adding(&format!("{plain}, {{headerSecretRef: {{name: {name}, namespace: shop}}}}"));
    let [with, without, other] = ["with.yaml", "without.yaml", "other.yaml"].map(|name| folder.join(name));
    write(&with, &of("s"))?;
    write(&without, &adding(plain))?;
    write(&other, &of("t"))?;
    for (sides, shown) in
        [([&with, &without], "Secret shop/s"), ([&without, &with], "Secret shop/s"), ([&with, &other], "Secret shop/t")]
    {
        let Written { stdout, stderr } = command(&["diff", "--assume", "secrets"], &sides.map(|side| side.as_path()));
        if !stdout.contains(shown) || stdout.contains("no difference") {
            return Err(format!("{sides:?}: the headers are not told of:\n{stdout}{stderr}"));
        }
    }
    let same = command(&["diff", "--assume", "secrets"], &[&with, &with]);
    if same.stdout.contains("headers of Secret") {
        return Err(format!("headers of one Secret are no change:\n{}", same.stdout));
    }
    let cases = folder.join("cases.yaml");
    write(
        &cases,
        "requests:\n- name: a\n  request: {url: 'http://a.example/'}\n  expect: {status: 200, upstream: {absent: [x-a]}}\n",
    )?;
    let path = cases.display().to_string();
    let tested = command(&["test", "--assume", "secrets", &path, "-f"], &[&with]);
    if !tested.stdout.contains("the headers of Secret shop/s, which are not known") {
        return Err(format!("what is not known is taken for absent:\n{}{}", tested.stdout, tested.stderr));
    }
    Ok(())
}

fn beside_secrets(harness: &Harness) -> Result<(), String> {
    let folder = harness.work_directory("planted/beside-secrets")?;
    let secret =
        "---\napiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: shop}\nstringData: {authorization: given}\n";
    let sides = ["old.yaml", "new.yaml"].map(|name| folder.join(name));
    for (side, mark) in sides.iter().zip(["", "x"]) {
        let plain = format!("{{header: {{key: authorization, value: 'Token {mark}{MARK}'}}}}");
        write(
            side,
            &format!("{}{secret}", adding(&format!("{{headerSecretRef: {{name: s, namespace: shop}}}}, {plain}"))),
        )?;
    }
    let Written { stdout, stderr } = command(&["diff"], &[&sides[0], &sides[1]]);
    let all = format!("{stdout}{stderr}");
    match leak(&all).is_none() && stdout.contains("authorization: <secret sha256:") {
        true => Ok(()),
        false => Err(format!("the credential is not shown by its digest:\n{all}")),
    }
}

/// Manifests that send `value` in headers: of a Secret, or as it is where `is_plain`.
fn sending(value: &str, is_plain: bool) -> String {
    let (gloo, route) = ("gateway.solo.io/v1", "gateway.networking.k8s.io/v1");
    let entry = |name: &str| match is_plain {
        true => format!(
            "{{header: {{key: authorization, value: {value}}}}}, {{header: {{key: x-api-key, value: {value}}}}}"
        ),
        false => format!("{{headerSecretRef: {{name: {name}, namespace: shop}}}}"),
    };
    let secret = match is_plain {
        true => String::new(),
        false => format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: given, namespace: shop}}\nstringData: {{x-team: {value}}}\n---\n\
             apiVersion: v1\nkind: Secret\nmetadata: {{name: bad, namespace: shop}}\nstringData: {{x-team: '{value}%REQ(x)%'}}\n---\n\
             apiVersion: v1\nkind: Secret\nmetadata: {{name: typed, namespace: shop}}\ntype: a/b\nstringData: {{x: {value}}}\n---\n"
        ),
    };
    let filter = |name: &str| {
        format!(
            "filters: [{{type: ExtensionRef, extensionRef: {{group: gateway.solo.io, kind: RouteOption, name: {name}}}}}]"
        )
    };
    let option = |name: &str| {
        format!(
            "apiVersion: {gloo}\nkind: RouteOption\nmetadata: {{name: {name}, namespace: shop}}\n\
             spec: {{options: {{headerManipulation: {{requestHeadersToAdd: [{}]}}}}}}\n---\n",
            entry(name)
        )
    };
    let rule = |name: &str| {
        format!(
            "  - matches: [{{path: {{value: /{name}}}}}]\n    {}\n    backendRefs: [{{name: cart, port: 80}}]\n",
            filter(name)
        )
    };
    let modifier = match is_plain {
        true => format!(
            "  - matches: [{{path: {{value: /own}}}}]\n    filters: [{{type: RequestHeaderModifier, requestHeaderModifier: \
             {{set: [{{name: cookie, value: id={value}}}]}}}}, {{type: ResponseHeaderModifier, responseHeaderModifier: \
             {{set: [{{name: set-cookie, value: id={value}}}]}}}}]\n    backendRefs: [{{name: cart, port: 80}}]\n"
        ),
        false => format!("{}{}", rule("bad"), rule("typed")),
    };
    let question =
        |kind: &str| format!("{{interval: 1s, timeout: 1s, unhealthyThreshold: 1, healthyThreshold: 1, {kind}}}");
    format!(
        "{secret}{}{}{}apiVersion: {route}\nkind: Gateway\nmetadata: {{name: edge, namespace: shop}}\n\
         spec: {{gatewayClassName: a, listeners: [{{name: http, port: 80, protocol: HTTP}}]}}\n---\n\
         apiVersion: v1\nkind: Service\nmetadata: {{name: cart, namespace: shop}}\nspec: {{ports: [{{port: 80}}]}}\n---\n\
         apiVersion: {route}\nkind: HTTPRoute\nmetadata: {{name: web, namespace: shop}}\nspec:\n  parentRefs: [{{name: edge}}]\n  rules:\n\
         {}{modifier}  - backendRefs: [{{group: gloo.solo.io, kind: Upstream, name: asked}}]\n---\n\
         apiVersion: {gloo}\nkind: VirtualHostOption\nmetadata: {{name: all, namespace: shop}}\nspec:\n  \
         targetRefs: [{{group: gateway.networking.k8s.io, kind: Gateway, name: edge}}]\n  \
         options: {{headerManipulation: {{requestHeadersToAdd: [{}]}}}}\n---\n\
         apiVersion: gloo.solo.io/v1\nkind: Upstream\nmetadata: {{name: asked, namespace: shop}}\nspec:\n  \
         kube: {{serviceName: cart, serviceNamespace: shop, servicePort: 80}}\n  useHttp2: true\n  healthChecks:\n  - {}\n  - {}\n",
        option("given"),
        option("bad"),
        option("typed"),
        rule("given"),
        entry("given"),
        question(&format!("httpHealthCheck: {{path: /, requestHeadersToAdd: [{}]}}", entry("given"))),
        question(&format!("grpcHealthCheck: {{initialMetadata: [{}]}}", entry("given"))),
    )
}

const REQUESTS: &str = "requests:\n- name: a\n  request: {url: 'http://shop.test/given'}\n  \
                        expect: {status: 201, upstream: {headers: {x-team: other}}}\n";

fn headers_of_secrets(harness: &Harness) -> Result<(), String> {
    let folder = harness.work_directory("planted/headers")?;
    write(&folder.join("m/a.yaml"), &sending(MARK, false))?;
    write(&folder.join("other/a.yaml"), &sending(&format!("{MARK}2"), false))?;
    write(&folder.join("cases.yaml"), REQUESTS)?;
    let mut lines = commands(&folder);
    let m = folder.join("m").display().to_string();
    let of_words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<String>>();
    lines.push(of_words(&format!("route http://shop.test/given -f {m} --explain")));
    lines.push(of_words(&format!("route http://shop.test/given -f {m} -o json")));
    let file = folder.join("envoy.yaml").display().to_string();
    let written =
        run(&of_words(&format!("translate {} --partial --output-file {file}", folder.join("other").display())));
    let text = fs::read_to_string(&file).map_err(|error| format!("{error}: {}", written.stderr))?;
    if leak(&text).is_none() {
        return Err("the configuration lacks the header".to_owned());
    }
    lines.push(of_words(&format!("translate {m} --partial --check {file}")));
    let mut shown = String::new();
    for line in lines {
        let Written { stdout, stderr } = run(&line);
        // The configuration has it.
        let is_product = line[0] == "translate" && !line.iter().any(|word| word == "--check");
        for text in [if is_product { "" } else { &stdout }, &stderr] {
            if let Some(part) = leak(text) {
                return Err(format!("gwctl {} shows {part}:\n{text}", line.join(" ")));
            }
        }
        shown.push_str(&stdout);
    }
    // What is hidden is seen to differ.
    let differs = run(&of_words(&format!("diff {m} {}", folder.join("other").display()))).stdout;
    match shown.contains("<secret sha256:") && differs.contains("sha256:") {
        true => Ok(()),
        false => Err(format!("nothing says that there is a header:\n{differs}")),
    }
}

fn credentials(harness: &Harness) -> Result<(), String> {
    let folder = harness.work_directory("planted/credentials")?;
    write(&folder.join("m/a.yaml"), &sending(MARK, true))?;
    write(&folder.join("other/a.yaml"), &sending(&format!("{MARK}2"), true))?;
    let (m, other) = (folder.join("m").display().to_string(), folder.join("other").display().to_string());
    for format in ["human", "json", "markdown"] {
        let line: Vec<String> = ["diff", &m, &other, "-o", format].iter().map(|word| (*word).to_owned()).collect();
        let Written { stdout, stderr } = run(&line);
        if let Some(part) = leak(&stdout).or_else(|| leak(&stderr)) {
            return Err(format!("gwctl {} shows {part}:\n{stdout}{stderr}", line.join(" ")));
        }
        // Rules and health checks, which have one each for the other's.
        if stdout.matches("sha256:").count() < 6 {
            return Err(format!("gwctl {} sees too little:\n{stdout}{stderr}", line.join(" ")));
        }
    }
    Ok(())
}
