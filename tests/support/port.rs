//! Ports of this machine: ones to listen on, and ones where nothing ever listens.

use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::net::TcpSocket;

/// Below the ports that systems give to outgoing connections, any of which would be in the way.
const RANGE: std::ops::Range<u32> = 10_000..32_000;

/// A port that was free a moment ago, and that nobody else in this test program gets.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let size = RANGE.end - RANGE.start;
    // Test programs that run at the same time begin in different places.
    let begin = std::process::id().wrapping_mul(997);
    loop {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        assert!(step < size, "no free port");
        let port = (RANGE.start + begin.wrapping_add(step) % size) as u16;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
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
