//! The options of listeners that are about sockets: what they say, and on which socket it counts.
//!
//! Listeners that share a socket share what is said of it. The first of them that has options which can be honoured
//! says what it says, and each further one fills what is still unsaid, field by field: so it is in Gloo Gateway.
//! A field that does not count since an earlier listener has it is reported, with the winner.

use std::collections::HashSet;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use typed_index_collections::TiVec;

use crate::diagnostics::{Diagnostics, Finding, Reported, codes};
use crate::ir::{
    LOG_NOWHERE, Listener, ListenerSettings, LogSink, ProxyHeader, ProxyValue, SocketOption, SocketState, SocketValue,
};
use crate::options::EnvoyVersion;
use crate::parser::api::{GlooEnum, ListenerOption, OptionBalance, OptionProxyProtocol, OptionSocket, OptionTlvName};
use crate::parser::manifests::ObjectHead;
use crate::path;
use crate::resolver::{Effective, ListenerId, ListenerOptionsId, Resolved};
use crate::whole;

use super::super::socket::Socket;
use super::faults::Faults;
use super::log::lower_logs;
use super::log_text::To;
use super::part::{HostFields, Place};

/// Whether what the options of listeners say of their sockets can be honoured.
#[derive(Debug)]
pub(in crate::translator::lower) struct SocketParts {
    judged: TiVec<ListenerOptionsId, Result<(), Reported>>,
    /// The release of Envoy that is written for.
    version: EnvoyVersion,
}

impl Default for SocketParts {
    fn default() -> Self {
        Self { judged: TiVec::new(), version: EnvoyVersion::NEWEST }
    }
}

/// The most bytes of a name or a number that a PROXY protocol header has room for.
const LARGEST_TLV: u32 = 0xff;

/// Looks at the options of all listeners.
pub(in crate::translator::lower) fn lower_socket_options(
    resolved: &Resolved<'_>,
    version: EnvoyVersion,
    diagnostics: &mut Diagnostics,
) -> SocketParts {
    let mut known = HostFields::new();
    let sets = resolved.listener_options.sets();
    let judged = sets.map(|(_, set)| {
        let mut failed = set.failed;
        for option in &set.fields {
            let key = (option.source.metadata.sort_key(), option.value.field());
            // Several listeners may have the option.
            let proof = *known.entry(key).or_insert_with(|| {
                let faults = lower_option(*option, version, &mut ListenerSettings::default());
                faults.into_iter().map(|finding| diagnostics.error(finding)).reduce(|first, _| first)
            });
            failed = failed.or(proof);
        }
        failed.map_or(Ok(()), Err)
    });
    SocketParts { judged: judged.collect(), version }
}

/// Adds what an option says; what of it cannot be honoured.
fn lower_option(
    Effective { value, source }: Effective<'_, ListenerOption>,
    version: EnvoyVersion,
    settings: &mut ListenerSettings,
) -> Vec<Finding> {
    let mut faults = Faults::new(Place { source, field: value.field() });
    match value.clone() {
        ListenerOption::PerConnectionBufferLimitBytes(bytes) => {
            settings.buffer_bytes = Some(bytes);
        }
        ListenerOption::ConnectionBalanceConfig(OptionBalance { exact_balance }) => {
            settings.is_balanced = exact_balance.is_some();
        }
        ListenerOption::TcpStats(counts) => settings.counts_tcp = counts,
        ListenerOption::ProxyProtocol(said) => settings.proxy_header = Some(lower_proxy_header(said, &mut faults)),
        ListenerOption::SocketOptions(options) => {
            let lowered =
                options.into_iter().enumerate().map(|(index, option)| lower_socket(index, option, &mut faults));
            settings.socket_options = lowered.collect();
        }
        ListenerOption::AccessLoggingService(logs) => {
            settings.request_logs = lower_logs(logs, &mut To { faults: &mut faults, version })
        }
        ListenerOption::ListenerAccessLoggingService(logs) => {
            settings.connection_logs = lower_logs(logs, &mut To { faults: &mut faults, version });
        }
        // The resolver hands on none of the others.
        ListenerOption::Extensions(_) => {
            let help = "this is a fault of gwctl: please report it with the manifest";
            faults.add(&path![], format!("`{}` is not translated", value.field()), help);
        }
    }
    faults.found()
}

fn lower_proxy_header(said: OptionProxyProtocol, faults: &mut Faults<'_>) -> ProxyHeader {
    let OptionProxyProtocol { allow_requests_without_proxy_protocol, rules } = said;
    let mut values = Vec::with_capacity(rules.len());
    for (index, rule) in rules.into_iter().enumerate() {
        let at = faults.number(&path!["rules", index, "tlvType"], Some(rule.tlv_type), 0..=LARGEST_TLV);
        // Without a name nothing is kept.
        let Some(OptionTlvName { key, metadata_namespace }) = rule.on_tlv_present else { continue };
        if key.is_empty() {
            let help = "write the name by which logs ask for the value";
            faults.add(&path!["rules", index, "onTlvPresent", "key"], "the value has no name", help);
        }
        values.push(ProxyValue {
            number: at.and_then(|number| number.try_into().ok()).unwrap_or_default(),
            namespace: Some(metadata_namespace).filter(|namespace| !namespace.is_empty()),
            name: key,
        });
    }
    ProxyHeader { is_optional: allow_requests_without_proxy_protocol, values }
}

fn lower_socket(index: usize, option: OptionSocket, faults: &mut Faults<'_>) -> SocketOption {
    let OptionSocket { buf_value, description, int_value, level, name, state } = option;
    let value = match buf_value {
        None => SocketValue::Number(number(int_value.as_ref())),
        Some(text) => SocketValue::Bytes(STANDARD.decode(text).unwrap_or_else(|_| {
            faults.add(&path![index, "bufValue"], "the value is not base64", "encode the bytes with base64");
            Vec::new()
        })),
    };
    SocketOption {
        description,
        level: number(level.as_ref()),
        name: number(name.as_ref()),
        value,
        state: match state.as_ref().map(|GlooEnum(word)| word.as_str()) {
            Some("STATE_BOUND" | "1") => SocketState::Bound,
            Some("STATE_LISTENING" | "2") => SocketState::Listening,
            _ => SocketState::Unbound,
        },
    }
}

/// A number that the schema lets through; zero where it is left out, as in every message of Gloo's.
fn number(said: Option<&GlooEnum>) -> i64 {
    said.and_then(|GlooEnum(text)| text.parse().ok()).unwrap_or_default()
}

/// A field that is said of a socket, and the listener and the object that say it.
type SaidBy<'m> = (ListenerId, &'m ObjectHead, Effective<'m, ListenerOption>);

/// What counts on a socket, and what does not, each with what counts in its place.
#[derive(Default)]
struct Counted<'m> {
    fields: Vec<SaidBy<'m>>,
    hidden: Vec<(SaidBy<'m>, SaidBy<'m>)>,
}

impl<'m> Counted<'m> {
    fn of(resolved: &Resolved<'m>, parts: &SocketParts, ids: &[ListenerId]) -> Self {
        let mut counted = Self::default();
        let options = ids.iter().filter_map(|id| Some((*id, resolved.listener_options.of(*id)?)));
        for (id, own) in options.filter(|(_, own)| parts.judged[*own].is_ok()) {
            let set = resolved.listener_options.get(own);
            for field in &set.fields {
                let said = (id, set.first, *field);
                let is_same = |other: &&SaidBy<'_>| other.2.value.field() == field.value.field();
                match counted.fields.iter().find(is_same) {
                    Some(winner) => counted.hidden.push((said, *winner)),
                    None => counted.fields.push(said),
                }
            }
        }
        counted
    }
}

/// What is asked for of a socket that these listeners share.
pub(in crate::translator::lower) fn settings_of(
    resolved: &Resolved<'_>,
    parts: &SocketParts,
    ids: &[ListenerId],
) -> Arc<ListenerSettings> {
    let mut settings = ListenerSettings::default();
    for (_, _, field) in Counted::of(resolved, parts, ids).fields {
        // What cannot be honoured was told, and counts nowhere.
        lower_option(field, parts.version, &mut settings);
    }
    Arc::new(settings)
}

/// Lets no connection of a listener that is only tried lead anywhere else: nobody who sends requests stands behind a
/// balancer, and no file of whoever tries is written.
pub(in crate::translator::lower) fn confine(listener: &mut Listener) {
    if listener.settings.is_empty() {
        return;
    }
    let settings = Arc::make_mut(&mut listener.settings);
    for log in settings.request_logs.iter_mut().chain(&mut settings.connection_logs) {
        match &mut log.sink {
            LogSink::File { path, entry: _ } => LOG_NOWHERE.clone_into(path),
            LogSink::Collector(_) => log.silence(),
        }
    }
    if let Some(header) = &mut settings.proxy_header {
        header.is_optional = true;
    }
}

/// The proof that what a listener says of its socket cannot be honoured, so that nothing of it is served.
pub(in crate::translator::lower) fn failure_of(
    resolved: &Resolved<'_>,
    parts: &SocketParts,
    id: ListenerId,
) -> Option<Reported> {
    resolved.listener_options.of(id).and_then(|own| parts.judged[own].err())
}

/// Says which fields do not count since another listener of their socket has them too.
pub(in crate::translator::lower) fn report_shared(
    resolved: &Resolved<'_>,
    parts: &SocketParts,
    sockets: [&[Socket]; 2],
    diagnostics: &mut Diagnostics,
) {
    let mut told = HashSet::new();
    for (bind, ids) in sockets.into_iter().flatten() {
        for ((id, loser, field), (first, winner, by)) in Counted::of(resolved, parts, ids).hidden {
            let is_own = std::ptr::eq(loser, winner);
            let key = (loser.metadata.sort_key(), winner.metadata.sort_key(), field.value.field());
            if is_own || !told.insert(key) {
                continue;
            }
            let (listener, other) = (resolved.listener(id), resolved.listener(first));
            let (kind, field, winner_name) = (loser.kind.name(), field.value.field(), winner.full_name());
            let message = format!(
                "`{field}` of {kind} `{}` does not count at listener `{}`: its socket is that of listener `{}` too",
                loser.full_name(),
                listener.spec.name,
                other.spec.name
            );
            let finding = loser.finding(codes::OPTION_HIDDEN, whole!["spec", "options", field], message);
            let place = winner.at(&path!["spec", "options", by.value.field()]);
            let why = format!("listener `{}` is the first of port {} that has the field", other.spec.name, bind.port);
            diagnostics.report(
                finding
                    .label(format!("another {kind} has the field"))
                    .related(place, format!("the one that counts: {why}"))
                    .consequence(format!(
                        "`{field}` of `{winner_name}` counts for all connections to port {}",
                        bind.port
                    ))
                    .help("give the listener another port, or let one object be about both"),
            );
        }
    }
}
