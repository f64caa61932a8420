//! Active checks: each server is asked by itself, so that none delays another.

use crate::config::edge;
use crate::config::edge::Check;
use crate::config::edge::Probe;
use crate::edge::cluster::Cluster;
use crate::edge::cluster::Server;
use crate::edge::cluster::roster::Roster;
use crate::upstream::version;
use http::HeaderValue;
use http::Uri;
use http::header;
use pingora::Error;
use pingora::ErrorType;
use pingora::http::ResponseHeader;
use pingora::lb::Backend;
use pingora::lb::health_check::HealthCheck;
use pingora::lb::health_check::HttpHealthCheck;
use pingora::lb::health_check::TcpHealthCheck;
use pingora::upstreams::peer::PeerOptions;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;
use tokio::task::AbortHandle;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

const USER_AGENT: HeaderValue = HeaderValue::from_static(concat!("tollgate/", env!("CARGO_PKG_VERSION")));

type Asker = Arc<dyn HealthCheck + Send + Sync>;

/// Checks whatever servers there are for as long as it is polled.
pub async fn keep(cluster: &Cluster) {
    let Some(check) = &cluster.config.check else { return };
    let mut askers: HashMap<(String, u16), Asker> = HashMap::new();
    let mut running: HashMap<SocketAddr, AbortHandle> = HashMap::new();
    let mut tasks = JoinSet::new();
    loop {
        let changed = cluster.roster.changed.notified();
        let servers = cluster.roster.servers();
        running.retain(|address, task| {
            let stays = servers.iter().any(|server| server.address == *address);
            if !stays {
                task.abort();
            }
            stays
        });
        while tasks.try_join_next().is_some() {}
        for server in servers {
            let address = server.address;
            if running.contains_key(&address) {
                continue;
            }
            let entry = askers.entry((server.host.clone(), server.port));
            let asker = entry.or_insert_with(|| asker(cluster, check, &server));
            let (asker, roster) = (asker.clone(), cluster.roster.clone());
            running.insert(address, tasks.spawn(keep_asking(asker, roster, server, check.clone())));
        }
        changed.await;
    }
}

async fn keep_asking(asker: Asker, roster: Arc<Roster>, server: Arc<Server>, check: Check) {
    let Ok(backend) = Backend::new(&server.address.to_string()) else { return };
    let mut ticks = tokio::time::interval(check.interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let found = tokio::time::timeout(check.timeout, asker.check(&backend)).await;
        let good = matches!(found, Ok(Ok(())));
        if !good {
            tracing::debug!(server = %server.address, ?found, "check");
        }
        roster.checked(&server, good, &check);
    }
}

fn asker(cluster: &Cluster, check: &Check, server: &Server) -> Asker {
    let name = cluster.tls_name(server);
    match &check.probe {
        Probe::Tcp => {
            let mut asker = TcpHealthCheck::default();
            asker.peer_template.sni = name;
            reach(&mut asker.peer_template.options, cluster, check);
            Arc::new(asker)
        }
        Probe::Http { path, host, status } => {
            let mut asker = HttpHealthCheck::new("localhost", cluster.is_tls());
            asker.peer_template.sni = name;
            let options = &mut asker.peer_template.options;
            reach(options, cluster, check);
            version::speak(options, cluster.config.http2, cluster.is_tls());
            asker.validator = Some(validator(status.clone()));
            let host = host.as_ref().and_then(|host| HeaderValue::from_str(host).ok());
            ask_for(&mut asker, &cluster.config, path, host.unwrap_or_else(|| server.authority.clone()));
            Arc::new(asker)
        }
    }
}

fn reach(options: &mut PeerOptions, cluster: &Cluster, check: &Check) {
    options.connection_timeout = Some(check.timeout);
    options.total_connection_timeout = Some(check.timeout);
    options.read_timeout = Some(check.timeout);
    options.write_timeout = Some(check.timeout);
    cluster.trust(options);
}

/// What the configuration lets pass can be written in a head.
fn ask_for(asker: &mut HttpHealthCheck, config: &edge::Cluster, path: &str, host: HeaderValue) {
    // HTTP/2 has scheme and host in its URI.
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let uri = match config.http2 {
        true => format!("{scheme}://{}{path}", host.to_str().unwrap_or_default()).parse::<Uri>(),
        false => path.parse::<Uri>(),
    };
    if let Ok(uri) = uri {
        asker.req.set_uri(uri);
    }
    // These names and values are sound.
    let _ = asker.req.insert_header(header::HOST, host);
    let _ = asker.req.insert_header(header::USER_AGENT, USER_AGENT);
}

type Validator = Box<dyn Fn(&ResponseHeader) -> pingora::Result<()> + Send + Sync>;

fn validator(wanted: RangeInclusive<u16>) -> Validator {
    Box::new(move |head: &ResponseHeader| match wanted.contains(&head.status.as_u16()) {
        true => Ok(()),
        false => Error::e_explain(ErrorType::HTTPStatus(head.status.as_u16()), "not a status of the check"),
    })
}
