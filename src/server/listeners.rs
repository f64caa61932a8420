//! The listeners for clients: checked before anything else happens, as Pingora gives up without a word.

use crate::config::Config;
use crate::edge::Doors;
use crate::server::NotStarted;
use std::net::TcpListener;

/// Makes sure that every address is free.
///
/// # Errors
/// [`NotStarted::Taken`] names the address and the setting it comes from.
pub fn are_free(config: &Config) -> Result<(), NotStarted> {
    let listen = config.listen.iter().map(|l| (l.address, "`listen`"));
    let admin = config.admin.iter().map(|address| (*address, "`admin.listen`"));
    for (address, setting) in listen.chain(admin) {
        TcpListener::bind(address).map_err(|cause| NotStarted::Taken { address, setting, cause })?;
    }
    Ok(())
}

/// Makes sure that all certificates and authorities can be used.
///
/// # Errors
/// [`NotStarted::Tls`] names the file.
pub fn have_certificates(config: &Config) -> Result<(), NotStarted> {
    Ok(Doors::open(&config.listen).map(drop)?)
}
