//! What a server is told: the path, the host, and for whom we ask.

use crate::config::edge::RouteAuth;
use crate::config::edge::UpstreamHost;
use crate::edge::address;
use crate::edge::cluster::Server;
use crate::edge::passage::Passage;
use crate::telemetry::decimal::ip;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::header;
use pingora::ErrorType;
use pingora::OrErr;
use pingora::http::RequestHeader;

const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const CLIENT_CERT_CN: HeaderName = HeaderName::from_static("x-client-cert-cn");
const CLIENT_CERT_SHA256: HeaderName = HeaderName::from_static("x-client-cert-sha256");

/// Makes a client's head one for a server. What belongs to the connection is whoever's who sends it.
///
/// # Errors
/// A path or a value that cannot be written in a head.
pub fn head(passage: &Passage, server: &Server, head: &mut RequestHeader) -> pingora::Result<()> {
    head.set_uri(passage.target()?);
    let route = &passage.rule.route;
    match &route.upstream_host {
        UpstreamHost::Keep => {}
        UpstreamHost::Server => head.insert_header(header::HOST, &server.authority)?,
        UpstreamHost::Value(host) => head.insert_header(header::HOST, host)?,
    }
    let words = Words::new(passage, &head.headers);
    let dropped: Vec<HeaderName> = head.headers.keys().filter(|name| !words.keep(name)).cloned().collect();
    for name in dropped {
        head.remove_header(&name);
    }
    if let Some(cookies) = cookies(&head.headers) {
        let cookies = HeaderValue::from_bytes(&cookies);
        head.insert_header(header::COOKIE, cookies.or_err(ErrorType::InvalidHTTPHeader, "cookies")?)?;
    }
    words.give(&mut |name, value| {
        let value = HeaderValue::from_bytes(value);
        head.insert_header(name, value.or_err(ErrorType::InvalidHTTPHeader, "a value for a server")?)
    })
}

/// The same as it goes over a connection of HTTP/1.1, for a body of so many bytes. `Connection` must name no field.
///
/// # Errors
/// A path that cannot be written in a request line.
pub fn written(
    passage: &Passage,
    server: &Server,
    client: &RequestHeader,
    body: usize,
) -> pingora::Result<Vec<u8>> {
    let mut wire = Vec::with_capacity(1024 + body);
    wire.extend_from_slice(client.method.as_str().as_bytes());
    wire.push(b' ');
    wire.extend_from_slice(passage.target_text()?.as_bytes());
    wire.extend_from_slice(b" HTTP/1.1");
    let host = match &passage.rule.route.upstream_host {
        UpstreamHost::Keep => passage.authority.as_bytes(),
        UpstreamHost::Server => server.authority.as_bytes(),
        UpstreamHost::Value(host) => host.as_bytes(),
    };
    field(&mut wire, b"Host", host);
    let words = Words::new(passage, &client.headers);
    let joined = cookies(&client.headers).filter(|_| words.keep(&header::COOKIE));
    let is_joined = |name: &HeaderName| joined.is_some() && *name == header::COOKIE;
    let passes = |name: &HeaderName| !is_hop_by_hop(name) && words.keep(name) && !is_joined(name);
    // As the client writes names, where that is known. Both walk over the same fields in the same order.
    let mut cases = client.case_header_iter();
    for (name, value) in &client.headers {
        let case = cases.next().map_or(name.as_str().as_bytes(), |(case, _)| case.as_slice());
        if passes(name) {
            field(&mut wire, case, value.as_bytes());
        }
    }
    joined.iter().for_each(|cookies| field(&mut wire, b"Cookie", cookies));
    words.give(&mut |name, value| {
        field(&mut wire, name.as_str().as_bytes(), value);
        Ok(())
    })?;
    if body > 0 || client.headers.contains_key(header::CONTENT_LENGTH) {
        field(&mut wire, b"Content-Length", body.to_string().as_bytes());
    }
    wire.extend_from_slice(b"\r\n\r\n");
    Ok(wire)
}

/// The cookies that clients of HTTP/2 send in several fields, in one (RFC 9113 §8.2.3); `None` if they are in one.
fn cookies(client: &HeaderMap) -> Option<Vec<u8>> {
    let mut all = client.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes);
    let (first, second) = (all.next()?, all.next()?);
    let mut joined = first.to_vec();
    for cookie in std::iter::once(second).chain(all) {
        joined.extend_from_slice(b"; ");
        joined.extend_from_slice(cookie);
    }
    Some(joined)
}

/// What a proxy says of a request, and what it lets nobody else say.
struct Words<'a> {
    passage: &'a Passage,
    /// Whom it came from, one after the other, the last one being our peer.
    hops: Vec<u8>,
    /// What a trusted proxy has said already.
    has_proto: bool,
    has_host: bool,
}

type Take<'a> = &'a mut dyn FnMut(&HeaderName, &[u8]) -> pingora::Result<()>;

impl<'a> Words<'a> {
    fn new(passage: &'a Passage, client: &HeaderMap) -> Words<'a> {
        let from = &passage.from;
        let mut hops = Vec::with_capacity(16);
        if from.trusted {
            for before in client.get_all(&address::FORWARDED_FOR).iter().filter(|hop| hop.to_str().is_ok()) {
                hops.extend_from_slice(before.as_bytes());
                hops.extend_from_slice(b", ");
            }
        }
        from.peer.into_iter().for_each(|peer| ip(&mut hops, peer));
        let has = |name: &HeaderName| from.trusted && client.contains_key(name);
        Words { passage, hops, has_proto: has(&FORWARDED_PROTO), has_host: has(&FORWARDED_HOST) }
    }

    /// Whether a field of the client's stays.
    fn keep(&self, name: &HeaderName) -> bool {
        let (route, from) = (&self.passage.rule.route, &self.passage.from);
        let is_kept = match name.as_str() {
            "x-forwarded-for" | "x-real-ip" | "x-request-id" => from.peer.is_none(),
            "x-forwarded-proto" | "x-forwarded-host" | "forwarded" => from.peer.is_none() || from.trusted,
            "cf-connecting-ip" => from.trusted,
            // Only a handshake with us proves anything.
            "x-client-cert-cn" | "x-client-cert-sha256" => false,
            // They were meant for us.
            "authorization" => matches!(route.auth, RouteAuth::Nothing),
            "x-api-key" => !matches!(route.auth, RouteAuth::Keys),
            other => !is_disguised(other),
        };
        is_kept && !self.is_changed(name)
    }

    /// By the route.
    fn is_changed(&self, name: &HeaderName) -> bool {
        let changes = &self.passage.rule.route.request_headers;
        changes.remove.contains(name) || changes.set.iter().any(|(set, _)| set == name)
    }

    /// Gives what we say.
    fn give(&self, take: Take<'_>) -> pingora::Result<()> {
        let mut ours = |name: &HeaderName, value: &[u8]| match self.is_changed(name) {
            true => Ok(()),
            false => take(name, value),
        };
        self.who_asks(&mut ours)?;
        self.proven(&mut ours)?;
        let set = &self.passage.rule.route.request_headers.set;
        set.iter().try_for_each(|(name, value)| take(name, value.as_bytes()))
    }

    /// A trusted proxy's words are passed on and added to, those of anybody else are replaced.
    fn who_asks(&self, take: Take<'_>) -> pingora::Result<()> {
        let from = &self.passage.from;
        let Some(peer) = from.peer else { return Ok(()) };
        let mut client = Vec::with_capacity(16);
        ip(&mut client, from.client.unwrap_or(peer));
        take(&address::FORWARDED_FOR, &self.hops)?;
        take(&address::REAL_IP, &client)?;
        if !self.has_proto {
            take(&FORWARDED_PROTO, if from.tls { b"https" } else { b"http" })?;
        }
        if !self.has_host {
            take(&FORWARDED_HOST, self.passage.authority.as_bytes())?;
        }
        take(&REQUEST_ID, self.passage.request_id.as_bytes())
    }

    fn proven(&self, take: Take<'_>) -> pingora::Result<()> {
        let Some(certificate) = &self.passage.certificate else { return Ok(()) };
        take(&CLIENT_CERT_SHA256, certificate.sha256.as_bytes())?;
        // A name that cannot stand in a header is left out; the fingerprint says as much.
        let name = certificate.common_name.as_deref().filter(|name| HeaderValue::from_str(name).is_ok());
        name.map_or(Ok(()), |name| take(&CLIENT_CERT_CN, name.as_bytes()))
    }
}

/// What only a proxy may say, written as `X_Real_IP`: to many programs that is the same name.
fn is_disguised(name: &str) -> bool {
    name.contains('_') && {
        let name = name.replace('_', "-");
        name.starts_with("x-forwarded-") || name.starts_with("x-client-cert-") || name == "x-real-ip"
    }
}

/// Of the connection alone (RFC 9110 §7.6.1), or of a framing that is written anew.
fn is_hop_by_hop(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "connection"
            | "content-length"
            | "host"
            | "http2-settings"
            | "keep-alive"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "proxy-connection"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
    )
}

fn field(wire: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    for part in [b"\r\n", name, b": ", value] {
        wire.extend_from_slice(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_joined_where_they_come_apart() {
        let of = |fields: &[&'static str]| {
            let fields = fields.iter().map(|field| (header::COOKIE, HeaderValue::from_static(field)));
            let headers = HeaderMap::from_iter(fields);
            cookies(&headers).map(|joined| String::from_utf8(joined).unwrap())
        };
        assert_eq!((of(&[]), of(&["a=1; b=2"])), (None, None));
        assert_eq!(of(&["a=1", "b=2", "c=3"]).as_deref(), Some("a=1; b=2; c=3"));
    }
}
