//! The command line of `ui`.

use std::net::SocketAddr;

use clap::Args;

use super::super::value;
use super::{CompileArgs, InputArgs, LevelName};
use crate::parser::manifests::ObjectKey;

/// Flags of `ui`.
#[derive(Debug, Args)]
pub struct UiArgs {
    /// The input.
    #[command(flatten)]
    pub input: InputArgs,
    /// The settings of the compilation.
    #[command(flatten)]
    pub compile: CompileArgs,
    /// Show what leads to this object and what it leads to, such as `httproute/shop/web`.
    #[arg(long = "for", value_name = "KIND/NS/NAME", value_parser = value::object, help_heading = "Picture")]
    pub about: Option<ObjectKey>,
    /// How deep the picture goes; the deepest that is not too large by default.
    #[arg(long, value_name = "LEVEL", help_heading = "Picture")]
    pub level: Option<LevelName>,
    /// Show what the manifests change for traffic since this side of `diff`: a path, or `git:REV[:PATH]`.
    #[arg(long, value_name = "OLD", help_heading = "Picture")]
    pub against: Option<String>,
    /// Where the page is served, an address of the loopback interface; port 0 takes one that is free.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:10087", help_heading = "Output")]
    pub listen: SocketAddr,
}
