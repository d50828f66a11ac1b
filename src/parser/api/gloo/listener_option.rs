//! ListenerOption
//! ([ListenerOption](https://docs.solo.io/gateway/latest/reference/api/listener_options/)).

use serde::Deserialize;

use super::access_log::OptionAccessLogs;
use super::gloo_enum::GlooEnum;
use super::listener_options::ListenerOptionsSpec;
use crate::parser::api::option_list::{Untranslated, options};

/// The spec of a ListenerOption.
pub type ListenerOptionSpec = ListenerOptionsSpec<ListenerOption>;

options! {
    /// An option for the connections of a listener, whatever they speak.
    ListenerOption {
        AccessLoggingService(OptionAccessLogs) = "accessLoggingService",
        ConnectionBalanceConfig(OptionBalance) = "connectionBalanceConfig",
        Extensions(Untranslated) = "extensions",
        ListenerAccessLoggingService(OptionAccessLogs) = "listenerAccessLoggingService",
        PerConnectionBufferLimitBytes(u32) = "perConnectionBufferLimitBytes",
        ProxyProtocol(OptionProxyProtocol) = "proxyProtocol",
        SocketOptions(Vec<OptionSocket>) = "socketOptions",
        TcpStats(bool) = "tcpStats",
    }
}

/// `connectionBalanceConfig`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionBalance {
    /// That it is there is all that it says.
    pub exact_balance: Option<Untranslated>,
}

/// `proxyProtocol`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionProxyProtocol {
    #[serde(default)]
    pub allow_requests_without_proxy_protocol: bool,
    #[serde(default)]
    pub rules: Vec<OptionTlvRule>,
}

/// A value of PROXY protocol headers that logs can show.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionTlvRule {
    pub on_tlv_present: Option<OptionTlvName>,
    #[serde(default)]
    pub tlv_type: u32,
}

/// `onTlvPresent`: how the value is called.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionTlvName {
    #[serde(default)]
    pub key: String,
    #[serde(default)]
    pub metadata_namespace: String,
}

/// An entry of `socketOptions`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct OptionSocket {
    pub buf_value: Option<String>,
    #[serde(default)]
    pub description: String,
    pub int_value: Option<GlooEnum>,
    pub level: Option<GlooEnum>,
    pub name: Option<GlooEnum>,
    pub state: Option<GlooEnum>,
}
