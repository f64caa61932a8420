//! One address of a cluster.

use crate::config::edge;
use crate::hex;
use http::HeaderValue;
use sha2::Digest;
use sha2::Sha256;
use std::net::SocketAddr;

/// Bytes of a hash that tell servers apart in a cookie.
const MARK: usize = 8;

/// One address.
#[derive(Debug)]
pub struct Server {
    pub address: SocketAddr,
    /// As it is written in the configuration.
    pub host: String,
    pub port: u16,
    /// Names it in a cookie without telling its address.
    pub mark: String,
    /// Its name and port, for the `Host` header.
    pub authority: HeaderValue,
}

impl Server {
    pub fn new(cluster: &str, address: SocketAddr, entry: &edge::Server) -> Server {
        let (host, port) = (&entry.host, entry.port);
        let bare = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        // Names of the configuration are plain words.
        let authority = HeaderValue::from_str(&bare).unwrap_or_else(|_| HeaderValue::from_static(""));
        Server { address, host: host.clone(), port, mark: mark(cluster, address), authority }
    }

    /// Whether it is there because of this entry.
    pub fn is_of(&self, entry: &edge::Server) -> bool {
        self.host == entry.host && self.port == entry.port
    }
}

fn mark(cluster: &str, address: SocketAddr) -> String {
    hex::of(&Sha256::digest(format!("{cluster}\n{address}"))[..MARK])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_names_a_server_and_tells_no_address() {
        let [one, other] = ["10.0.0.1:80", "10.0.0.2:80"].map(|text| text.parse().unwrap());
        assert_eq!(mark("web", one).len(), 16);
        assert_eq!(mark("web", one), mark("web", one));
        assert_ne!(mark("web", one), mark("web", other));
        assert_ne!(mark("web", one), mark("api", one));
    }
}
