//! One attempt: connect → send → judge the head → wait for the first content. Nothing of it reaches the client yet.

use crate::config::Failover;
use crate::dialect::fault;
use crate::dialect::fault::Cause;
use crate::dialect::openai::relay::End;
use crate::dialect::openai::relay::Flow;
use crate::dialect::openai::relay::Relay;
use crate::dialect::openai::relay::Wishes;
use crate::dialect::openai::stream::Whole;
use crate::dialect::openai::stream::glance_whole;
use crate::dialect::usage::Usage;
use crate::gateway::itinerary::Stop;
use crate::gateway::receive::Ask;
use crate::gateway::vendor::Vendor;
use crate::routing::judge::Fault;
use crate::upstream::Broken;
use crate::upstream::Upstreams;
use crate::upstream::Wire;
use bytes::Bytes;
use http::HeaderValue;
use http::header;
use pingora::http::RequestHeader;
use pingora::http::ResponseHeader;
use std::time::Duration;
use std::time::Instant;

/// What a provider answered.
pub enum Reply {
    Whole {
        body: Bytes,
        usage: Option<Usage>,
    },
    /// A stream whose first content has come. Boxed: it is much larger than the other.
    Stream(Box<Opened>),
}

pub struct Opened {
    pub wire: Wire,
    pub relay: Relay,
}

/// Why an attempt failed, and what the provider said about it.
#[derive(Debug)]
pub struct Failure {
    pub fault: Fault,
    pub said: Vec<u8>,
    /// For the log.
    pub word: &'static str,
}

/// What an attempt needs besides its target.
pub struct Terms<'a> {
    pub failover: &'a Failover,
    /// Largest whole answer, in bytes.
    pub max_answer: usize,
    /// No byte may be waited for after this.
    pub deadline: Instant,
    /// Bytes of a stream kept for the cache.
    pub keep: usize,
    pub since_epoch: Duration,
}

/// Asks one target.
///
/// # Errors
/// [`Failure`]; the connection is back in the pool if its answer was read to the end.
pub async fn attempt(
    upstreams: &Upstreams,
    vendor: &Vendor,
    stop: &Stop,
    ask: &Ask,
    terms: &Terms<'_>,
) -> Result<Reply, Failure> {
    let (mut wire, head) = ask_head(upstreams, vendor, stop, ask, terms).await?;
    match head {
        Head::Stream => open_stream(upstreams, wire, ask, terms).await,
        Head::Whole { until } => {
            let body = wire.whole(terms.max_answer, until).await.map_err(cut)?;
            upstreams.close(wire).await;
            read_whole(ask, body)
        }
        Head::Encoded => {
            wire.abandon().await;
            Err(Failure::new(Fault::Malformed, "encoded"))
        }
        Head::Failed { code, retry_after } => {
            let said = wire.dregs().await;
            upstreams.close(wire).await;
            let hints = |name: &str| retry_after.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
            let cause = fault::classify(code, &said);
            let retry_after = fault::retry_after(&hints, &said, terms.since_epoch);
            Err(Failure { fault: Fault::Status { code, cause, retry_after }, said, word: status_word(code) })
        }
    }
}

/// Sends the request and reads the head. A pooled connection that died meanwhile is replaced and does not count.
async fn ask_head(
    upstreams: &Upstreams,
    vendor: &Vendor,
    stop: &Stop,
    ask: &Ask,
    terms: &Terms<'_>,
) -> Result<(Wire, Head), Failure> {
    let body = body_for(vendor, stop, ask);
    let mut fresh = false;
    loop {
        let mut wire = upstreams.open(&vendor.host, fresh, terms.deadline).await.map_err(unreached)?;
        match wire.reused {
            true => vendor.counters.connection_reused(),
            false => vendor.counters.connection_opened(),
        }
        match exchange_heads(&mut wire, vendor, stop, ask, &body, terms).await {
            Ok(head) => return Ok((wire, head)),
            Err(broken) if !fresh && wire.was_dead(&broken) => fresh = true,
            Err(broken) => {
                wire.abandon().await;
                return Err(unanswered(broken));
            }
        }
    }
}

async fn exchange_heads(
    wire: &mut Wire,
    vendor: &Vendor,
    stop: &Stop,
    ask: &Ask,
    body: &Bytes,
    terms: &Terms<'_>,
) -> Result<Head, Broken> {
    let head = request_head(wire.is_http2(), vendor, stop, ask, body.len())?;
    let sent = wire.send(head, body.clone(), terms.deadline).await;
    let stream = ask.shape.stream;
    let answer = terms.until(terms.failover.answer);
    let head = match sent {
        Ok(()) if stream => wire.head(terms.until(terms.failover.first_byte)).await?,
        Ok(()) => wire.head(answer).await?,
        // A provider may refuse before it has read everything; what it said then is worth more than our broken pipe.
        Err(broken) => wire.head(terms.until(EARLY_ANSWER)).await.map_err(|_| broken)?,
    };
    Ok(Head::of(head, stream, answer))
}

const EARLY_ANSWER: Duration = Duration::from_millis(500);

impl Terms<'_> {
    fn until(&self, patience: Duration) -> Instant {
        self.deadline.min(Instant::now() + patience)
    }
}

/// What the head of an answer promises.
enum Head {
    Stream,
    /// The end of the body must have come by then.
    Whole {
        until: Instant,
    },
    /// Compressed although nobody asked for it.
    Encoded,
    Failed {
        code: u16,
        retry_after: Vec<(String, String)>,
    },
}

/// Headers that say when to come back (vendors.md §12).
const HINTS: &[&str] = &[
    "retry-after",
    "retry-after-ms",
    "x-ratelimit-reset",
    "x-ratelimit-reset-requests",
    "x-ratelimit-reset-tokens",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-remaining-tokens",
];

impl Head {
    fn of(head: &ResponseHeader, stream: bool, until: Instant) -> Head {
        if !head.status.is_success() {
            let hint = |name: &&str| {
                let value = head.headers.get(*name)?.to_str().ok()?;
                Some(((*name).to_owned(), value.to_owned()))
            };
            return Head::Failed {
                code: head.status.as_u16(),
                retry_after: HINTS.iter().filter_map(hint).collect(),
            };
        }
        let encoding = head.headers.get(header::CONTENT_ENCODING);
        if encoding.is_some_and(|e| !e.as_bytes().eq_ignore_ascii_case(b"identity")) {
            return Head::Encoded;
        }
        let kind = head.headers.get(header::CONTENT_TYPE).map_or(&b""[..], |v| v.as_bytes());
        match stream && kind.len() >= 17 && kind[..17].eq_ignore_ascii_case(b"text/event-stream") {
            true => Head::Stream,
            false => Head::Whole { until },
        }
    }
}

fn body_for(vendor: &Vendor, stop: &Stop, ask: &Ask) -> Bytes {
    let ask_usage = ask.shape.stream && vendor.preset.stream_options;
    match *stop.model == *ask.shape.model && (!ask_usage || ask.shape.include_usage) {
        true => ask.body.clone(),
        false => ask.shape.body_for(&ask.body, &stop.model, ask_usage).into(),
    }
}

/// The head for a provider starts empty: nothing of the client's headers goes upstream.
fn request_head(
    http2: bool,
    vendor: &Vendor,
    stop: &Stop,
    ask: &Ask,
    length: usize,
) -> Result<RequestHeader, Broken> {
    let path = format!("{}{}", vendor.base_path, ask.operation.path());
    let mut head =
        RequestHeader::build_no_case("POST", path.as_bytes(), Some(8)).map_err(Broken::Protocol)?;
    let accept = match ask.shape.stream {
        true => "text/event-stream",
        false => "application/json",
    };
    let fixed = [
        (header::ACCEPT, HeaderValue::from_static(accept)),
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::USER_AGENT, HeaderValue::from_static(concat!("tollgate/", env!("CARGO_PKG_VERSION")))),
        (header::CONTENT_LENGTH, HeaderValue::from(length)),
    ];
    for (name, value) in
        fixed.into_iter().chain(vendor.key(stop.key).cloned()).chain(vendor.headers.iter().cloned())
    {
        head.insert_header(name, value).map_err(Broken::Protocol)?;
    }
    vendor.address(&mut head, http2, path)?;
    Ok(head)
}

fn read_whole(ask: &Ask, body: Bytes) -> Result<Reply, Failure> {
    match glance_whole(ask.operation, &body) {
        Whole::Answer(usage) => Ok(Reply::Whole { body, usage }),
        Whole::Error => Err(in_band(&body)),
        Whole::Malformed => Err(Failure { fault: Fault::Malformed, said: body.to_vec(), word: "malformed" }),
    }
}

/// Reads until the first content, or until it is clear that there is none.
async fn open_stream(
    upstreams: &Upstreams,
    mut wire: Wire,
    ask: &Ask,
    terms: &Terms<'_>,
) -> Result<Reply, Failure> {
    let wishes = Wishes { usage: ask.shape.include_usage, choices: ask.shape.choices, keep: terms.keep };
    let mut relay = Relay::new(wishes);
    let until = terms.until(terms.failover.first_event);
    loop {
        let ended = match wire.body(until).await.map_err(cut)? {
            Some(chunk) => {
                relay.feed(chunk);
                false
            }
            None => relay.end() == End::Cut,
        };
        match relay.flow() {
            Flow::Open | Flow::Done => return Ok(Reply::Stream(Box::new(Opened { wire, relay }))),
            Flow::Waiting if !ended => {}
            Flow::Waiting => {
                upstreams.close(wire).await;
                return Err(Failure::new(Fault::Malformed, "empty_stream"));
            }
            Flow::TooLong => return Err(Failure::new(Fault::Malformed, "event_too_long")),
            Flow::Error(data) => return Err(in_band(data)),
        }
    }
}

fn in_band(said: &[u8]) -> Failure {
    let cause: Cause = fault::classify(200, said);
    let retry_after = fault::retry_after(&|_| None, said, Duration::ZERO);
    Failure { fault: Fault::InBand { cause, retry_after }, said: said.to_vec(), word: "error_in_200" }
}

impl Failure {
    fn new(fault: Fault, word: &'static str) -> Failure {
        Failure { fault, said: Vec::new(), word }
    }
}

fn unreached(broken: Broken) -> Failure {
    let word = match broken {
        Broken::Name { .. } => "unresolved",
        Broken::Tls(_) => "tls",
        Broken::Connect(_)
        | Broken::Timeout(_)
        | Broken::Reset(_)
        | Broken::Protocol(_)
        | Broken::TooLarge { .. } => "connect",
    };
    Failure::new(Fault::Unreachable, word)
}

/// The connection broke before a head came.
fn unanswered(broken: Broken) -> Failure {
    match broken {
        Broken::Timeout(_) => Failure::new(Fault::Timeout, "timeout"),
        Broken::Reset(_) => Failure::new(Fault::Reset, "reset"),
        Broken::Protocol(_) | Broken::TooLarge { .. } => Failure::new(Fault::Malformed, "not_http"),
        Broken::Name { .. } | Broken::Connect(_) | Broken::Tls(_) => unreached(broken),
    }
}

/// The connection broke after the head and before the first content.
fn cut(broken: Broken) -> Failure {
    match broken {
        Broken::Timeout(_) => Failure::new(Fault::Timeout, "timeout"),
        Broken::TooLarge { .. } => Failure::new(Fault::Malformed, "answer_too_large"),
        Broken::Reset(_)
        | Broken::Protocol(_)
        | Broken::Name { .. }
        | Broken::Connect(_)
        | Broken::Tls(_) => Failure::new(Fault::Malformed, "cut"),
    }
}

/// Statuses that are told apart in metrics; the others count by their class.
fn status_word(code: u16) -> &'static str {
    match code {
        400 => "status_400",
        401 => "status_401",
        402 => "status_402",
        403 => "status_403",
        404 => "status_404",
        408 => "status_408",
        413 => "status_413",
        422 => "status_422",
        429 => "status_429",
        500 => "status_500",
        502 => "status_502",
        503 => "status_503",
        504 => "status_504",
        529 => "status_529",
        300..=399 => "status_3xx",
        400..=499 => "status_4xx",
        _ => "status_5xx",
    }
}
