//! Deployment patterns of docs/patterns that consist of several proxies.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use gwctl::proving::Envoy;
use libtest_mimic::Trial;
use tokio::net::{TcpSocket, TcpStream};

use crate::harness::Harness;
use crate::process::{self, PATIENCE, fail};
use crate::watch::load::{Load, Way, open_over};
use crate::watch::under_load::connector;
use crate::xds::{backend, free_ports};

/// Where the client is.
const CLIENT: &str = "127.0.0.7";
/// How often the bank is asked when the shard that is down is known to be.
const QUESTIONS: usize = 20;

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    vec![harness.trial("patterns::shards_behind_an_ingress_know_the_client", sharded)]
}

/// Translates the manifests of a pattern, changed as told, and runs Envoy on them.
fn serve(
    harness: &Harness,
    work: &Path,
    name: &str,
    flags: &[String],
    changes: &[(&str, String)],
) -> Result<Envoy, String> {
    let inputs = work.join(name);
    fs::create_dir_all(&inputs).map_err(fail)?;
    for file in ["manifests.yaml", "bank.yaml"] {
        let Ok(text) = fs::read_to_string(harness.testdata().join("patterns").join(name).join(file)) else { continue };
        let text = changes.iter().fold(text, |text, (from, to)| text.replace(from, to));
        fs::write(inputs.join(file), text).map_err(fail)?;
    }
    let [admin] = free_ports()?;
    let admin = SocketAddr::from(([127, 0, 0, 1], admin));
    let config = format!("{name}.yaml");
    let words = ["translate", name, "-q", "--listener-address=127.0.0.1", "--output-file", &config].map(str::to_owned);
    let words: Vec<String> =
        words.into_iter().chain([format!("--admin-address={admin}")]).chain(flags.to_vec()).collect();
    let output = process::run(harness.binary(), work, &words, None)?;
    if output.code != Some(0) {
        return Err(output.stderr);
    }
    Envoy::start(harness.envoy()?, &work.join(config), admin, &work.join(format!("{name}.log"))).map_err(fail)
}

/// What the backend got for a request, if it got one.
async fn ask(gateway: SocketAddr, host: &str, way: &Way) -> Result<String, String> {
    let socket = TcpSocket::new_v4().map_err(fail)?;
    socket.bind(SocketAddr::new(CLIENT.parse().map_err(fail)?, 0)).map_err(fail)?;
    let stream: TcpStream = socket.connect(gateway).await.map_err(fail)?;
    let answer = open_over(stream, host, way).await?.ask(host, "/account").await?;
    match answer.status().as_u16() {
        200 => Ok(String::from_utf8_lossy(answer.body()).into_owned()),
        status => Err(format!("status {status}")),
    }
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

fn sharded(harness: &Harness) -> Result<(), String> {
    let work = harness.work_directory("patterns-sharded")?;
    let served = backend()?;
    let [http, tls, shop, bank, down] = free_ports()?;
    let _shop = serve(
        harness,
        &work,
        "sharded-shop",
        &[
            "--trusted-hops=1".to_owned(),
            format!("--port-map=80={shop}"),
            format!("--resolve=shop/web:80=127.0.0.1:{served}"),
        ],
        &[],
    )?;
    let _bank = serve(
        harness,
        &work,
        "sharded-bank",
        &[
            "--proxy-protocol".to_owned(),
            format!("--port-map=443={bank}"),
            format!("--resolve=bank/web:80=127.0.0.1:{served}"),
        ],
        &[],
    )?;
    let ingress = serve(
        harness,
        &work,
        "sharded-ingress",
        &[
            format!("--port-map=80={http}"),
            format!("--port-map=443={tls}"),
            format!("--resolve=infra/gateway-shop:80=127.0.0.1:{shop}"),
            format!("--resolve=infra/gateway-blog:80=127.0.0.1:{down}"),
        ],
        // Of the two gateways of the bank one is down.
        &[
            ("10.0.3.1, port: 443", format!("127.0.0.1, port: {bank}")),
            ("10.0.3.2, port: 443", format!("127.0.0.1, port: {down}")),
        ],
    )?;
    let load = Load::new()?;
    let at = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
    let plain = |host: &'static str| load.runtime.block_on(ask(at(http), host, &Way::New));
    let through = plain("www.shop.example.com")?;
    // The ingress is last: for a neighbour on the loopback interface Envoy tells an address of this machine.
    let told = header(&through, "x-forwarded-for").and_then(|value| value.split(',').next());
    let believed = header(&through, "x-envoy-external-address");
    let host = header(&through, "host");
    if (told, believed, host) != (Some(CLIENT), Some(CLIENT), Some("www.shop.example.com")) {
        return Err(format!("the shop does not know who asks:\n{through}"));
    }
    for (host, status) in [("blog.example.com", "status 503"), ("www.example.com", "status 404")] {
        let answer = plain(host);
        if answer.as_ref().err().map(String::as_str) != Some(status) {
            return Err(format!("{host}: {answer:?} in place of {status}"));
        }
    }
    // Until checks have failed twice connections go to the gateway that is down as well.
    let started = Instant::now();
    while !ingress.admin("/clusters").map_err(fail)?.contains("health_flags::/failed_active_hc") {
        if started.elapsed() > PATIENCE {
            return Err("no check of the gateway that is down has failed".to_owned());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let way = Way::Tls(connector(harness)?);
    for _ in 0..QUESTIONS {
        let passed = load.runtime.block_on(ask(at(tls), "bank.example.com", &way))?;
        if header(&passed, "x-forwarded-for") != Some(CLIENT) {
            return Err(format!("the bank does not know who asks:\n{passed}"));
        }
    }
    Ok(())
}
