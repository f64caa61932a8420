//! Clients that speak TLS, and certificates made for a test.

use crate::support::read_head;
use h2::client::SendRequest;
use rcgen::BasicConstraints;
use rcgen::CertificateParams;
use rcgen::CertifiedIssuer;
use rcgen::DnType;
use rcgen::IsCa;
use rcgen::KeyPair;
use rustls::ClientConfig;
use rustls::DigitallySignedStruct;
use rustls::Error;
use rustls::SignatureScheme;
use rustls::SupportedProtocolVersion;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::client::danger::ServerCertVerified;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::ServerName;
use rustls::pki_types::UnixTime;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWrite;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use x509_parser::extensions::GeneralName;

/// No answer in a test takes longer; one that does hangs.
const DEADLINE: Duration = Duration::from_secs(20);

/// Signs certificates, and keeps them in files.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    directory: TempDir,
}

impl Authority {
    pub fn new() -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "Authority of a test");
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let authority = Authority { issuer, directory: tempfile::tempdir().unwrap() };
        std::fs::write(authority.ca(), authority.issuer.pem()).unwrap();
        authority
    }

    /// Its own certificate.
    pub fn ca(&self) -> PathBuf {
        self.file("ca.pem")
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a certificate for these names, in place of an older one; the setting for it.
    pub fn writes(&self, name: &str, names: &[&str]) -> String {
        let (cert, key) = (self.file(&format!("{name}.crt")), self.file(&format!("{name}.key")));
        let (pem, _, pair) = self.signed(names, "server");
        std::fs::write(&cert, pem).unwrap();
        std::fs::write(&key, pair.serialize_pem()).unwrap();
        format!("{{ cert: '{}', key: '{}' }}", cert.display(), key.display())
    }

    /// What a client of this name proves itself with.
    pub fn client(&self, common_name: &str) -> Identity {
        let (_, der, pair) = self.signed(&[], common_name);
        (der, PrivateKeyDer::try_from(pair.serialize_der()).unwrap())
    }

    fn signed(&self, names: &[&str], common_name: &str) -> (String, CertificateDer<'static>, KeyPair) {
        let pair = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(DnType::CommonName, common_name);
        let signed = params.signed_by(&pair, &self.issuer).unwrap();
        (signed.pem(), signed.der().clone(), pair)
    }
}

pub type Identity = (CertificateDer<'static>, PrivateKeyDer<'static>);

/// A client that takes whatever certificate it is shown.
pub struct Caller {
    pub name: Option<&'static str>,
    pub protocols: &'static [&'static str],
    pub versions: &'static [&'static SupportedProtocolVersion],
    pub identity: Option<Identity>,
}

impl Caller {
    pub fn asking_for(name: impl Into<Option<&'static str>>) -> Caller {
        Caller { name: name.into(), protocols: &[], versions: rustls::ALL_VERSIONS, identity: None }
    }

    /// Connects to a port of this machine and shakes hands.
    pub async fn call(self, port: u16) -> io::Result<TlsStream<TcpStream>> {
        self.call_through(TcpStream::connect(("127.0.0.1", port)).await?).await
    }

    /// Shakes hands over what is open.
    pub async fn call_through(self, socket: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(self.versions)
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Credulous));
        let mut config = match self.identity {
            None => builder.with_no_client_auth(),
            Some((cert, key)) => builder.with_client_auth_cert(vec![cert], key).unwrap(),
        };
        config.enable_sni = self.name.is_some();
        config.alpn_protocols = self.protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        let name = ServerName::try_from(self.name.unwrap_or("nobody.test")).unwrap();
        let connector = TlsConnector::from(Arc::new(config));
        timeout(DEADLINE, connector.connect(name, socket)).await.expect("the handshake hangs")
    }
}

/// The DNS names in the certificate that was served.
pub fn served(stream: &TlsStream<TcpStream>) -> Vec<String> {
    let der = &stream.get_ref().1.peer_certificates().unwrap()[0];
    let (_, parsed) = x509_parser::parse_x509_certificate(der).unwrap();
    let names = parsed.subject_alternative_name().unwrap().unwrap().value.general_names.iter();
    names
        .map(|name| match name {
            GeneralName::DNSName(name) => (*name).to_owned(),
            other => panic!("{other}"),
        })
        .collect()
}

/// One request over an open connection: the head of the answer and its body.
pub async fn ask(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    head: &str,
) -> io::Result<(String, String)> {
    stream.write_all(format!("{head}\r\n\r\n").as_bytes()).await?;
    stream.flush().await?;
    let head = timeout(DEADLINE, read_head(stream)).await.expect("no answer")?.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
    let mut body = vec![0; length.parse().unwrap()];
    timeout(DEADLINE, stream.read_exact(&mut body)).await.expect("no body")?;
    Ok((head, String::from_utf8(body).unwrap()))
}

/// Opens HTTP/2 over a connection that has agreed to it.
pub async fn h2(stream: TlsStream<TcpStream>) -> SendRequest<bytes::Bytes> {
    let (sender, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    sender
}

#[derive(Debug)]
struct Credulous;

impl ServerCertVerifier for Credulous {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}
