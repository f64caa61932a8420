//! A simulated provider for tests that wait without a runtime of their own.

use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tollgate::mock;
use tollgate::mock::Behaviour;

/// Serves until the runtime is dropped.
pub fn simulated(runtime: &Runtime, behaviour: Behaviour) -> SocketAddr {
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(mock::serve(listener, behaviour));
    address
}
