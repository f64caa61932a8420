//! What the listener of a request does with it: HSTS on its answer, or a redirect to HTTPS.

use crate::edge::acme::challenges;
use crate::edge::doors::Manner;
use crate::edge::passage::authority;
use crate::edge::table::plain_host;
use crate::gateway::arrive::names_a_host;
use crate::gateway::client;
use crate::gateway::client::Head;
use crate::gateway::operation::Errand;
use crate::gateway::operation::errand;
use crate::gateway::parts::Parts;
use crate::gateway::record::Record;
use crate::gateway::refuse;
use bytes::Bytes;
use http::HeaderValue;
use http::Uri;
use http::header;
use pingora::http::RequestHeader;
use pingora::proxy::Session;
use std::sync::Arc;

/// A few words, or none.
const PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// Puts on the answer what every answer of the listener has.
pub fn dress(parts: &Parts, session: &Session, record: &mut Record) {
    if let Some(hsts) = of(parts, session).and_then(|door| door.hsts.clone()) {
        record.dress.push((header::STRICT_TRANSPORT_SECURITY, hsts));
    }
}

/// Whether the request came from an authority that looks whether a name is ours, or was sent to HTTPS.
///
/// # Errors
/// What breaks the connection to the client.
pub async fn answered(parts: &Parts, session: &mut Session, record: &mut Record) -> pingora::Result<bool> {
    if let Some(proof) = parts.challenges.answer(session.req_header().uri.path()) {
        record.outcome.status = 200;
        let head = Head::new(200, record);
        return client::answer(session, record, head, client::BYTES, proof.into()).await.map(|()| true);
    }
    redirected(parts, session, record).await
}

async fn redirected(parts: &Parts, session: &mut Session, record: &mut Record) -> pingora::Result<bool> {
    let Some(port) = of(parts, session).and_then(|door| door.listener.https) else { return Ok(false) };
    let asked = session.req_header();
    if is_exempt(asked) {
        return Ok(false);
    }
    let location = location(&authority(asked), &asked.uri, port);
    let Some(location) = location.filter(|_| names_a_host(session)) else {
        return client::refuse(session, record, &refuse::no_host()).await.map(|()| true);
    };
    record.outcome.status = 308;
    let mut head = Head::new(308, record);
    head.value(header::LOCATION, location);
    client::answer(session, record, head, PLAIN, Bytes::new()).await.map(|()| true)
}

fn of(parts: &Parts, session: &Session) -> Option<Arc<Manner>> {
    parts.doors.of_request(session.server_addr().and_then(|address| address.as_inet()).copied())
}

/// Authorities come to the plain port, and so do load balancers.
fn is_exempt(asked: &RequestHeader) -> bool {
    let path = asked.uri.path();
    path.starts_with(challenges::PLACE)
        || matches!(errand(&asked.method, path), Ok(Errand::Health | Errand::Readiness))
}

/// The same place over TLS; `None` if it names no host. 443 is what HTTPS means without a port.
fn location(authority: &str, uri: &Uri, port: u16) -> Option<HeaderValue> {
    let host = plain_host(authority);
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    let port = if port == 443 { String::new() } else { format!(":{port}") };
    // `*` is no place (RFC 9112 §3.2.4).
    let path = if uri.path().starts_with('/') { uri.path() } else { "/" };
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let location = HeaderValue::try_from(format!("https://{host}{port}{path}{query}"));
    location.ok().filter(|_| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_stays_and_the_port_changes() {
        for (authority, uri, port, expected) in [
            ("a.test", "/", 443, Some("https://a.test/")),
            ("A.test:80", "/x%2F/?q=1&r", 443, Some("https://a.test/x%2F/?q=1&r")),
            ("a.test:4000", "//evil.test", 4443, Some("https://a.test:4443//evil.test")),
            ("[::1]:80", "/x", 8443, Some("https://[::1]:8443/x")),
            ("a.test", "*", 443, Some("https://a.test/")),
            ("a.test", "http://b.test?q", 443, Some("https://a.test/?q")),
            ("", "/", 443, None),
            (":80", "/", 443, None),
        ] {
            let location = location(authority, &uri.parse().unwrap(), port);
            assert_eq!(location.as_ref().map(|value| value.to_str().unwrap()), expected, "{authority} {uri}");
        }
    }
}
