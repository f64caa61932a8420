//! The request body, whole and within its limits, read into an ask: what is wanted, of whom, and how.

use crate::clock;
use crate::config::Config;
use crate::dialect::Dialect;
use crate::dialect::openai::media;
use crate::dialect::openai::request::Shape;
use crate::dialect::operation::Operation;
use crate::gateway::client::name;
use crate::gateway::decode::decode;
use crate::gateway::refuse;
use crate::gateway::refuse::Refusal;
use crate::head;
use bytes::Bytes;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::Version;
use http::header;
use pingora::ErrorType;
use pingora::proxy::Session;
use std::pin::pin;
use std::time::Duration;

/// Pingora's names for chunks and trailers it cannot read; its constants are private.
const UNREADABLE: [&str; 2] = ["InvalidChunk", "InvalidTrailerEnd"];
/// Pingora's own patience with one read of a body.
const READ_PATIENCE: Duration = Duration::from_secs(60);

/// What a client asks for.
pub struct Ask {
    pub operation: Operation,
    pub shape: Shape,
    pub body: Bytes,
    /// What the client sent, where the whole conversation stands in `body` instead.
    pub said: Bytes,
    /// Headers that belong to the request in the client's dialect.
    pub spoken: Vec<(HeaderName, HeaderValue)>,
    /// `X-Failover: off` was not sent.
    pub failover: bool,
}

/// Why there is no body.
pub enum NotReceived {
    Refused(Refusal),
    ClientLeft,
}

impl From<Refusal> for NotReceived {
    fn from(refusal: Refusal) -> NotReceived {
        NotReceived::Refused(refusal)
    }
}

/// Reads the body and what the gateway must know of it.
///
/// # Errors
/// 413 before a body that says it is too large is read, 408 for one that is too slow, 400 for one that is wrong.
pub async fn receive(
    client: &mut Session,
    operation: Operation,
    config: &Config,
) -> Result<Ask, NotReceived> {
    let mut body = whole_body(client, config.limits.body, config.server.body_timeout).await?;
    body = decode(&client.req_header().headers, body, config.limits.body)?;
    let kind = client.req_header().headers.get(header::CONTENT_TYPE).map_or(&b""[..], |kind| kind.as_bytes());
    let read = |body: &Bytes| media::read(operation, kind, body).map_err(refuse::bad_request);
    let mut shape = read(&body)?;
    if let Some(model) = bare(operation.dialect(), &shape.model) {
        body = shape.body_for(&body, model, false).into();
        shape = read(&body)?;
    }
    let failover = client
        .req_header()
        .headers
        .get(name::FAILOVER)
        .is_none_or(|v| !v.as_bytes().eq_ignore_ascii_case(b"off"));
    let spoken = spoken(&client.req_header().headers, operation);
    Ok(Ask { operation, shape, said: body.clone(), body, spoken, failover })
}

/// The model without the mark by which Claude Code tells itself how much it may send (vendors.md §10.1).
fn bare(dialect: Dialect, model: &str) -> Option<&str> {
    model.strip_suffix("[1m]").filter(|_| dialect == Dialect::Anthropic)
}

fn spoken(headers: &HeaderMap, operation: Operation) -> Vec<(HeaderName, HeaderValue)> {
    let of = |name: &'static str| {
        headers.get_all(name).iter().map(move |value| (HeaderName::from_static(name), value.clone()))
    };
    operation.dialect().client_side().spoken_headers().iter().copied().flat_map(of).collect()
}

/// Reads the body as it comes.
///
/// # Errors
/// As for [`receive`].
pub async fn whole_body(
    client: &mut Session,
    limit: usize,
    patience: Duration,
) -> Result<Bytes, NotReceived> {
    if head::length(&client.req_header().headers).is_some_and(|length| length > limit as u64) {
        return Err(refuse::too_large(limit).into());
    }
    if wants_continue(client) {
        say_continue(client).await.map_err(|_| NotReceived::ClientLeft)?;
    }
    match clock::in_time(patience, pin!(read_all(client, limit))).await {
        Ok(read) => read,
        Err(_) => Err(refuse::too_slow(patience).into()),
    }
}

async fn read_all(client: &mut Session, limit: usize) -> Result<Bytes, NotReceived> {
    let Some(first) = next(client).await? else {
        return Ok(Bytes::new());
    };
    let Some(second) = next(client).await? else {
        return within(first, limit);
    };
    let mut all = Vec::with_capacity(
        head::length(&client.req_header().headers).unwrap_or(0).min(limit as u64) as usize,
    );
    all.extend_from_slice(&first);
    all.extend_from_slice(&second);
    while let Some(more) = next(client).await? {
        all.extend_from_slice(&more);
        if all.len() > limit {
            break;
        }
    }
    within(all.into(), limit)
}

fn within(body: Bytes, limit: usize) -> Result<Bytes, NotReceived> {
    match body.len() > limit {
        true => Err(refuse::too_large(limit).into()),
        false => Ok(body),
    }
}

async fn next(client: &mut Session) -> Result<Option<Bytes>, NotReceived> {
    let read = client.as_downstream_mut().read_request_body().await;
    read.map_err(|error| match error.etype() {
        kind if UNREADABLE.contains(&kind.as_str()) => {
            // Where the next request begins cannot be known any more.
            client.set_keepalive(None);
            refuse::broken_body().into()
        }
        ErrorType::ReadTimedout => refuse::too_slow(READ_PATIENCE).into(),
        _ => NotReceived::ClientLeft,
    })
}

/// HTTP/1.0 knows no 100 (RFC 9110 §10.1.1).
fn wants_continue(client: &Session) -> bool {
    let head = client.req_header();
    let expect = head.headers.get(header::EXPECT);
    head.version != Version::HTTP_10
        && expect.is_some_and(|v| v.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

async fn say_continue(client: &mut Session) -> pingora::Result<()> {
    let client = client.as_downstream_mut();
    // Pingora takes the 100 for an answer given before the end of the body, and would close after the real one.
    client.set_close_on_response_before_downstream_finish(false);
    let said = client.write_continue_response().await;
    client.set_close_on_response_before_downstream_finish(true);
    said
}
