//! Certificates, keys and authorities as they lie in files.

use crate::config::Acme;
use crate::config::Certificate;
use crate::config::ListenerTls;
use crate::edge::acme::kept;
use crate::edge::tls::BadTls;
use pingora::tls::load_certs_and_key_files;
use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::sign::CertifiedKey;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::time::SystemTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;

/// A certificate that can be served, and the names in it.
#[derive(Debug)]
pub struct Served {
    pub key: CertifiedKey,
    pub names: Vec<String>,
}

/// Reads a certificate with its chain and its key.
///
/// # Errors
/// [`BadTls::Certificate`] when they cannot be read or do not belong together.
pub fn certificate(pair: &Certificate, provider: &CryptoProvider) -> Result<Served, BadTls> {
    let (cert, key) = (pair.cert.display().to_string(), pair.key.display().to_string());
    let unusable = |cause: String| BadTls::Certificate { cert: cert.clone(), key: key.clone(), cause };
    let read = load_certs_and_key_files(&cert, &key).map_err(|e| unusable(e.to_string()))?;
    let (chain, private) = read.ok_or_else(|| unusable("no certificate or no key is in them".to_owned()))?;
    let names = chain.first().map(|leaf| names(leaf)).unwrap_or_default();
    let key = CertifiedKey::from_der(chain, private, provider).map_err(|e| unusable(e.to_string()))?;
    Ok(Served { key, names })
}

/// The certificate of an authority. As long as it has not given one, something that lets handshakes end.
///
/// # Errors
/// [`BadTls`].
pub fn issued(acme: &Acme, provider: &CryptoProvider) -> Result<Served, BadTls> {
    let pair = kept::certificate(acme);
    if pair.cert.exists() {
        return certificate(&pair, provider);
    }
    let failed = |cause: String| BadTls::Settings { cause };
    let made = rcgen::generate_simple_self_signed(acme.domains.clone()).map_err(|e| failed(e.to_string()))?;
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let key = CertifiedKey::from_der(vec![made.cert.der().clone()], key.into(), provider);
    Ok(Served { key: key.map_err(|e| failed(e.to_string()))?, names: acme.domains.clone() })
}

/// Reads the authorities that clients are to be signed by.
///
/// # Errors
/// [`BadTls::Authorities`] when one of them cannot be read, or there is none.
pub fn authorities(file: &Path) -> Result<RootCertStore, BadTls> {
    let unusable = |cause: String| BadTls::Authorities { file: file.display().to_string(), cause };
    let mut store = RootCertStore::empty();
    for der in CertificateDer::pem_file_iter(file).map_err(|e| unusable(e.to_string()))? {
        let der = der.map_err(|e| unusable(e.to_string()))?;
        store.add(der).map_err(|e| unusable(e.to_string()))?;
    }
    match store.is_empty() {
        true => Err(unusable("no certificate is in it".to_owned())),
        false => Ok(store),
    }
}

/// When each file of a listener was last written, and its length; `None` for one that is away.
pub type Stamps = Vec<Option<(SystemTime, u64)>>;

/// Looks at the files without reading them.
pub fn stamps(tls: Option<&ListenerTls>) -> Stamps {
    let files = tls.into_iter().flat_map(|tls| {
        let pairs = tls.certificates.iter().flat_map(|pair| [&pair.cert, &pair.key]);
        pairs.chain(&tls.client_ca).cloned().chain(tls.acme.as_ref().map(|acme| kept::certificate(acme).cert))
    });
    let stamp = |path: PathBuf| fs::metadata(path).and_then(|file| Ok((file.modified()?, file.len())));
    files.map(|path| stamp(path).ok()).collect()
}

/// The DNS names a certificate is for. Clients look at these alone, and name no address (RFC 6066 §3).
fn names(leaf: &CertificateDer<'_>) -> Vec<String> {
    let Ok((_, parsed)) = X509Certificate::from_der(leaf) else { return Vec::new() };
    let names = parsed.subject_alternative_name().ok().flatten();
    let names = names.into_iter().flat_map(|names| &names.value.general_names);
    names
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            _ => None,
        })
        .collect()
}
