//! What a host of an Upstream may be: its address, its port, its weight, its name in a handshake.

use std::net::IpAddr;

use crate::diagnostics::FieldPath;
use crate::port::Port;

use super::refused::Refused;

/// The most bytes of the path of a socket file
/// ([unix(7)](https://man7.org/linux/man-pages/man7/unix.7.html)).
const LONGEST_SOCKET_PATH: usize = 107;

/// The largest weight of a host.
pub(super) const HEAVIEST: u32 = 1_000_000;

/// Whether a host can be looked up: an IP address, or a name whose last label is no number, which would make it one that is
/// written wrong ([RFC 1123, section 2.1](https://www.rfc-editor.org/rfc/rfc1123#section-2.1)).
pub(super) fn is_address(host: &str) -> bool {
    let is_edge = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let is_label = |label: &str| {
        let bytes = label.as_bytes();
        let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
        bytes.len() < 64 && is_edge(bytes.first()) && is_edge(bytes.last()) && bytes.iter().all(is_of_name)
    };
    let name = host.strip_suffix('.').unwrap_or(host);
    let is_number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    let is_name = name.split('.').all(is_label) && !name.rsplit('.').next().is_some_and(is_number);
    host.parse::<IpAddr>().is_ok() || is_name && name.len() < 254
}

/// Why a text is no socket file of the proxy's machine, nor a name of its network namespace with `@` before it, and what to
/// write instead.
pub(super) fn socket_fault(path: &str) -> Option<(&'static str, &'static str)> {
    if !path.starts_with(['/', '@']) || path.len() < 2 {
        Some(("does not say where requests go", "write the path of a socket file from `/` on"))
    } else if path.len() > LONGEST_SOCKET_PATH {
        Some(("is longer than a system takes", "write 107 bytes at most"))
    } else if path.chars().any(char::is_control) {
        Some(("is no path", "write visible characters"))
    } else {
        None
    }
}

/// Whether a text may stand in a handshake, or is empty.
pub(super) fn is_server_name(name: &str) -> bool {
    name.len() < 254 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte))
}

/// A field that says nothing of a place.
pub(super) fn lacking(path: FieldPath, help: &'static str) -> Refused {
    Refused { message: format!("`{path}` does not say where requests go"), path, help }
}

/// The number of a port; 0 where it is reported that there is none.
pub(super) fn port(number: u32, path: FieldPath, refused: &mut Vec<Refused>) -> Port {
    let port = Port::new(u16::try_from(number).unwrap_or_default());
    if port == 0 {
        refused.push(lacking(path, "write a number from 1 to 65535"));
    }
    port
}
