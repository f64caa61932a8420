//! The listeners for clients: checked before anything else happens, as Pingora gives up without a word.

use crate::config::Config;
use crate::edge::Doors;
use crate::server::NotStarted;
use crate::server::takeover::Takeover;
use pingora::listeners::L4BufferSettings;
use pingora::listeners::ListenerConfig;
use std::net::SocketAddr;
use std::net::TcpListener;

/// The buffer behind small reads, in bytes: of a PROXY header, mostly. Heads and bodies are read past it, and every idle
/// connection holds one; Pingora's own has 64 KiB.
const READ: usize = 512;

/// Makes sure that every address is free, or will be taken over.
///
/// # Errors
/// [`NotStarted::Taken`] names the address and the setting it comes from.
pub fn are_free(config: &Config, takeover: Option<&Takeover>) -> Result<(), NotStarted> {
    let taken_over = |address| takeover.is_some_and(|other| other.has(address));
    let listen = config.listen.iter().filter(|l| !taken_over(l.address)).map(|l| (l.address, "`listen`"));
    // The other process gives its admin listener up when it hands over; it may be this one.
    let admin = config.admin.iter().filter(|_| takeover.is_none());
    let admin = admin.map(|address| (*address, "`admin.listen`"));
    for (address, setting) in listen.chain(admin) {
        TcpListener::bind(address).map_err(|cause| NotStarted::Taken { address, setting, cause })?;
    }
    Ok(())
}

/// A listener as Pingora opens it; TLS is spoken behind it.
pub fn plain(address: SocketAddr) -> ListenerConfig {
    ListenerConfig::tcp(address.to_string()).l4_buffer(L4BufferSettings::default().read(READ))
}

/// Makes sure that all certificates and authorities can be used.
///
/// # Errors
/// [`NotStarted::Tls`] names the file.
pub fn have_certificates(config: &Config) -> Result<(), NotStarted> {
    Ok(Doors::open(&config.listen).map(drop)?)
}
