//! A request whose body is at hand, asked of servers that speak HTTP/1: out in one write, and the answer straight back.
//!
//! Most requests are such. Pingora's own way keeps two halves that talk over pipes, as a request may go on while it is
//! answered, and a task for each connection at rest; that is half of what a small request costs (benches/README.md).
//! Uploads, HTTP/2 servers and whatever else is uncommon go its way.

use crate::edge::Fault;
use crate::edge::Passage;
use crate::gateway::client;
use crate::gateway::client::ClientLeft;
use crate::gateway::passage;
use crate::gateway::record::Record;
use crate::head;
use crate::turns;
use crate::upstream::Broken;
use crate::upstream::Silence;
use crate::upstream::Upstreams;
use crate::upstream::Wire;
use bytes::Bytes;
use http::Method;
use http::StatusCode;
use http::Version;
use http::header;
use pingora::Error;
use pingora::ErrorType;
use pingora::http::RequestHeader;
use pingora::http::ResponseHeader;
use pingora::protocols::http::HttpTask;
use pingora::proxy::Session;
use pingora::upstreams::peer::HttpPeer;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

/// How long an answer may take to a request that could not be sent whole.
const EARLY_ANSWER: Duration = Duration::from_millis(100);

/// The body of a request that can be carried so; `None` for one that goes Pingora's way.
///
/// # Errors
/// What breaks the connection to the client, or more than the route takes.
pub async fn at_hand(session: &mut Session, passage: &mut Passage) -> pingora::Result<Option<Bytes>> {
    if !passage.speaks_http1() || !is_common(session.req_header()) {
        return Ok(None);
    }
    if session.as_downstream_mut().is_body_empty() {
        return Ok(Some(Bytes::new()));
    }
    if !passage::is_short(session.req_header()) {
        return Ok(None);
    }
    passage::gather(session).await?;
    let body = session.as_downstream().get_retry_buffer();
    passage.request_body(body.as_ref())?;
    Ok(body)
}

/// Neither an answer without its body, nor another protocol, nor fields that end here by name.
fn is_common(head: &RequestHeader) -> bool {
    let is_of_us =
        |option: &[u8]| option.eq_ignore_ascii_case(b"keep-alive") || option.eq_ignore_ascii_case(b"close");
    matches!(head.version, Version::HTTP_11 | Version::HTTP_2)
        && !matches!(head.method, Method::HEAD | Method::CONNECT)
        && !head.headers.contains_key(header::UPGRADE)
        && head::options(&head.headers).all(is_of_us)
}

/// Asks servers until one answers, and passes the answer on.
///
/// # Errors
/// No server answered, the answer broke off, or the client has left.
pub async fn run(
    upstreams: &Upstreams,
    session: &mut Session,
    record: &mut Record,
    passage: &mut Passage,
    body: &Bytes,
) -> pingora::Result<()> {
    let mut wire = ask(upstreams, session, passage, body).await?;
    let passed = pass(session, record, passage, &mut wire).await;
    match &passed {
        Ok(()) => upstreams.close(wire).await,
        Err(error) => {
            wire.abandon().await;
            passage.broke(Fault::of(error), false, false);
        }
    }
    passed
}

/// Why one server has not answered.
enum Failed {
    ToConnect(Box<Error>),
    ToAnswer(Box<Error>),
    /// There is nobody to answer any more.
    ClientLeft(ClientLeft),
}

/// The first server whose answer begins.
async fn ask(
    upstreams: &Upstreams,
    session: &mut Session,
    passage: &mut Passage,
    body: &Bytes,
) -> pingora::Result<Wire> {
    let may_repeat = session.req_header().method.is_idempotent();
    loop {
        passage::choose(session, passage).await?;
        let (may_go_on, error) = match ask_one(upstreams, session, passage, body).await {
            Ok(wire) => return Ok(wire),
            Err(Failed::ToConnect(error)) => (passage.not_connected(Fault::of(&error)), error),
            Err(Failed::ToAnswer(error)) => (passage.broke(Fault::of(&error), may_repeat, false), error),
            Err(Failed::ClientLeft(left)) => (false, left.into()),
        };
        if !may_go_on {
            return Err(error);
        }
    }
}

async fn ask_one(
    upstreams: &Upstreams,
    session: &mut Session,
    passage: &Passage,
    body: &Bytes,
) -> Result<Wire, Failed> {
    let peer = Arc::new(passage.peer().map_err(Failed::ToConnect)?);
    let patience = passage.rule.route.timeouts.answer();
    let may_repeat = session.req_header().method.is_idempotent();
    let mut fresh = false;
    loop {
        let head = passage.request_written(session.req_header(), body.len()).map_err(Failed::ToConnect)?;
        let asked = pin!(asked(upstreams, &peer, fresh, (head, body), patience));
        let asked = client::while_it_waits(session, asked).await.map_err(Failed::ClientLeft)?;
        match asked.map_err(|error| Failed::ToConnect(error.into_up()))? {
            (wire, Ok(())) => return Ok(wire),
            // It had been closed while it rested. That is no failure, and the place with the server is kept.
            (wire, Err(broken)) if may_repeat && !fresh && wire.was_dead(&broken) => fresh = true,
            (_, Err(broken)) => return Err(Failed::ToAnswer(of_server(broken))),
        }
    }
}

/// A connection with the request on it, and whether the head of an answer has come.
async fn asked(
    upstreams: &Upstreams,
    peer: &Arc<HttpPeer>,
    fresh: bool,
    (head, body): (Vec<u8>, &Bytes),
    patience: Duration,
) -> pingora::Result<(Wire, Result<(), Broken>)> {
    let mut wire = upstreams.open_http1(peer, fresh).await?;
    let answered = match wire.send_written(head, body).await {
        Ok(()) => wire.next_head(Instant::now() + patience).await.map(drop),
        // It may have answered before it had everything, and closed.
        Err(broken) => wire.next_head(Instant::now() + EARLY_ANSWER).await.map(drop).map_err(|_| broken),
    };
    Ok((wire, answered))
}

/// Passes an answer on as it comes.
async fn pass(
    session: &mut Session,
    record: &mut Record,
    passage: &mut Passage,
    wire: &mut Wire,
) -> pingora::Result<()> {
    let patience = passage.rule.route.timeouts.answer();
    let mut head = final_head(session, wire, patience).await?;
    let mut end = wire.is_read();
    frame(&mut head, end)?;
    passage::response_head(Some(record), Some(passage), &mut head)?;
    // What is there at once goes out in one write.
    let mut ready = vec![HttpTask::Header(head, end)];
    let mut silence = None;
    while !end {
        let mut piece = match wire.at_hand() {
            Some(piece) => piece.map_err(|error| error.into_up())?,
            None => {
                write(session, record, &mut ready).await?;
                next(session, wire, silence.get_or_insert_with(|| Silence::new(patience))).await?
            }
        };
        end = piece.is_none() || wire.is_read();
        passage.response_body(&mut piece, end)?;
        if piece.is_some() || end {
            ready.push(HttpTask::Body(piece, end));
        }
        write(session, record, &mut ready).await?;
    }
    write(session, record, &mut ready).await
}

async fn write(session: &mut Session, record: &mut Record, ready: &mut Vec<HttpTask>) -> pingora::Result<()> {
    let [first, ..] = &ready[..] else { return Ok(()) };
    if ready.iter().any(HttpTask::is_end) {
        record.settle();
    }
    // What follows the head does not wait.
    if let HttpTask::Header(..) = first {
        turns::together().await;
    }
    session.write_response_tasks(std::mem::take(ready)).await.map(drop)
}

/// Waits for more of the body.
async fn next(
    session: &mut Session,
    wire: &mut Wire,
    silence: &mut Silence,
) -> pingora::Result<Option<Bytes>> {
    silence.put_off();
    let more = client::while_it_waits(session, pin!(wire.more(silence))).await;
    more?.map_err(of_server)
}

/// The head of the answer itself. Those that only inform are passed on at once (RFC 9110 §15.2).
async fn final_head(
    session: &mut Session,
    wire: &mut Wire,
    patience: Duration,
) -> pingora::Result<Box<ResponseHeader>> {
    loop {
        let head = Box::new(wire.current_head().map_err(of_server)?.clone());
        if !head.status.is_informational() {
            return Ok(head);
        }
        if head.status == StatusCode::SWITCHING_PROTOCOLS {
            return Err(Error::explain(ErrorType::InvalidHTTPHeader, "101 unasked").into_up());
        }
        session.write_response_header(head, false).await?;
        let until = Instant::now() + patience;
        let next = client::while_it_waits(session, pin!(wire.next_head(until))).await;
        next?.map_err(of_server)?;
    }
}

/// A body whose length nobody knows goes on in chunks, so that the client's connection need not end with it.
fn frame(head: &mut ResponseHeader, end: bool) -> pingora::Result<()> {
    let has_none = end || matches!(head.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let is_framed = head.headers.contains_key(header::TRANSFER_ENCODING)
        || head.headers.contains_key(header::CONTENT_LENGTH);
    if has_none || is_framed {
        return Ok(());
    }
    head.insert_header(header::TRANSFER_ENCODING, "chunked")
}

fn of_server(broken: Broken) -> Box<Error> {
    match broken {
        Broken::Connect(error) | Broken::Tls(error) | Broken::Reset(error) | Broken::Protocol(error) => {
            error.into_up()
        }
        Broken::Timeout(doing) => Error::explain(ErrorType::ReadTimedout, doing).into_up(),
        Broken::Name { .. } | Broken::TooLarge { .. } => {
            Error::explain(ErrorType::InternalError, broken.to_string()).into_up()
        }
    }
}
