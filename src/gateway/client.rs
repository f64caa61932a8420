//! The client's side of a request: its answer's head and body, and the moment it leaves.

pub mod name;

use crate::clock;
use crate::config::Unit;
use crate::dialect::Dialect;
use crate::gateway::record::Record;
use crate::gateway::refuse::Refusal;
use crate::gateway::warnings;
use crate::head;
use crate::state::Left;
use crate::state::Which;
use crate::telemetry::access::Cost;
use crate::telemetry::decimal::decimal;
use crate::telemetry::metrics::CacheResult;
use bytes::Bytes;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::StatusCode;
use http::header;
use pingora::Error;
use pingora::ErrorType;
use pingora::http::ResponseHeader;
use pingora::proxy::Session;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// A refused request's unread body is read away up to here, so that its connection can be kept.
const MAX_DRAIN: u64 = 64 * 1024;
const DRAIN_PATIENCE: Duration = Duration::from_secs(1);
/// How long a refused client may go on sending, and how long it may be silent meanwhile.
const LINGER: Duration = Duration::from_secs(30);
const LINGER_SILENCE: Duration = Duration::from_secs(2);

const TOO_SLOW: u16 = 408;

pub const JSON: HeaderValue = HeaderValue::from_static("application/json");
pub const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream; charset=utf-8");
/// Of which nothing is known.
pub const BYTES: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// Between the names of what was left out of a request.
pub const DROPPED_BETWEEN: &str = ", ";

/// The client closed its connection or reset its stream.
#[derive(Debug)]
pub struct ClientLeft;

impl From<ClientLeft> for Box<Error> {
    fn from(_: ClientLeft) -> Box<Error> {
        Error::explain(ErrorType::ConnectionClosed, "client left").into_down()
    }
}

/// Does `work` unless the client leaves first; the caller drops it then. It is pinned by the caller, for a large
/// future that is passed by value is copied twice.
pub async fn while_it_waits<T>(
    client: &mut Session,
    work: Pin<&mut impl Future<Output = T>>,
) -> Result<T, ClientLeft> {
    tokio::select! {
        biased;
        done = work => Ok(done),
        () = gone(client) => Err(ClientLeft),
    }
}

/// Whether `close` is among several options of the connection. Alone, Pingora sees it itself.
pub fn wants_to_close(headers: &HeaderMap) -> bool {
    head::options(headers).any(|option| option.eq_ignore_ascii_case(b"close"))
}

/// Ends when the client has left. Its request must have been read to the end.
async fn gone(client: &mut Session) {
    while let Ok(Some(_)) = client.as_downstream_mut().read_body_or_idle(true).await {}
}

/// The head of an answer. Names are read once, by the compiler; Pingora's own header would read each again.
pub struct Head {
    status: StatusCode,
    fields: HeaderMap,
    /// Where a number is put together.
    digits: Vec<u8>,
}

impl Head {
    /// A head with what every answer carries.
    pub fn new(status: u16, record: &Record) -> Head {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // A number is at most 20 digits.
        let digits = Vec::with_capacity(24);
        let mut head = Head { status, fields: HeaderMap::with_capacity(16), digits };
        head.text(name::REQUEST_ID, &record.arrival.request_id);
        if record.subject.dialect == Dialect::Anthropic {
            // Its clients look for it under this name (vendors.md §1.6).
            head.text(name::ANTHROPIC_REQUEST_ID, &record.arrival.request_id);
        }
        let service = &record.service;
        service.provider.as_deref().into_iter().for_each(|provider| head.text(name::PROVIDER, provider));
        service.model.as_deref().into_iter().for_each(|model| head.text(name::MODEL, model));
        if !service.attempts.is_empty() {
            head.number(name::ATTEMPTS, service.attempts.len() as u64);
        }
        service.cache.into_iter().for_each(|cache| head.word(name::CACHE, shouted(cache)));
        if !service.dropped.is_empty() {
            head.text(name::DROPPED, &service.dropped.join(DROPPED_BETWEEN));
        }
        match (service.cache, record.cost()) {
            (Some(CacheResult::Hit), _) => head.word(name::COST, "0"),
            (_, Some(Cost::Known(money))) => head.text(name::COST, &money.to_string()),
            (_, Some(Cost::Unknown) | None) => {}
        }
        let taken = &record.held.taken;
        if let Some(soft) = &taken.soft {
            head.text(name::BUDGET, &warnings::header(soft, record.arrival.wall));
        }
        taken.requests.iter().for_each(|left| head.rate_limit(name::REQUESTS, left));
        taken.tokens.iter().for_each(|left| head.rate_limit(name::TOKENS, left));
        for (name, value) in &record.dress {
            match *name {
                // It names one more thing that the answer depends on.
                header::VARY => drop(head.fields.append(name.clone(), value.clone())),
                _ => head.value(name.clone(), value.clone()),
            }
        }
        head
    }

    pub fn word(&mut self, name: HeaderName, value: &'static str) {
        self.value(name, HeaderValue::from_static(value));
    }

    pub fn value(&mut self, name: HeaderName, value: HeaderValue) {
        self.fields.insert(name, value);
    }

    pub fn number(&mut self, name: HeaderName, value: u64) {
        self.counted(name, value, b"");
    }

    /// A value that may come from outside; one that cannot be sent is left out.
    pub fn text(&mut self, name: HeaderName, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.fields.insert(name, value);
        }
    }

    fn rate_limit(&mut self, names: [HeaderName; 3], left: &Left) {
        let [limit, remaining, reset] = names;
        self.number(limit, left.limit);
        self.number(remaining, left.remaining);
        // Written as OpenAI writes durations (vendors.md §1.5).
        self.counted(reset, clock::millis(left.reset), b"ms");
    }

    fn counted(&mut self, name: HeaderName, number: u64, unit: &[u8]) {
        self.digits.clear();
        decimal(&mut self.digits, number);
        self.digits.extend_from_slice(unit);
        // A copy of the right length is one piece of memory; one with room to spare would be two.
        if let Ok(value) = HeaderValue::from_bytes(&self.digits) {
            self.fields.insert(name, value);
        }
    }

    /// As Pingora sends it.
    pub fn finish(self) -> Box<ResponseHeader> {
        let (mut parts, ()) = http::Response::new(()).into_parts();
        (parts.status, parts.headers) = (self.status, self.fields);
        Box::new(ResponseHeader::from(parts))
    }
}

/// Sends an answer whose body is whole, and ends the request's hold on its limits.
pub async fn answer(
    client: &mut Session,
    record: &mut Record,
    mut head: Head,
    kind: HeaderValue,
    body: Bytes,
) -> pingora::Result<()> {
    head.value(header::CONTENT_TYPE, kind);
    head.number(header::CONTENT_LENGTH, body.len() as u64);
    record.settle_with_others().await;
    let bodiless = client.req_header().method == http::Method::HEAD;
    let sent = async {
        client.write_response_header(head.finish(), bodiless).await?;
        match bodiless {
            true => Ok(()),
            false => client.write_response_body(Some(body), true).await,
        }
    };
    sent.await.inspect_err(|_| record.client_left())
}

/// Says no. The connection is kept where what is left of the request is small.
pub async fn refuse(client: &mut Session, record: &mut Record, refusal: &Refusal) -> pingora::Result<()> {
    record.outcome.status = refusal.status;
    record.outcome.error = Some(refusal.reason);
    let mut head = Head::new(refusal.status, record);
    if let Some(seconds) = refusal.retry_after_seconds() {
        head.number(header::RETRY_AFTER, seconds);
    }
    if let Some(allow) = &refusal.allow {
        head.text(header::ALLOW, allow);
    }
    if let Some(challenge) = &refusal.challenge {
        head.text(header::WWW_AUTHENTICATE, challenge);
    }
    if let Some(limited) = &refusal.limited {
        let left = Left { limit: limited.limit, remaining: limited.remaining, reset: limited.reset };
        let names = match limited.which {
            Which::Requests(_) | Which::Quota(Unit::Requests, _) => Some(name::REQUESTS),
            Which::Tokens(_) | Which::Quota(Unit::Tokens, _) => Some(name::TOKENS),
            Which::Concurrent => Some(name::CONCURRENT),
            // What is left of a budget is in the sentence.
            Which::Quota(Unit::Cost, _) => None,
        };
        names.into_iter().for_each(|names| head.rate_limit(names, &left));
    }
    drain(client).await;
    let body = refusal.body(record.subject.dialect, &record.arrival.request_id);
    answer(client, record, head, JSON, body.into()).await?;
    // A client that is too slow already has had its time.
    if refusal.status != TOO_SLOW {
        record.close();
        linger(client).await;
    }
    Ok(())
}

/// What the client is still sending is read away: a close would reset the connection, and most clients read only
/// when they have sent everything, so they would never see the answer.
async fn linger(client: &mut Session) {
    if client.is_http2() || waits_for_continue(client) {
        return;
    }
    let client = client.as_downstream_mut();
    let silent_or_done = async {
        while let Ok(Ok(Some(_))) = tokio::time::timeout(LINGER_SILENCE, client.read_request_body()).await {}
    };
    // Either way the connection is closed next.
    let _ = tokio::time::timeout(LINGER, silent_or_done).await;
}

/// Such a client must not be made to send what nobody wants.
fn waits_for_continue(client: &Session) -> bool {
    client.req_header().headers.contains_key(header::EXPECT)
}

async fn drain(client: &mut Session) {
    let length = head::length(&client.req_header().headers);
    if length.is_some_and(|n| n <= MAX_DRAIN) && !waits_for_continue(client) {
        let session = client.as_downstream_mut();
        session.set_total_drain_timeout(Some(DRAIN_PATIENCE));
        // If it fails the connection closes, which is what happens without it too.
        let _ = session.drain_request_body().await;
    }
}

fn shouted(cache: CacheResult) -> &'static str {
    match cache {
        CacheResult::Hit => "HIT",
        CacheResult::Miss => "MISS",
        CacheResult::Bypass => "BYPASS",
    }
}
