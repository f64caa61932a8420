//! Where certificates of an authority and the account with it are kept.

use crate::config::Acme;
use crate::config::Certificate;
use crate::edge::acme::NotIssued;
use crate::hex;
use crate::private_file;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use sha2::Digest;
use sha2::Sha256;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

/// The chain and its key, in one file: they come into force in one moment. Other names and other authorities have
/// other files, so what is there is always what is configured.
pub fn certificate(acme: &Acme) -> Certificate {
    let named = format!("{} {}", acme.directory, acme.domains.join(" "));
    let first = acme.domains.first().map_or("", String::as_str);
    let file = acme.folder.join(format!("{first}-{}.pem", mark(&named)));
    Certificate { cert: file.clone(), key: file }
}

pub fn account(acme: &Acme) -> PathBuf {
    acme.folder.join(format!("account-{}.json", mark(&acme.directory)))
}

/// Whether a new certificate is needed: there is none, or a third of its time is left.
pub fn is_due(acme: &Acme, since_epoch: Duration) -> bool {
    let Some((from, to)) = times(&certificate(acme).cert) else { return true };
    let now = i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX);
    to.saturating_sub(now) < to.saturating_sub(from) / 3
}

/// From when to when, in seconds since the epoch.
fn times(file: &Path) -> Option<(i64, i64)> {
    let der = CertificateDer::pem_file_iter(file).ok()?.next()?.ok()?;
    let (_, parsed) = X509Certificate::from_der(&der).ok()?;
    let validity = parsed.validity();
    Some((validity.not_before.timestamp(), validity.not_after.timestamp()))
}

/// Writes down what was issued.
///
/// # Errors
/// [`NotIssued::File`].
pub fn keep(file: &Path, text: &[u8]) -> Result<(), NotIssued> {
    private_file::write(file, text)
        .map_err(|cause| NotIssued::File { file: file.display().to_string(), cause })
}

/// Short and different enough for the name of a file.
fn mark(text: &str) -> String {
    hex::of(&Sha256::digest(text)[..4])
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::CertificateParams;
    use rcgen::KeyPair;
    use rcgen::date_time_ymd;

    #[test]
    fn a_certificate_is_due_when_it_is_missing_or_a_third_of_its_time_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let acme = Acme {
            domains: vec!["a.test".to_owned()],
            email: None,
            directory: "https://ca.test".to_owned(),
            ca_file: None,
            folder: folder.path().join("acme"),
        };
        let at =
            |year, month, day| Duration::from_secs(date_time_ymd(year, month, day).unix_timestamp() as u64);
        assert!(is_due(&acme, at(2026, 1, 1)));
        let mut params = CertificateParams::new(acme.domains.clone()).unwrap();
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2026, 4, 1);
        let signed = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        keep(&certificate(&acme).cert, signed.pem().as_bytes()).unwrap();
        for (now, due) in
            [(at(2026, 1, 1), false), (at(2026, 3, 1), false), (at(2026, 3, 3), true), (at(2027, 1, 1), true)]
        {
            assert_eq!(is_due(&acme, now), due, "{now:?}");
        }
        let other = Acme { domains: vec!["a.test".to_owned(), "b.test".to_owned()], ..acme };
        assert!(is_due(&other, at(2026, 1, 1)));
    }
}
