//! Who a client with a certificate is.

use crate::hex;
use async_trait::async_trait;
use pingora::listeners::TlsAccept;
use pingora::protocols::tls::TlsRef;
use sha2::Digest;
use sha2::Sha256;
use std::any::Any;
use std::sync::Arc;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

/// What servers are told of a client that has proved itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The subject's common name, if it has one.
    pub common_name: Option<String>,
    /// The fingerprint of the certificate, in small hexadecimal digits.
    pub sha256: String,
}

impl ClientCertificate {
    pub fn read(der: &[u8]) -> ClientCertificate {
        ClientCertificate { common_name: common_name(der), sha256: hex::of(&Sha256::digest(der)) }
    }
}

fn common_name(der: &[u8]) -> Option<String> {
    let (_, parsed) = X509Certificate::from_der(der).ok()?;
    let name = parsed.subject().iter_common_name().next()?.as_str().ok()?;
    Some(name.to_owned())
}

/// Notes after each handshake who the client is, where requests find it.
pub struct Introduction;

#[async_trait]
impl TlsAccept for Introduction {
    async fn handshake_complete_callback(&self, tls: &TlsRef) -> Option<Arc<dyn Any + Send + Sync>> {
        let certificate = ClientCertificate::read(tls.peer_certificate_der()?);
        Some(Arc::new(certificate))
    }
}
