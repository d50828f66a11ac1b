//! What request cases cannot say: a PROXY protocol header, a name server that
//! never answers, a clock of the connection manager. Each test runs Envoy on
//! gwctl's output for a case, with one line changed where that is the point.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use gwctl::proving::Envoy;
use libtest_mimic::Trial;

use crate::case::{Case, discover};
use crate::harness::Harness;
use crate::xds::free_ports;

/// How long an answer may take that should come at once.
const AT_ONCE: Duration = Duration::from_secs(5);

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let [proxy, dns, silent, declared, logs, file] = std::array::from_fn(|_| harness.clone());
    vec![
        Trial::test("proxy::the_address_of_a_proxy_protocol_header_is_the_client", move || Ok(proxy_protocol(&proxy)?)),
        Trial::test("proxy::listeners_say_whether_a_header_comes_first", move || Ok(declared_header(&declared)?)),
        Trial::test("proxy::logs_of_a_listener_are_as_it_says", move || Ok(declared_logs(&logs)?)),
        Trial::test("proxy::a_silent_name_server_holds_no_other_route_up", move || Ok(silent_dns(&dns)?)),
        #[cfg(unix)]
        Trial::test("proxy::a_socket_file_of_an_upstream_is_sent_to", move || Ok(socket_file(&file)?)),
        Trial::test("proxy::a_silent_stream_is_not_cut", move || Ok(silent_stream(&silent)?)),
    ]
}

/// A running proxy and where it listens.
pub(crate) struct Proxy {
    _envoy: Envoy,
    pub(crate) address: SocketAddr,
    pub(crate) admin: SocketAddr,
}

/// Compiles a case with `args`, changes the text, and starts Envoy on it.
pub(crate) fn start(
    harness: &Harness,
    case: &str,
    args: &[&str],
    change: impl Fn(&str) -> String,
) -> Result<Proxy, String> {
    let case = find(harness, case)?;
    let work = harness.work_directory(&format!("proxy/{}", args.join("_").replace(['/', ' '], "_")))?;
    let (address, admin) = (free_port()?, free_port()?);
    let mut all = vec![
        "--listener-address=127.0.0.1".to_owned(),
        format!("--port-map=80={}", address.port()),
        format!("--admin-address={admin}"),
    ];
    all.extend(args.iter().map(|arg| (*arg).to_owned()));
    let output = harness.gwctl("translate", &case, &all, &work)?;
    if output.code != Some(0) {
        return Err(output.stderr);
    }
    let config = work.join("envoy.yaml");
    fs::write(&config, change(&output.stdout)).map_err(|error| error.to_string())?;
    let envoy = Envoy::start(harness.envoy()?, &config, admin, &work.join("envoy.log"));
    Ok(Proxy { _envoy: envoy.map_err(|error| error.to_string())?, address, admin })
}

pub(crate) fn find(harness: &Harness, name: &str) -> Result<Case, String> {
    let mut cases = discover(&harness.testdata()).into_iter().filter_map(|(_, found)| found.ok());
    cases.find(|case| case.name == name).ok_or_else(|| format!("no case {name}"))
}

pub(crate) fn free_port() -> Result<SocketAddr, String> {
    free_ports().map(|[port]| SocketAddr::from(([127, 0, 0, 1], port)))
}

/// A backend that answers 200 after `delay` and hands on the head of every request.
pub(crate) fn backend(delay: Duration) -> Result<(SocketAddr, Receiver<String>), String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let sender = sender.clone();
            thread::spawn(move || answer(stream, delay, &sender));
        }
    });
    Ok((address, receiver))
}

/// A request for an Upstream of type pipe gets to whoever listens at the file, and to nobody once the file is gone.
#[cfg(unix)]
fn socket_file(harness: &Harness) -> Result<(), String> {
    let path = std::env::temp_dir().join(format!("gwctl-{}.sock", std::process::id()));
    let listener = std::os::unix::net::UnixListener::bind(&path).map_err(|error| error.to_string())?;
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            answer(stream, Duration::ZERO, &sender);
        }
    });
    let port = format!("--port-map=90={}", free_port()?.port());
    let own = path.display().to_string();
    let proxy = start(harness, "upstream/socket-file", &[&port], |config| config.replace("/run/shop/cart.sock", &own))?;
    expect("status", &get(proxy.address, "/file", "", AT_ONCE)?, "200")?;
    let head = receiver.recv_timeout(AT_ONCE).map_err(|error| error.to_string())?;
    expect("request", &head, "get /file http/1.1")?;
    fs::remove_file(&path).map_err(|error| error.to_string())?;
    expect("status", &get(proxy.address, "/file", "", AT_ONCE)?, "503")
}

fn answer(mut stream: impl Read + Write, delay: Duration, heads: &Sender<String>) {
    let head = read_head(&mut stream);
    thread::sleep(delay);
    let written = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    // A client that is gone, or a test that is over, needs no answer.
    let _ = written.map(|()| heads.send(head));
}

fn read_head(stream: &mut impl Read) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).to_ascii_lowercase()
}

/// The status line of the answer to `GET path`, with `first` sent before it.
fn get(address: SocketAddr, path: &str, first: &str, limit: Duration) -> Result<String, String> {
    get_with(address, path, first, "", limit)
}

/// The same with more header lines.
pub(crate) fn get_with(
    address: SocketAddr,
    path: &str,
    first: &str,
    lines: &str,
    limit: Duration,
) -> Result<String, String> {
    let mut stream = TcpStream::connect(address).map_err(|error| error.to_string())?;
    stream.set_read_timeout(Some(limit)).map_err(|error| error.to_string())?;
    let request = format!("{first}GET {path} HTTP/1.1\r\nhost: a.example.com\r\n{lines}connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(|error| error.to_string())?;
    Ok(read_head(&mut stream).lines().next().unwrap_or("no answer").to_owned())
}

pub(crate) fn expect(what: &str, actual: &str, expected: &str) -> Result<(), String> {
    if actual.contains(expected) { Ok(()) } else { Err(format!("{what}: `{expected}` is not in:\n{actual}")) }
}

fn proxy_protocol(harness: &Harness) -> Result<(), String> {
    let (address, heads) = backend(Duration::ZERO)?;
    let resolve = format!("--resolve=shop/a:80={address}");
    let proxy = start(harness, "http/proxy-defaults", &["--proxy-protocol", &resolve], str::to_owned)?;
    let header = "PROXY TCP4 203.0.113.7 192.0.2.1 40000 80\r\n";
    expect("status", &get(proxy.address, "/", header, AT_ONCE)?, "200")?;
    let head = heads.recv_timeout(AT_ONCE).map_err(|error| error.to_string())?;
    expect("request", &head, "x-forwarded-for: 203.0.113.7\r\n")?;
    // What a client claims stays in front, where nobody counts it; its own address is always the last one.
    let forged = get_with(proxy.address, "/", header, "x-forwarded-for: 198.51.100.9\r\n", AT_ONCE)?;
    expect("status with a forged address", &forged, "200")?;
    let head = heads.recv_timeout(AT_ONCE).map_err(|error| error.to_string())?;
    expect("request with a forged address", &head, "x-forwarded-for: 198.51.100.9,203.0.113.7\r\n")?;
    let without = get(proxy.address, "/", "", AT_ONCE)?;
    if without.contains("200") { Err("a connection without the header was served".to_owned()) } else { Ok(()) }
}

/// The flag that binds a port where nobody else is.
fn elsewhere(port: u16) -> Result<String, String> {
    Ok(format!("--port-map={port}={}", free_port()?.port()))
}

/// A listener that declares a PROXY protocol header, and one that takes connections with and without it.
fn declared_header(harness: &Harness) -> Result<(), String> {
    let (address, heads) = backend(Duration::ZERO)?;
    let resolve = format!("--resolve=shop/a:80={address}");
    let header = "PROXY TCP4 203.0.113.7 192.0.2.1 40000 80\r\n";
    let next_head = || heads.recv_timeout(AT_ONCE).map_err(|error| error.to_string());
    // What is said of all listeners is behind what one says.
    for flag in ["--no-comments", "--proxy-protocol"] {
        let (either, bare) = (free_port()?, free_port()?);
        let maps = [(81, either), (82, bare)].map(|(port, address)| format!("--port-map={port}={}", address.port()));
        let [more, most] = maps.each_ref().map(String::as_str);
        let proxy = start(harness, "listener-option/proxy-protocol", &[flag, &resolve, more, most], str::to_owned)?;
        expect("status behind the balancer", &get(proxy.address, "/", header, AT_ONCE)?, "200")?;
        expect("request behind the balancer", &next_head()?, "x-forwarded-for: 203.0.113.7\r\n")?;
        let without = get(proxy.address, "/", "", AT_ONCE)?;
        if without.contains("200") {
            return Err("a connection without the header was served".to_owned());
        }
        expect("status with the header", &get(either, "/", header, AT_ONCE)?, "200")?;
        expect("request with the header", &next_head()?, "x-forwarded-for: 203.0.113.7\r\n")?;
        expect("status without the header", &get(either, "/", "", AT_ONCE)?, "200")?;
        // In x-forwarded-for Envoy writes an address of the machine in the place of a loopback one.
        expect("request without the header", &next_head()?, "x-envoy-external-address: 127.0.0.1\r\n")?;
    }
    Ok(())
}

/// What stands in the logs of a listener, each in a file of its own.
fn declared_logs(harness: &Harness) -> Result<(), String> {
    let (address, _heads) = backend(Duration::ZERO)?;
    let work = harness.work_directory("proxy/declared_logs")?;
    let resolve = format!("--resolve=shop/cart:80={address}");
    let files = std::cell::Cell::new(0);
    let to_files = |text: &str| {
        let lines = text.lines().map(|line| {
            match line.contains("path: \"/dev/stdout\"") || line.ends_with("path: /dev/stdout") {
                false => line.to_owned(),
                true => {
                    files.set(files.get() + 1);
                    line.replace("/dev/stdout", &work.join(format!("{}.log", files.get())).display().to_string())
                }
            }
        });
        lines.map(|line| line + "\n").collect::<String>()
    };
    let args = ["--access-log=stdout", "--no-comments", &resolve, &elsewhere(81)?];
    let proxy = start(harness, "listener-option/logs", &args, to_files)?;
    expect("status", &get(proxy.address, "/a/long/path/that/is/cut", "", AT_ONCE)?, "200")?;
    let mut seen = String::new();
    let deadline = Instant::now() + AT_ONCE * 4;
    let wanted = [
        "\"GET /a/long/path/that/is/cut HTTP/1.1\" 200",
        "GET /a/long/path/that/is 200 100%\n",
        "\"status\":200",
        "\"version\":2",
        "\"is_edge\":true",
        "\"sizes\":{\"received\":0,\"sent\":0}",
    ];
    while Instant::now() < deadline {
        seen =
            (1..=files.get()).map(|n| fs::read_to_string(work.join(format!("{n}.log"))).unwrap_or_default()).collect();
        if wanted.iter().all(|text| seen.contains(text)) && seen.contains("127.0.0.1:") {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(100));
    }
    Err(format!("the logs of {} files are:\n{seen}", files.get()))
}

fn silent_dns(harness: &Harness) -> Result<(), String> {
    let server = UdpSocket::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    server.set_read_timeout(Some(AT_ONCE)).map_err(|error| error.to_string())?;
    let port = server.local_addr().map_err(|error| error.to_string())?.port();
    let resolver = format!(
        "typed_dns_resolver_config:\n  name: envoy.network.dns_resolver.cares\n  typed_config:\n    \
         \"@type\": type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig\n    \
         resolvers: [{{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}]\n    \
         dns_resolver_options: {{no_default_search_domain: true}}\n"
    );
    let (address, _heads) = backend(Duration::ZERO)?;
    let resolve = format!("--resolve=shop/known:80={address}");
    let begin = Instant::now();
    let proxy = start(harness, "http/dns-beside-others", &[&resolve], |text| format!("{text}{resolver}"))?;
    expect("the other route", &get(proxy.address, "/known", "", AT_ONCE)?, "200")?;
    expect("the route of the name", &get(proxy.address, "/named", "", AT_ONCE)?, "503")?;
    let mut query = [0; 512];
    let length = server.recv(&mut query).map_err(|error| format!("the name server was never asked: {error}"))?;
    expect("query", &String::from_utf8_lossy(&query[..length]), "named")?;
    let taken = begin.elapsed();
    if taken < AT_ONCE * 4 { Ok(()) } else { Err(format!("it took {taken:?}")) }
}

fn silent_stream(harness: &Harness) -> Result<(), String> {
    let (address, _heads) = backend(Duration::from_millis(2500))?;
    let resolve = format!("--resolve=shop/a:80={address}");
    // Envoy's own clock of five minutes, made short: the route must switch it off.
    let hurry = |text: &str| text.replace("stat_prefix:", "stream_idle_timeout: 1s\n          stat_prefix:");
    let proxy = start(harness, "http/proxy-defaults", &[&resolve], hurry)?;
    expect("a stream that is silent for 2.5 s", &get(proxy.address, "/", "", AT_ONCE * 2)?, "200")?;
    let unprotected = |text: &str| hurry(text).replace("idle_timeout: 0s", "idle_timeout: 1s");
    let proxy = start(harness, "http/proxy-defaults", &["--no-comments", &resolve], unprotected)?;
    expect("the same without the default", &get(proxy.address, "/", "", AT_ONCE * 2)?, "504")
}
