//! The listeners for clients: checked before anything else happens, then opened by Pingora.

use crate::config::Certificate;
use crate::config::Config;
use crate::config::Listener;
use crate::gateway::slow_head::Front;
use crate::server::NotStarted;
use crate::server::takeover::Takeover;
use pingora::listeners::tls::TlsSettings;
use pingora::services::listening::Service;
use pingora::tls::CryptoProvider;
use pingora::tls::install_default_crypto_provider;
use pingora::tls::load_certs_and_key_files;
use pingora::tls::sign::CertifiedKey;
use std::net::TcpListener;

/// Makes sure that every address is free, or will be taken over. Pingora gives up without a word when one is taken.
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

/// Makes sure that certificates can be served. Pingora would panic over one that cannot.
///
/// # Errors
/// [`NotStarted::Certificate`] names the file.
pub fn have_certificates(config: &Config) -> Result<(), NotStarted> {
    let tls = config.listen.iter().filter_map(|listener| listener.tls.as_ref());
    tls.flat_map(|tls| &tls.certificates).try_for_each(fits)
}

fn fits(pair: &Certificate) -> Result<(), NotStarted> {
    let (cert, key) = paths(pair);
    let unusable = |cause: String| NotStarted::Certificate { cert: cert.clone(), key: key.clone(), cause };
    let read = load_certs_and_key_files(&cert, &key).map_err(|e| unusable(e.to_string()))?;
    let (chain, private) = read.ok_or_else(|| unusable("no certificate or no key is in them".to_owned()))?;
    install_default_crypto_provider();
    match CryptoProvider::get_default() {
        Some(provider) => {
            CertifiedKey::from_der(chain, private, provider).map(drop).map_err(|e| unusable(e.to_string()))
        }
        None => Err(unusable("there is no cryptography to check it with".to_owned())),
    }
}

/// Adds one listener to the service.
///
/// # Errors
/// [`NotStarted::Certificate`].
pub fn add(service: &mut Service<Front>, listener: &Listener) -> Result<(), NotStarted> {
    let address = listener.address.to_string();
    let Some(pair) = listener.tls.as_ref().and_then(|tls| tls.certificates.first()) else {
        service.add_tcp(&address);
        return Ok(());
    };
    let (cert, key) = paths(pair);
    let settings = TlsSettings::intermediate(&cert, &key);
    let mut tls = settings.map_err(|e| NotStarted::Certificate { cert, key, cause: e.to_string() })?;
    tls.enable_h2();
    service.add_tls_with_settings(&address, None, tls);
    Ok(())
}

fn paths(pair: &Certificate) -> (String, String) {
    (pair.cert.display().to_string(), pair.key.display().to_string())
}
