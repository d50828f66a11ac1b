//! What a name of the output may be the name of.

use clap::ValueEnum;
use serde::Serialize;

/// What a name is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum NameKind {
    /// A listener: a socket.
    Listener,
    /// A filter chain of a listener.
    FilterChain,
    /// A route configuration.
    RouteConfiguration,
    /// A virtual host.
    VirtualHost,
    /// A route.
    Route,
    /// A cluster.
    Cluster,
    /// A secret: a certificate with its key, or authorities.
    Secret,
    /// What the statistics of the proxies of a socket begin with.
    Statistics,
}

impl NameKind {
    /// In words.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Listener => "listener",
            Self::FilterChain => "filter chain",
            Self::RouteConfiguration => "route configuration",
            Self::VirtualHost => "virtual host",
            Self::Route => "route",
            Self::Cluster => "cluster",
            Self::Secret => "secret",
            Self::Statistics => "statistics",
        }
    }
}
