//! What stands in the logs that listeners ask for: which requests, and what a collector gets of them.

use std::cell::Cell;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;

use crate::harness::Harness;
use crate::proxy;
use crate::tracing::Collector;

const AT_ONCE: Duration = Duration::from_secs(5);
/// Envoy writes files every ten seconds.
const WRITTEN: Duration = Duration::from_secs(30);

/// The names of the requests that each log of `listener-option/log-filters` has an entry of, in the order of the logs.
const ENTRIES: [&str; 17] = [
    "unknown ",
    "known ",
    "unknown ",
    "known ",
    "known unknown ",
    "",
    "known plain unknown ",
    "",
    "unknown ",
    "known plain ",
    "unknown ",
    "plain ",
    "plain ",
    "known ",
    "known plain unknown ",
    "",
    "unknown ",
];

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let [filters, collected] = std::array::from_fn(|_| harness.clone());
    vec![
        Trial::test("listener_logs::a_log_has_what_its_filter_lets_through", move || Ok(filtered(&filters)?)),
        Trial::test("listener_logs::a_collector_gets_what_the_log_says", move || Ok(collected_log(&collected)?)),
    ]
}

fn filtered(harness: &Harness) -> Result<(), String> {
    let (address, _heads) = proxy::backend(Duration::ZERO)?;
    let work = harness.work_directory("listener_logs/filtered")?;
    let (resolve, files) = (format!("--resolve=shop/cart:80={address}"), Cell::new(0));
    let to_files = |text: &str| {
        let lines = text.lines().map(|line| {
            if !line.ends_with("path: /dev/stdout") {
                return format!("{line}\n");
            }
            let file = work.join(format!("{}.log", files.replace(files.get() + 1)));
            format!("{}\n", line.replace("/dev/stdout", &file.display().to_string()))
        });
        lines.collect::<String>()
    };
    let proxy = proxy::start(harness, "listener-option/log-filters", &["--no-comments", &resolve], to_files)?;
    let ask = |path: &str, lines: &str, status: &str| {
        proxy::expect(path, &proxy::get_with(proxy.address, path, "", lines, AT_ONCE)?, status)
    };
    ask("/known", "x-name: known\r\nx-size: 9\r\n", "200")?;
    ask("/known", "x-name: plain\r\n", "200")?;
    ask("/other", "x-name: unknown\r\nx-size: 7\r\n", "404")?;
    if files.get() != ENTRIES.len() {
        return Err(format!("{} logs, and not {}", files.get(), ENTRIES.len()));
    }
    let read = |index: usize| fs::read_to_string(work.join(format!("{index}.log"))).unwrap_or_default();
    let read_all = || (0..files.get()).map(read).collect::<Vec<String>>();
    let deadline = Instant::now() + WRITTEN;
    // Requests of several connections may end in another order.
    let words = |text: &str| {
        let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        words.sort();
        words
    };
    while Instant::now() < deadline {
        if read_all().iter().zip(ENTRIES).all(|(seen, wanted)| words(seen) == words(wanted)) {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(100));
    }
    Err(format!("{:?}\nand not\n{ENTRIES:?}", read_all()))
}

fn collected_log(harness: &Harness) -> Result<(), String> {
    let collector = Collector::start()?;
    let (address, _heads) = proxy::backend(Duration::ZERO)?;
    let resolve = format!("--resolve=shop/cart:80={address}");
    let port = format!("port_value: {}", collector.address.port());
    // The other collectors are nobody.
    let to_collector = |text: &str| text.replacen("port_value: 4317", &port, 1);
    let mut arrived = Vec::new();
    for release in ["--envoy-version=1.40", "--envoy-version=1.36"] {
        let args = ["--no-comments", &resolve, release];
        let proxy = proxy::start(harness, "listener-option/log-collectors", &args, to_collector)?;
        let ask = |path: &str| proxy::get_with(proxy.address, path, "", "", AT_ONCE);
        proxy::expect("a request that is not logged", &ask("/other")?, "404")?;
        proxy::expect("a request that is", &ask("/known")?, "200")?;
        let before = arrived.len();
        arrived = collector.wait(|received| received.records.len() > before)?.records;
    }
    for record in &arrived {
        let body = record.body.as_ref().map(|body| body.text()).unwrap_or_default();
        let route = record.attributes.iter().find(|one| one.key == "route").map(|one| one.text()).unwrap_or_default();
        if body != "GET 200" || route != "httproute/shop/web/rule/0/match/0" {
            return Err(format!("another entry: {record:?}"));
        }
    }
    Ok(())
}
