//! How a lane is opened: connected, encrypted where the address says so, and made known to Redis.

use crate::clock;
use crate::state::redis::keeper::patiently;
use crate::state::redis::lane::Lane;
use crate::state::redis::lane::driver::{Driver, Stream};
use crate::state::redis::lost::Lost;
use crate::state::redis::{LIFE_OF_NAMES, Link};
use redis::ConnectionAddr;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::ServerName;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::net::{TcpStream, UnixStream};
use tokio::runtime::Handle;
use tokio_rustls::TlsConnector;
use webpki_roots::TLS_SERVER_ROOTS;

/// A lane of this runtime, whose questions are heard under the key `heard`.
///
/// # Errors
/// Redis cannot be reached, does not let us in, or takes its time.
pub async fn open(link: &Arc<Link>, epoch: u32, heard: &str) -> Result<Arc<Lane>, Lost> {
    let stream = patiently(connect(link.client.get_connection_info().addr())).await?;
    let name = link.lanes.fetch_add(1, Ordering::Relaxed).to_string();
    let lane = Arc::new(Lane::new(epoch, name, Handle::current().id()));
    tokio::spawn(Driver::new(link.clone(), lane.clone(), stream));
    let introduced = introduce(link, &lane, heard).await;
    match introduced {
        Ok(()) => lane.begin(),
        Err(_) => lane.close(),
    }
    introduced.map(|()| lane)
}

async fn connect(address: &ConnectionAddr) -> Result<Box<dyn Stream>, Lost> {
    match address {
        ConnectionAddr::Tcp(host, port) => Ok(Box::new(plain(host, *port).await?)),
        ConnectionAddr::TcpTls { host, port, .. } => {
            let name = ServerName::try_from(host.clone()).map_err(io::Error::other)?;
            let plain = plain(host, *port).await?;
            Ok(Box::new(TlsConnector::from(Arc::new(tls()?)).connect(name, plain).await?))
        }
        ConnectionAddr::Unix(path) => Ok(Box::new(UnixStream::connect(path).await?)),
        _ => Err(io::Error::from(io::ErrorKind::Unsupported).into()),
    }
}

async fn plain(host: &str, port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn tls() -> io::Result<ClientConfig> {
    let roots = RootCertStore { roots: TLS_SERVER_ROOTS.to_vec() };
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().map_err(io::Error::other)?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// Says who we are, which database we mean, and under which name questions are heard from now on.
async fn introduce(link: &Link, lane: &Lane, heard: &str) -> Result<(), Lost> {
    let settings = link.client.get_connection_info().redis_settings();
    let (database, life) = (settings.db(), clock::millis(LIFE_OF_NAMES).to_string());
    if let Some(password) = settings.password() {
        let user = settings.username();
        let all: Vec<&str> = ["AUTH"].into_iter().chain(user).chain([password]).collect();
        lane.say(&all).await?;
    }
    if database != 0 {
        lane.say(&["SELECT", &database.to_string()]).await?;
    }
    lane.say(&["HSET", heard, &lane.name, "0"]).await?;
    lane.say(&["PEXPIRE", heard, &life]).await
}
