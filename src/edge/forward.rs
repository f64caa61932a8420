//! What a server is told: the path, the host, and for whom we ask.

use crate::config::edge::RouteAuth;
use crate::config::edge::UpstreamHost;
use crate::edge::address;
use crate::edge::cluster::Server;
use crate::edge::passage::Passage;
use crate::edge::tls::ClientCertificate;
use http::HeaderName;
use http::HeaderValue;
use http::header;
use pingora::http::RequestHeader;

const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const CLIENT_CERT_CN: HeaderName = HeaderName::from_static("x-client-cert-cn");
const CLIENT_CERT_SHA256: HeaderName = HeaderName::from_static("x-client-cert-sha256");

/// Makes a client's head one for a server.
///
/// # Errors
/// A path that cannot be written in a request line.
pub fn head(passage: &Passage, server: &Server, head: &mut RequestHeader) -> pingora::Result<()> {
    let route = &passage.rule.route;
    head.set_uri(passage.target()?);
    match &route.upstream_host {
        UpstreamHost::Keep => {}
        UpstreamHost::Server => head.insert_header(header::HOST, server.authority())?,
        UpstreamHost::Value(host) => head.insert_header(header::HOST, host)?,
    }
    // It was meant for us.
    match &route.auth {
        RouteAuth::Nothing => {}
        RouteAuth::Basic(_) => drop(head.remove_header(&header::AUTHORIZATION)),
        RouteAuth::Keys => {
            head.remove_header(&header::AUTHORIZATION);
            head.remove_header(&API_KEY);
        }
    }
    unsaid(passage, head);
    who_asks(passage, head)?;
    proven(passage.certificate.as_ref(), head)?;
    for name in &route.request_headers.remove {
        head.remove_header(name);
    }
    for (name, value) in &route.request_headers.set {
        head.insert_header(name.clone(), value.clone())?;
    }
    Ok(())
}

/// What only a proxy may say is taken off strangers, also as `X_Real_IP`: to many programs that is the same name.
fn unsaid(passage: &Passage, head: &mut RequestHeader) {
    let is_ours = |name: &str| {
        let name = name.replace('_', "-");
        name.starts_with("x-forwarded-") || name.starts_with("x-client-cert-") || name == "x-real-ip"
    };
    let disguised = |name: &&HeaderName| name.as_str().contains('_') && is_ours(name.as_str());
    let disguised: Vec<HeaderName> = head.headers.keys().filter(disguised).cloned().collect();
    for name in disguised {
        head.remove_header(&name);
    }
    if !passage.from.trusted {
        head.remove_header(&address::CF_CONNECTING_IP);
    }
}

/// Only a handshake with us proves anything, so nobody else's words reach a server.
fn proven(certificate: Option<&ClientCertificate>, head: &mut RequestHeader) -> pingora::Result<()> {
    head.remove_header(&CLIENT_CERT_CN);
    head.remove_header(&CLIENT_CERT_SHA256);
    let Some(certificate) = certificate else { return Ok(()) };
    head.insert_header(CLIENT_CERT_SHA256, certificate.sha256.as_str())?;
    // A name that cannot stand in a header is left out; the fingerprint says as much.
    let name = certificate.common_name.as_deref().and_then(|name| HeaderValue::from_str(name).ok());
    name.map_or(Ok(()), |name| head.insert_header(CLIENT_CERT_CN, name))
}

/// A trusted proxy's words are passed on and added to, those of anybody else are replaced.
fn who_asks(passage: &Passage, head: &mut RequestHeader) -> pingora::Result<()> {
    let Some(peer) = passage.from.peer else { return Ok(()) };
    let before = match passage.from.trusted {
        true => joined(head, &address::FORWARDED_FOR),
        false => {
            head.remove_header(&header::FORWARDED);
            None
        }
    };
    let hops = before.map_or_else(|| peer.to_string(), |before| format!("{before}, {peer}"));
    head.insert_header(address::FORWARDED_FOR, hops)?;
    head.insert_header(address::REAL_IP, passage.from.client.unwrap_or(peer).to_string())?;
    let told =
        |head: &RequestHeader, name: &HeaderName| passage.from.trusted && head.headers.contains_key(name);
    if !told(head, &FORWARDED_PROTO) {
        head.insert_header(FORWARDED_PROTO, if passage.from.tls { "https" } else { "http" })?;
    }
    if !told(head, &FORWARDED_HOST) {
        head.insert_header(FORWARDED_HOST, passage.authority.as_str())?;
    }
    head.insert_header(REQUEST_ID, passage.request_id.as_str())
}

fn joined(head: &RequestHeader, name: &HeaderName) -> Option<String> {
    let values: Vec<&str> =
        head.headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
    (!values.is_empty()).then(|| values.join(", "))
}
