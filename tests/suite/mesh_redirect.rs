//! `gwctl translate --mesh-capture redirect --section redirect`: the rules that lead connections to Envoy. The
//! configuration beside them is pinned, and loaded, as a case.

use libtest_mimic::Trial;

use crate::case::Case;
use crate::harness::Harness;
use crate::mesh_proxy::ensure;
use crate::proxy::find;

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    vec![harness.trial("mesh::rules_lead_what_is_served_and_nothing_else", led)]
}

fn rules(harness: &Harness, case: &Case, flags: &[&str]) -> Result<String, String> {
    let work = harness.work_directory("mesh-redirect")?;
    let common = ["--mesh-for=team", "--section=redirect", "--no-comments"];
    let flags: Vec<String> = common.iter().chain(flags).map(|flag| (*flag).to_owned()).collect();
    let output = harness.gwctl("translate", case, &flags, &work)?;
    if output.code == Some(0) { Ok(output.stdout) } else { Err(output.stderr) }
}

/// What a machine is told whose clients call some ports, each with the name of its Service.
fn script(port: u16, services: &[&str]) -> String {
    let elements: String = services.iter().map(|line| format!("      {line}\n")).collect();
    format!(
        "# Connections to Services are led to Envoy on 127.0.0.1:{port}: `nft -f` puts this in
# force in the place of what it said before, `nft delete table ip gwctl_mesh` ends it.
# The user that Envoy runs as; its own connections go where they are made to:
define envoy = 1337
table ip gwctl_mesh
delete table ip gwctl_mesh
table ip gwctl_mesh {{
  set services {{
    type ipv4_addr . inet_service
    elements = {{
{elements}    }}
  }}
  chain output {{
    type nat hook output priority -100; policy accept;
    meta skuid $envoy return
    ip daddr . tcp dport @services redirect to :{port}
  }}
}}
"
    )
}

fn led(harness: &Harness) -> Result<(), String> {
    let case = find(harness, "mesh/redirect")?;
    let routed = ["10.96.0.10 . 80, # web/cart", "10.96.0.11 . 5432, # web/db"];
    let text = rules(harness, &case, &["--mesh-capture=redirect"])?;
    ensure(text == script(15001, &routed), "what has routes is led", &text)?;
    let all = [routed[0], "10.96.0.10 . 8080, # web/cart", routed[1], "10.96.0.12 . 80, # web/without-routes"];
    let text = rules(harness, &case, &["--mesh-capture=redirect=16001", "--mesh-services=all"])?;
    ensure(text == script(16001, &all), "every port is led", &text)
}
