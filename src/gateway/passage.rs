//! Requests on routes of the edge, between Pingora's phases and `edge`.

mod send;

use crate::config::edge::Destination;
use crate::config::edge::RouteAuth;
use crate::edge::Passage;
use crate::edge::Refused;
use crate::edge::answer;
use crate::edge::page;
use crate::edge::passage::From;
use crate::edge::redirect;
use crate::gateway::admit;
use crate::gateway::arrive::names_a_host;
use crate::gateway::client;
use crate::gateway::client::Head;
use crate::gateway::jobs;
use crate::gateway::parts::Parts;
use crate::gateway::prepare;
use crate::gateway::record::Record;
use crate::gateway::refuse;
use crate::gateway::refuse::Refusal;
use crate::gateway::snapshot::Snapshot;
use crate::head;
use crate::state::Need;
use http::HeaderValue;
use http::header;
use pingora::Error;
use pingora::ErrorSource;
use pingora::ErrorType;
use pingora::http::RequestHeader;
use pingora::http::ResponseHeader;
use pingora::proxy::Session;
use pingora::upstreams::peer::HttpPeer;
use std::net::IpAddr;
use std::pin::pin;

/// What becomes of a request.
pub enum Way {
    Answered,
    /// To a server of a cluster.
    Onward(Box<Passage>),
    /// To the AI API; through a route, whose room it takes for as long as this is kept.
    Api(Option<Box<Passage>>),
}

/// Who is connected to us.
pub fn peer_address(session: &Session) -> Option<IpAddr> {
    session.client_addr().and_then(|address| address.as_inet()).map(|address| address.ip())
}

/// Finds the route a request takes, lets it in, and answers what needs no server.
///
/// # Errors
/// What breaks the connection to the client.
pub async fn enter(
    parts: &Parts,
    snapshot: &Snapshot,
    session: &mut Session,
    record: &mut Record,
) -> pingora::Result<Way> {
    // What is asked for a job has taken its route already.
    if snapshot.edge.is_empty() || record.arrival.on_behalf.is_some() {
        return Ok(Way::Api(None));
    }
    if !names_a_host(session) {
        return client::refuse(session, record, &refuse::no_host()).await.map(|()| Way::Answered);
    }
    let mut passage = match open(snapshot, session, record) {
        Ok(Some(passage)) => passage,
        Ok(None) => return Ok(Way::Api(None)),
        Err(refused) => return refuse_at_edge(session, record, &refused).await,
    };
    record.subject.route = Some(passage.rule.name.clone());
    record.dress.extend(passage.fields());
    if let Err(refused) = passage.knock() {
        return refuse_at_edge(session, record, &refused).await;
    }
    if let Some(permissions) = passage.preflight(session.req_header()) {
        return send::preflight(session, record, &passage, permissions).await;
    }
    if let Err(refused) = passage.admit(session.req_header(), record.arrival.moment()) {
        return refuse_at_edge(session, record, &refused).await;
    }
    if let Err(refusal) = with_key(parts, snapshot, session, record, &passage).await {
        return client::refuse(session, record, &refusal).await.map(|()| Way::Answered);
    }
    serve((parts, snapshot), session, record, passage).await
}

fn open(snapshot: &Snapshot, session: &Session, record: &Record) -> Result<Option<Box<Passage>>, Refused> {
    let tls = session.digest().is_some_and(|digest| digest.ssl_digest.is_some());
    let trusted = &snapshot.config.edge.trusted;
    let from = From::new(peer_address(session), record.arrival.client, trusted, tls);
    let mut passage = Passage::open(&snapshot.edge, from, &record.arrival.request_id, session.req_header())?;
    let certificate = session.digest().and_then(|digest| digest.ssl_digest.as_ref()?.extension.get());
    passage.iter_mut().for_each(|passage| passage.certificate = certificate.cloned());
    Ok(passage)
}

async fn serve(
    (parts, snapshot): (&Parts, &Snapshot),
    session: &mut Session,
    record: &mut Record,
    passage: Box<Passage>,
) -> pingora::Result<Way> {
    let rule = passage.rule.clone();
    match &rule.route.to {
        Destination::Cluster(_) => {
            match page::page(&passage) {
                Ok(None) => {}
                Ok(Some((status, page))) => {
                    let mut head = Head::new(status, record);
                    head.value(header::CONTENT_TYPE, client::JSON);
                    let page = page.to_string().into();
                    return send::whole(session, record, &passage, head, page).await;
                }
                Err(refused) => return refuse_at_edge(session, record, &refused).await,
            }
            session.set_read_timeout(Some(rule.route.timeouts.write));
            Ok(Way::Onward(passage))
        }
        Destination::Api => {
            session.req_header_mut().set_uri(passage.target()?);
            Ok(Way::Api(Some(passage)))
        }
        Destination::Redirect(to) => {
            let location = redirect::location(&to.to, &passage);
            send::redirect(session, record, &passage, to.status, &location).await
        }
        Destination::Answer { status, body, content_type } => {
            let mut head = Head::new(*status, record);
            head.value(header::CONTENT_TYPE, HeaderValue::from_str(content_type).unwrap_or(client::BYTES));
            send::whole(session, record, &passage, head, body.clone().into()).await
        }
        Destination::Files(files) => send::file(session, record, &passage, files).await,
        // In a box: it is large, and every request would carry the room for it.
        Destination::Jobs => Box::pin(jobs::enter((parts, snapshot), session, record, passage)).await,
    }
}

/// Bytes of a body that Pingora keeps for further servers.
const KEPT: u64 = 64 * 1024;

/// A route that wants a key takes it as the AI API does, and counts the request on it.
async fn with_key(
    parts: &Parts,
    snapshot: &Snapshot,
    session: &Session,
    record: &mut Record,
    passage: &Passage,
) -> Result<(), Refusal> {
    match (&passage.rule.route.auth, &passage.rule.route.to) {
        // It asks for one itself.
        (RouteAuth::Keys, Destination::Api | Destination::Jobs) => Ok(()),
        (RouteAuth::Keys, _) => {
            admit::admit(parts, snapshot, &session.req_header().headers, record)?;
            prepare::take(parts, record, Need::REQUEST).await
        }
        (RouteAuth::Nothing | RouteAuth::Basic(_), _) => Ok(()),
    }
}

/// How the next server is connected to.
///
/// # Errors
/// As [`choose`].
pub async fn peer(session: &mut Session, passage: Option<&mut Passage>) -> pingora::Result<Box<HttpPeer>> {
    let Some(passage) = passage else {
        return Err(Error::explain(ErrorType::HTTPStatus(404), "no route"));
    };
    choose(session, passage).await?;
    passage.peer().map(Box::new)
}

/// Takes a place with the next server.
///
/// # Errors
/// There is none, or the client has left while it waited.
pub async fn choose(session: &mut Session, passage: &mut Passage) -> pingora::Result<()> {
    // Whether a client has left can be seen once its request is here.
    let is_watched = passage.rule.may_wait()
        && (session.as_downstream_mut().is_body_empty()
            || is_short(session.req_header()) && gather(session).await.map(|()| true)?);
    if !is_watched {
        return passage.choose(session.req_header()).await;
    }
    let head = session.req_header().clone();
    let chosen = client::while_it_waits(session, pin!(passage.choose(&head))).await;
    chosen?
}

/// Whether Pingora keeps the whole body for further servers, and the client sends it unasked.
pub fn is_short(head: &RequestHeader) -> bool {
    let is_upgrade = head.headers.contains_key(header::UPGRADE);
    head::length(&head.headers).is_some_and(|length| length <= KEPT)
        && !is_upgrade
        && !head.headers.contains_key(header::EXPECT)
}

/// Reads a body before its request waits; servers are given it out of the buffer that is for further tries.
///
/// # Errors
/// What breaks the connection to the client.
pub async fn gather(session: &mut Session) -> pingora::Result<()> {
    let client = session.as_downstream_mut();
    client.enable_retry_buffering();
    while !client.is_body_done() {
        if client.read_request_body().await.map_err(|error| error.into_down())?.is_none() {
            break;
        }
    }
    Ok(())
}

/// The head of a server's answer.
///
/// # Errors
/// What cannot be written in a head.
pub fn response_head(
    record: Option<&mut Record>,
    passage: Option<&mut Passage>,
    head: &mut ResponseHeader,
) -> pingora::Result<()> {
    let (Some(record), Some(passage)) = (record, passage) else { return Ok(()) };
    if !head.status.is_informational() || head.status == http::StatusCode::SWITCHING_PROTOCOLS {
        record.outcome.status = head.status.as_u16();
        record.first_byte();
        record.subject.server = passage.server();
    }
    answer::cleanse(head);
    if !head.headers.contains_key(client::name::REQUEST_ID) {
        head.insert_header(client::name::REQUEST_ID, record.arrival.request_id.as_str())?;
    }
    passage.response_head(head, &record.dress)
}

/// Whether another server may be asked: nothing of an answer has been sent, and to ask twice does no harm.
pub fn is_untouched(session: &Session, error: &Error) -> bool {
    let whole = !session.as_ref().retry_buffer_truncated();
    *error.esource() == ErrorSource::Upstream
        && !is_answered(session)
        && whole
        && session.req_header().method.is_idempotent()
}

/// Says why there is no answer, where anything can still be said.
pub async fn give_up(session: &mut Session, record: &mut Record, passage: &Passage, error: &Error) {
    let left = match error.esource() {
        ErrorSource::Downstream => true,
        ErrorSource::Upstream => false,
        ErrorSource::Internal | ErrorSource::Unset => *error.etype() == ErrorType::ConnectionClosed,
    };
    match (&passage.refused, is_answered(session)) {
        (Some(refused), false) => {
            // Pingora closes what has failed, and the client has to know.
            session.set_keepalive(None);
            // A client that has left cannot be told.
            let _ = refuse_at_edge(session, record, refused).await;
        }
        (_, true) if !left => record.outcome.error = Some("cut"),
        (_, _) => record.client_left(),
    }
}

/// Whether the head of an answer has gone out.
fn is_answered(session: &Session) -> bool {
    session.response_written().is_some_and(|head| !head.status.is_informational())
}

async fn refuse_at_edge(
    session: &mut Session,
    record: &mut Record,
    refused: &Refused,
) -> pingora::Result<Way> {
    client::refuse(session, record, &refuse::edge::refusal(refused)).await.map(|()| Way::Answered)
}
