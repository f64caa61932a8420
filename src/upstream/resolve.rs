//! Host names become addresses without blocking a worker; a known answer is kept when a later look-up fails.

use std::io;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::time::Duration;

/// How often the addresses of a name are looked up again.
pub const REFRESH: Duration = Duration::from_secs(30);

/// The addresses of `host`, in the order the system prefers, each once.
///
/// # Errors
/// Whatever the system's resolver says, `NotFound` when it has no address, `TimedOut` after `patience`.
pub async fn look_up(host: &str, port: u16, patience: Duration) -> io::Result<Vec<SocketAddr>> {
    if let Some(address) = literal(host, port) {
        return Ok(vec![address]);
    }
    let found = tokio::time::timeout(patience, tokio::net::lookup_host((host, port))).await??;
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for address in found {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    match addresses.is_empty() {
        true => Err(io::Error::new(io::ErrorKind::NotFound, "no address")),
        false => Ok(addresses),
    }
}

/// The address that `host` already is.
pub fn literal(host: &str, port: u16) -> Option<SocketAddr> {
    host.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_needs_no_resolver() {
        let found = look_up("::1", 80, Duration::ZERO).await.unwrap();
        assert_eq!(found, ["[::1]:80".parse().unwrap()]);
    }

    #[tokio::test]
    async fn localhost_is_found() {
        let found = look_up("localhost", 80, Duration::from_secs(5)).await.unwrap();
        assert!(found.iter().all(|a| a.ip().is_loopback() && a.port() == 80), "{found:?}");
    }
}
