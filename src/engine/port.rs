//! Ports of this machine for what listens in a container.

use std::net::{Ipv4Addr, TcpListener};

/// Where ports for Jupyter begin: its own first choice.
const FIRST_PORT: u16 = 8888;

/// The first port from 8888 on that nobody listens on. Somebody may take it before the container does; then the
/// engine says so.
pub(crate) fn free_port() -> u16 {
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    (FIRST_PORT..FIRST_PORT + 1000).find(is_free).unwrap_or(FIRST_PORT)
}
