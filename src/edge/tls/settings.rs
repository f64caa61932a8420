//! What a listener offers in a handshake.

use crate::config::ListenerTls;
use crate::config::TlsVersion;
use crate::edge::tls::BadTls;
use crate::edge::tls::client::Introduction;
use crate::edge::tls::files;
use crate::edge::tls::files::Served;
use crate::edge::tls::sni::Names;
use pingora::listeners::tls::Acceptor;
use pingora::listeners::tls::TlsSettings;
use pingora::tls::TlsAcceptor;
use rustls::ServerConfig;
use rustls::SupportedProtocolVersion;
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring;
use rustls::server::ClientHello;
use rustls::server::ResolvesServerCert;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::sign::CertifiedKey;
use rustls::version::TLS12;
use rustls::version::TLS13;
use std::sync::Arc;

/// What shakes hands as configured. Tickets of an earlier one are not honoured: who was let in may not be any more.
///
/// # Errors
/// [`BadTls`] names the file that cannot be used.
pub fn acceptor(tls: &ListenerTls) -> Result<Acceptor, BadTls> {
    let provider = Arc::new(ring::default_provider());
    let failed = |cause: rustls::Error| BadTls::Settings { cause: cause.to_string() };
    let certificates = Arc::new(Certificates::read(tls, &provider)?);
    let builder = ServerConfig::builder_with_provider(provider.clone());
    let builder = builder.with_protocol_versions(versions(tls.min_version)).map_err(failed)?;
    let builder = match client_verifier(tls, provider)? {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_cert_resolver(certificates.clone());
    let protocols: &[&[u8]] = if tls.http2 { &[b"h2", b"http/1.1"] } else { &[b"http/1.1"] };
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    config.ticketer = ring::Ticketer::new().map_err(failed)?;
    match tls.client_ca {
        None => Ok(Acceptor::from_server_config(Arc::new(config))),
        Some(_) => introducing(config, certificates),
    }
}

/// Pingora takes a callback together with settings of its own only, which are replaced here.
fn introducing(config: ServerConfig, certificates: Arc<Certificates>) -> Result<Acceptor, BadTls> {
    let settings = TlsSettings::with_callbacks(Box::new(Introduction));
    let mut settings = settings.map_err(|e| BadTls::Settings { cause: e.to_string() })?;
    settings.set_cert_resolver(certificates);
    let mut acceptor = settings.build();
    acceptor.acceptor = TlsAcceptor::from(Arc::new(config));
    Ok(acceptor)
}

const FROM_1_2: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];
const FROM_1_3: &[&SupportedProtocolVersion] = &[&TLS13];

fn versions(min: TlsVersion) -> &'static [&'static SupportedProtocolVersion] {
    match min {
        TlsVersion::Tls12 => FROM_1_2,
        TlsVersion::Tls13 => FROM_1_3,
    }
}

fn client_verifier(
    tls: &ListenerTls,
    provider: Arc<CryptoProvider>,
) -> Result<Option<Arc<dyn ClientCertVerifier>>, BadTls> {
    let Some(file) = &tls.client_ca else { return Ok(None) };
    let roots = Arc::new(files::authorities(file)?);
    let builder = WebPkiClientVerifier::builder_with_provider(roots, provider);
    let builder = if tls.client_optional { builder.allow_unauthenticated() } else { builder };
    let unusable = |cause: String| BadTls::Authorities { file: file.display().to_string(), cause };
    builder.build().map(Some).map_err(|e| unusable(e.to_string()))
}

/// The certificates of a listener, by the names in them.
#[derive(Debug)]
struct Certificates {
    names: Names,
    /// In the order of the configuration.
    keys: Vec<Arc<CertifiedKey>>,
}

impl Certificates {
    fn read(tls: &ListenerTls, provider: &CryptoProvider) -> Result<Certificates, BadTls> {
        let read = tls.certificates.iter().map(|pair| files::certificate(pair, provider));
        let read = read.chain(tls.acme.iter().map(|acme| files::issued(acme, provider)));
        let read: Vec<Served> = read.collect::<Result<_, _>>()?;
        let (names, keys): (Vec<_>, Vec<_>) =
            read.into_iter().map(|served| (served.names, Arc::new(served.key))).unzip();
        Ok(Certificates { names: Names::new(&names), keys })
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.keys.get(self.names.choose(hello.server_name())).cloned()
    }
}
