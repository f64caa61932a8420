//! A scripted vendor behind TLS, with a certificate authority of its own.

use crate::support::reply::Reply;
use crate::support::request::Request;
use crate::support::vendor::Line;
use crate::support::vendor::Vendor;
use crate::support::vendor::Welcome;
use rcgen::BasicConstraints;
use rcgen::CertificateParams;
use rcgen::CertifiedIssuer;
use rcgen::DnType;
use rcgen::IsCa;
use rcgen::KeyPair;
use rcgen::KeyUsagePurpose;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::server::TlsStream;

/// A vendor at `https://localhost:port` whose certificate only its own authority vouches for.
pub struct TlsVendor {
    pub vendor: Vendor,
    ca: PathBuf,
    _directory: TempDir,
}

impl TlsVendor {
    /// `https://localhost:port`
    pub fn base_url(&self) -> &str {
        self.vendor.base_url()
    }

    /// The authority's certificate, a PEM file that lives as long as the vendor.
    pub fn ca_pem(&self) -> &Path {
        &self.ca
    }
}

/// Starts a scripted vendor behind TLS; it speaks HTTP/1.1 only.
pub fn tls_vendor(script: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static) -> TlsVendor {
    let identity = Identity::new(b"http/1.1");
    let vendor = Vendor::with(Tls(identity.door), "https://localhost", Arc::new(script));
    TlsVendor { vendor, ca: identity.ca, _directory: identity.directory }
}

/// Starts a vendor that greets over TLS and then reads nothing.
pub fn deaf_tls_vendor() -> TlsVendor {
    let identity = Identity::new(b"http/1.1");
    let vendor = Vendor::with(Deaf(identity.door), "https://localhost", Arc::new(|_, _| Reply::silent()));
    TlsVendor { vendor, ca: identity.ca, _directory: identity.directory }
}

/// A certificate for `localhost`, and the authority that alone vouches for it.
pub(super) struct Identity {
    pub door: TlsAcceptor,
    /// The authority's certificate, a PEM file in `directory`.
    pub ca: PathBuf,
    pub directory: TempDir,
}

impl Identity {
    /// Agrees to this protocol only.
    pub fn new(protocol: &[u8]) -> Identity {
        let authority = authority();
        let directory = tempfile::tempdir().unwrap();
        let ca = directory.path().join("ca.pem");
        std::fs::write(&ca, authority.pem()).unwrap();
        let door = TlsAcceptor::from(Arc::new(server_config(&authority, protocol)));
        Identity { door, ca, directory }
    }
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "Scripted authority");
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn server_config(authority: &CertifiedIssuer<'static, KeyPair>, protocol: &[u8]) -> ServerConfig {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, "Scripted vendor");
    let certificate = params.signed_by(&key, authority).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    // Named, because several providers of cryptography may be linked in and none is the default.
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    config.alpn_protocols = vec![protocol.to_vec()];
    config
}

#[derive(Clone)]
struct Tls(TlsAcceptor);

impl Welcome for Tls {
    type Line = TlsStream<TcpStream>;

    async fn welcome(&self, socket: TcpStream) -> Option<TlsStream<TcpStream>> {
        self.0.accept(socket).await.ok()
    }
}

#[derive(Clone)]
struct Deaf(TlsAcceptor);

impl Welcome for Deaf {
    type Line = TlsStream<TcpStream>;

    async fn welcome(&self, socket: TcpStream) -> Option<TlsStream<TcpStream>> {
        let _open = self.0.accept(socket).await.ok()?;
        std::future::pending().await
    }
}

impl Line for TlsStream<TcpStream> {
    fn socket(&self) -> &TcpStream {
        self.get_ref().0
    }
}
