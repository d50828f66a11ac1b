//! Free ports that stay free: a port is reserved by a socket that is bound and
//! never listens, for as long as the proxy that uses it runs.
//!
//! Envoy sets `SO_REUSEPORT` on its listeners, so two proxies on one port
//! would share connections without an error. The kernel never hands a reserved
//! port to anyone who asks for port 0, in whatever process, while a proxy that
//! is told to bind it may do so (both sides set `SO_REUSEADDR`).

use std::io;
use std::net::{IpAddr, SocketAddr};

use socket2::{Domain, Socket, Type};
use tokio::net::TcpSocket;

use super::error::Error;

/// A reserved TCP port.
#[derive(Debug)]
pub(super) struct Reservation {
    address: SocketAddr,
    _socket: TcpSocket,
}

impl Reservation {
    /// Reserves a free port of `ip`. Must be called inside a tokio runtime.
    pub(super) fn new(ip: IpAddr) -> Result<Self, Error> {
        let reserve = || {
            let socket = if ip.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
            socket.set_reuseaddr(true)?;
            socket.set_reuseport(true)?;
            socket.bind(SocketAddr::new(ip, 0))?;
            let address = socket.local_addr()?;
            Ok(Self { address, _socket: socket })
        };
        reserve().map_err(Error::system(format!("reserve a port of {ip}")))
    }

    /// The reserved address.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

/// How many ports are tried until one is free for connections and for datagrams.
pub(super) const PORT_ATTEMPTS: usize = 20;

/// The datagrams of a reserved port. A UDP socket beside the proxy's own would
/// take some of its datagrams, so this must be dropped when the proxy is there.
#[derive(Debug)]
pub(super) struct DatagramReservation {
    _socket: Socket,
}

impl DatagramReservation {
    fn new(address: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, None)?;
        socket.set_reuse_port(true)?;
        socket.bind(&address.into())?;
        Ok(Self { _socket: socket })
    }
}

/// Reserves a port of `ip` for connections and for datagrams. Must be called inside a tokio runtime.
pub(super) fn reserve_both(ip: IpAddr) -> Result<(Reservation, DatagramReservation), Error> {
    let mut taken = Vec::new();
    loop {
        let reservation = Reservation::new(ip)?;
        match DatagramReservation::new(reservation.address()) {
            Ok(datagrams) => return Ok((reservation, datagrams)),
            Err(error) if taken.len() >= PORT_ATTEMPTS => {
                return Err(Error::System("reserve a port for datagrams".to_owned(), error));
            }
            // Kept, so that the next port is another one.
            Err(_) => taken.push(reservation),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, TcpListener};

    use super::Reservation;

    const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[tokio::test]
    async fn a_reserved_port_is_not_given_away_again() {
        let first = Reservation::new(LOOPBACK).expect("a port");
        for _ in 0..200 {
            let other = TcpListener::bind((LOOPBACK, 0)).expect("a port");
            assert_ne!(other.local_addr().expect("an address").port(), first.address().port());
            assert_ne!(Reservation::new(LOOPBACK).expect("a port").address(), first.address());
        }
    }

    #[tokio::test]
    async fn the_one_who_is_told_may_bind_a_reserved_port() {
        let reservation = Reservation::new(LOOPBACK).expect("a port");
        TcpListener::bind(reservation.address()).expect("the reserved port can be bound");
    }
}
