//! `tollgate health`: asks a gateway whether it lives, for whoever watches containers.

use crate::cli::fail;
use crate::cli::reach;
use crate::clock;
use crate::config;
use crate::config::BaseUrl;
use crate::config::Config;
use crate::config::Environment;
use crate::upstream::Broken;
use crate::upstream::Host;
use crate::upstream::Request;
use crate::upstream::Upstreams;
use crate::upstream::host::Manner;
use bytes::Bytes;
use http::HeaderValue;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Whoever watches waits no longer than a few seconds.
const PATIENCE: Duration = Duration::from_secs(3);
/// Of each step: so it is always the whole that is told to be late.
const LONGER: Duration = Duration::from_secs(4);
const PATH: &str = "/health";

/// What is asked.
#[derive(Debug, clap::Args)]
pub struct Asked {
    /// Configuration file, which says where the gateway listens (else as with `run`)
    #[arg(short, long)]
    config: Option<PathBuf>,
    /// What to ask instead, such as http://127.0.0.1:4000/health
    url: Option<String>,
}

/// Ends with 0 if the answer is a 2xx, else with 1 and a sentence.
pub fn run(asked: Asked) -> ExitCode {
    let answered = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())
        .and_then(|runtime| runtime.block_on(ask(asked)));
    match answered {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => fail(&message),
    }
}

async fn ask(asked: Asked) -> Result<(), String> {
    let base = match &asked.url {
        Some(url) => config::read_base_url(url).map_err(|must| format!("the URL {must}"))?,
        None => usual(&reach::configuration(asked.config.as_deref(), &Environment::of_process())?)?,
    };
    let place = format!("{}:{}{}", base.host, base.port, path(&base));
    let status = tokio::time::timeout(PATIENCE, status(base)).await;
    match status {
        Ok(Ok(200..=299)) => Ok(()),
        Ok(Ok(status)) => Err(format!("{place} answers {status}")),
        Ok(Err(why)) => Err(format!("{place} cannot be asked: {why}")),
        Err(_) => Err(format!("{place} does not answer within {PATIENCE:?}")),
    }
}

/// The first listener that takes a plain request from here, the admin's being the last.
fn usual(config: &Config) -> Result<BaseUrl, String> {
    let plain = config.listen.iter().find(|listener| listener.tls.is_none() && !listener.proxy_protocol);
    let address = plain.map(|listener| listener.address).or(config.admin);
    let address = address.ok_or("no listener takes plain requests; name a URL to ask")?;
    Ok(BaseUrl {
        tls: false,
        host: from_here(address).to_string(),
        port: address.port(),
        path: String::new(),
    })
}

/// Where an address that stands for all of a machine's is reached on that machine.
fn from_here(address: SocketAddr) -> IpAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    }
}

fn path(base: &BaseUrl) -> &str {
    if base.path.is_empty() { PATH } else { &base.path }
}

async fn status(base: BaseUrl) -> Result<u16, String> {
    let path = path(&base).to_owned();
    let host = Host::new(Manner { base, authority: None, http2: false, connect: LONGER, write: LONGER }, &[]);
    let authority = HeaderValue::from_str(&host.authority()).map_err(|error| error.to_string())?;
    let request = Request {
        method: "GET",
        scheme: host.scheme(),
        authority: &authority,
        path: &path,
        fields: &[],
        body: &Bytes::new(),
    };
    let until = clock::now() + LONGER;
    let (upstreams, told) = (Upstreams::new(1), |broken: Broken| broken.to_string());
    host.refresh().await.map_err(told)?;
    let mut wire = upstreams.open(&host, true, until).await.map_err(told)?;
    wire.send(&request, until).await.map_err(told)?;
    Ok(wire.head(until).await.map_err(told)?.status.as_u16())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked_at(yaml: &str) -> Result<String, String> {
        let source = config::Source { name: "t.yaml".to_owned(), text: yaml.to_owned() };
        let loaded = config::load(Some(&source), &Environment::default());
        let config = loaded.map_err(|problems| problems[0].to_string()).unwrap().config;
        usual(&config).map(|base| format!("{} {}", base.host, base.port))
    }

    #[test]
    fn the_first_listener_that_takes_a_plain_request_is_asked() {
        for (yaml, asked) in [
            ("{}", "127.0.0.1 4000"),
            ("listen: [ { address: '0.0.0.0:8080' } ]", "127.0.0.1 8080"),
            ("listen: [ { address: '[::]:8080' } ]", "::1 8080"),
            ("listen: [ { address: '127.0.0.2:1' }, { address: '127.0.0.1:2' } ]", "127.0.0.2 1"),
            (
                "trusted_proxies: [ 10.0.0.0/8 ]\nlisten: [ { address: '10.0.0.1:1', proxy_protocol: true }, { address: '10.0.0.1:2' } ]",
                "10.0.0.1 2",
            ),
            (
                "trusted_proxies: [ 10.0.0.0/8 ]\nlisten: [ { address: '10.0.0.1:1', proxy_protocol: true } ]",
                "127.0.0.1 4001",
            ),
        ] {
            assert_eq!(asked_at(yaml).as_deref(), Ok(asked), "{yaml}");
        }
    }

    #[test]
    fn where_nobody_takes_one_a_url_is_asked_for() {
        let yaml = "trusted_proxies: [ 10.0.0.0/8 ]\nadmin: { listen: off }\n\
                    listen: [ { address: '10.0.0.1:1', proxy_protocol: true } ]";
        assert!(asked_at(yaml).is_err_and(|message| message.contains("name a URL")));
    }
}
