//! Private certificate authorities of providers (`ca_file`).

use pingora::protocols::tls::CaType;
use pingora::utils::tls::WrappedX509;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use std::path::Path;
use std::sync::Arc;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

/// A `ca_file` that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadAuthority {
    #[error("`ca_file` {path} cannot be read as PEM: {cause}")]
    Pem { path: String, cause: rustls_pki_types::pem::Error },
    #[error("`ca_file` {path} holds no certificate")]
    Empty { path: String },
    #[error("`ca_file` {path} holds a certificate that cannot be read: {cause}")]
    Der { path: String, cause: String },
}

/// Reads every certificate of a PEM file.
///
/// # Errors
/// [`BadAuthority`] says what is wrong with the file.
pub fn authority(file: &Path) -> Result<Arc<CaType>, BadAuthority> {
    let path = file.display().to_string();
    let pem = |cause| BadAuthority::Pem { path: path.clone(), cause };
    let mut certificates = Vec::new();
    for der in CertificateDer::pem_file_iter(file).map_err(pem)? {
        let der = der.map_err(pem)?.to_vec();
        let parsed = WrappedX509::try_new(der, |der| X509Certificate::from_der(der).map(|(_, cert)| cert));
        certificates
            .push(parsed.map_err(|e| BadAuthority::Der { path: path.clone(), cause: e.to_string() })?);
    }
    match certificates.is_empty() {
        true => Err(BadAuthority::Empty { path }),
        false => Ok(certificates.into()),
    }
}
