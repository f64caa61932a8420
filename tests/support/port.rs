//! Ports of this machine: ones to listen on, and ones where nothing ever listens.

use std::net::TcpListener;
use tokio::net::TcpSocket;

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A port of 127.0.0.1 that refuses connections for as long as the test program runs.
pub fn refused_port() -> u16 {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = socket.local_addr().unwrap().port();
    // Bound but not listening: connections are refused and nobody else can take the port.
    std::mem::forget(socket);
    port
}
