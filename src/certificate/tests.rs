//! Flaws as Envoy sees them.
