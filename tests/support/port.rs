//! Ports of this machine: ones to listen on, and ones where nothing ever listens.

use std::net::TcpListener;
use std::net::TcpStream;
use std::time::Duration;
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

/// A port of 127.0.0.1 whose connections are never made: nobody accepts them and its queue is full.
pub struct DeafPort {
    listener: tokio::net::TcpListener,
    _waiting: Vec<TcpStream>,
}

impl DeafPort {
    pub fn port(&self) -> u16 {
        self.listener.local_addr().unwrap().port()
    }
}

/// Must be called inside a runtime.
pub fn deaf_port() -> DeafPort {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let connect = || TcpStream::connect_timeout(&address, Duration::from_millis(300));
    // The first that is not let in shows that the queue is full.
    let waiting = std::iter::from_fn(|| connect().ok()).take(16).collect();
    DeafPort { listener, _waiting: waiting }
}
