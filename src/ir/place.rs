//! Where what is sent to a backend arrives, in words.

use super::cluster::Endpoints;
use super::cluster_settings::ClusterSettings;

/// Each place that something may arrive at: an endpoint or, where endpoints are proxies on the way, what lies behind them.
pub fn places(endpoints: &Endpoints, settings: &ClusterSettings) -> Vec<String> {
    let endpoints = endpoints.in_words();
    match &settings.tunnel {
        Some(tunnel) => endpoints.into_iter().map(|proxy| format!("{} through {proxy}", tunnel.to)).collect(),
        None => endpoints,
    }
}
