//! WebSockets: a head each way, then bytes both ways.
//!
//! Pingora's own loop closes one that its server accepts very fast: the end of the (empty) request, still in a queue
//! then, is taken for the end of what the client says (proxy_h1.rs, 0.9.1).

use crate::config::edge::Timeouts;
use crate::edge::Fault;
use crate::edge::Passage;
use crate::gateway::both_ways;
use crate::gateway::both_ways::End;
use crate::gateway::client;
use crate::gateway::passage;
use crate::gateway::record::Record;
use crate::gateway::slow_head::Watched;
use crate::head;
use bytes::Bytes;
use futures_util::FutureExt;
use http::HeaderName;
use http::HeaderValue;
use http::Method;
use http::StatusCode;
use http::Version;
use http::header;
use pingora::Error;
use pingora::ErrorSource;
use pingora::ErrorType;
use pingora::connectors::TransportConnector;
use pingora::http::RequestHeader;
use pingora::protocols::http::ServerSession;
use pingora::protocols::http::v1::client::HttpSession;
use pingora::proxy::Session;
use pingora::upstreams::peer::HttpPeer;
use std::pin::pin;
use std::sync::LazyLock;

/// Connections of WebSockets are used once, so they need no pool; what is kept here are the system's authorities.
static CONNECTOR: LazyLock<TransportConnector> = LazyLock::new(|| TransportConnector::new(None));

/// Of the connection alone (RFC 9110 §7.6.1), besides what `Connection` names.
const HOP_BY_HOP: [HeaderName; 6] = [
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::PROXY_AUTHORIZATION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// Whether a request asks for a WebSocket (RFC 6455 §4.1), as HTTP/1.1 can have one.
pub fn is_wanted(session: &mut Session) -> bool {
    let upgrade = session.req_header().headers.get(header::UPGRADE);
    let is_websocket = upgrade.is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"));
    let head = session.req_header();
    let is_asked = head.method == Method::GET
        && head.version == Version::HTTP_11
        && head::options(&head.headers).any(is_upgrade);
    is_websocket && is_asked && session.as_downstream_mut().is_body_empty()
}

/// Opens one with a server of the passage's cluster and carries it to its end.
///
/// # Errors
/// No server could be spoken to, or the client has left before one answered.
pub async fn run(session: &mut Session, record: &mut Record, passage: &mut Passage) -> pingora::Result<()> {
    let mut server = open(session, passage).await?;
    // What follows on this connection is no HTTP.
    session.set_keepalive(None);
    let mut head = Box::new(server.resp_header().cloned().ok_or_else(no_head)?);
    let is_open = head.status == StatusCode::SWITCHING_PROTOCOLS;
    passage::response_head(Some(record), Some(passage), &mut head)?;
    session.write_response_header(head, false).await?;
    if !is_open {
        refusal(session, &mut server, passage).await?;
        server.shutdown().await;
        return Ok(());
    }
    let silence = passage.rule.route.timeouts.silence();
    if let Some((client, server)) = ends(session, server) {
        both_ways::carry(client, server, silence).await;
    }
    Ok(())
}

/// The first server that answers anything.
async fn open(session: &mut Session, passage: &mut Passage) -> pingora::Result<HttpSession> {
    let timeouts = passage.rule.route.timeouts;
    loop {
        let peer = passage::peer(session, Some(passage)).await?;
        let head = head(session.req_header(), passage)?;
        match client::while_it_waits(session, pin!(ask(&peer, head, timeouts))).await {
            Err(left) => return Err(left.into()),
            Ok(Ok(server)) => return Ok(server),
            Ok(Err(mut error)) => {
                error.as_up();
                // Nobody has been let in yet, so it does no harm to ask another one.
                if !passage.not_connected(Fault::of(&error)) {
                    return Err(error);
                }
            }
        }
    }
}

async fn ask(peer: &HttpPeer, head: Box<RequestHeader>, timeouts: Timeouts) -> pingora::Result<HttpSession> {
    let mut server = HttpSession::new_with_options(CONNECTOR.new_stream(peer).await?, peer);
    (server.read_timeout, server.write_timeout) = (Some(timeouts.opening()), peer.options.write_timeout);
    server.write_request_header(head).await?;
    loop {
        server.read_response().await?;
        let status = server.get_status().ok_or_else(no_head)?;
        if !status.is_informational() || status == StatusCode::SWITCHING_PROTOCOLS {
            return Ok(server);
        }
    }
}

fn head(client: &RequestHeader, passage: &Passage) -> pingora::Result<Box<RequestHeader>> {
    let mut head = Box::new(client.clone());
    // The host belongs to the message, whatever a connection says.
    for name in head::named(&client.headers).filter(|name| *name != header::HOST).chain(HOP_BY_HOP) {
        head.remove_header(&name);
    }
    head.insert_header(header::CONNECTION, HeaderValue::from_static("upgrade"))?;
    head.insert_header(header::UPGRADE, HeaderValue::from_static("websocket"))?;
    passage.request_head(&mut head)?;
    Ok(head)
}

/// The connections under both heads.
fn ends(session: &mut Session, mut server: HttpSession) -> Option<(End, End)> {
    // What has come along with a head lies in its session, and is there at once.
    let said = session.as_downstream_mut().read_request_body().now_or_never();
    let answered = server.read_body_bytes().now_or_never();
    let ServerSession::H1(client) = session.as_downstream() else { return None };
    let client = client.stream().as_any().downcast_ref::<Watched>()?;
    let client = End { stream: client.let_go(), early: early(said), stall: Some(client.stall()) };
    let stall = server.write_timeout;
    Some((client, End { stream: server.into_inner(), early: early(answered), stall }))
}

/// Whoever breaks or has ended says so again.
fn early(read: Option<pingora::Result<Option<Bytes>>>) -> Bytes {
    read.and_then(Result::ok).flatten().unwrap_or_default()
}

/// A server that wants no WebSocket says so like to any other request.
async fn refusal(
    session: &mut Session,
    server: &mut HttpSession,
    passage: &mut Passage,
) -> pingora::Result<()> {
    loop {
        let mut piece = server.read_body_bytes().await?;
        let end = piece.is_none();
        passage.response_body(&mut piece, end)?;
        if piece.is_some() || end {
            session.write_response_body(piece, end).await?;
        }
        if end {
            return Ok(());
        }
    }
}

fn is_upgrade(option: &[u8]) -> bool {
    option.eq_ignore_ascii_case(b"upgrade")
}

fn no_head() -> Box<Error> {
    let mut error = Error::explain(ErrorType::InvalidHTTPHeader, "no head of an answer");
    error.esource = ErrorSource::Upstream;
    error
}
