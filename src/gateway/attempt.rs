//! One attempt: connect → send → judge the head → wait for the first content. Nothing of it reaches the client yet.

use crate::cache::Form;
use crate::clock;
use crate::config::Failover;
use crate::dialect::Dialect;
use crate::dialect::hub::Dropped;
use crate::dialect::openai::embed;
use crate::dialect::openai::media::MediaRelay;
use crate::dialect::openai::relay::Relay as OpenAiRelay;
use crate::dialect::openai::request::Expected;
use crate::dialect::openai::stream::Whole as Glanced;
use crate::dialect::openai::stream::glance_whole;
use crate::dialect::operation::Operation;
use crate::dialect::relay::End;
use crate::dialect::relay::Flow;
use crate::dialect::relay::HubRelay;
use crate::dialect::relay::Relay;
use crate::dialect::relay::Wishes;
use crate::dialect::seals::Seals;
use crate::dialect::side::NoAnswer;
use crate::dialect::side::Opening;
use crate::dialect::translate;
use crate::dialect::usage::Usage;
use crate::gateway::failure::Failure;
use crate::gateway::itinerary::Stop;
use crate::gateway::keepsakes::Keepsakes;
use crate::gateway::media;
use crate::gateway::outbound::Outbound;
use crate::gateway::outbound::Speech;
use crate::gateway::outbound::outbound;
use crate::gateway::receive::Ask;
use crate::gateway::sound;
use crate::gateway::sound::Label;
use crate::gateway::sound::Sound;
use crate::gateway::vendor::Vendor;
use crate::id;
use crate::routing::judge::Fault;
use crate::upstream::Broken;
use crate::upstream::Upstreams;
use crate::upstream::Wire;
use crate::usage::estimate;
use bytes::Bytes;
use http::HeaderName;
use http::HeaderValue;
use http::header;
use pingora::http::ResponseHeader;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

/// What a provider answered.
pub enum Reply {
    Whole(Whole),
    /// A stream whose first content has come. Boxed: it is much larger than the other.
    Stream(Box<Opened>),
    Sound(Box<Sound>),
}

/// A whole answer in the client's dialect.
pub struct Whole {
    pub body: Bytes,
    pub form: Form,
    /// Its content type, where that is the provider's to say.
    pub kind: Option<HeaderValue>,
    pub usage: Option<Usage>,
    pub seals: Seals,
    pub manner: Manner,
}

/// How a provider was spoken to.
pub struct Manner {
    pub dialect: Dialect,
    /// What could not be said in it.
    pub dropped: Dropped,
}

pub struct Opened {
    pub manner: Manner,
    pub wire: Wire,
    pub relay: Relay,
    /// Longest time between two events with content.
    pub between: Duration,
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
    pub keepsakes: &'a Keepsakes,
    /// Whose keepsakes.
    pub scope: &'a str,
    /// Nothing may be left out of a request.
    pub strict: bool,
    /// The provider has the whole request and has not refused it: it will charge for the prompt.
    pub is_owed: AtomicBool,
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
    let outbound = outbound(vendor, stop, ask, terms).await?;
    let (mut wire, head) = ask_head(upstreams, vendor, stop, ask, &outbound, terms).await?;
    match head {
        Head::Stream => Box::pin(open_stream(upstreams, wire, stop, ask, outbound, terms)).await,
        Head::Whole { until, kind } => {
            let body = wire.whole(terms.max_answer, until).await.map_err(Failure::cut)?;
            upstreams.close(wire).await;
            read_whole(stop, ask, outbound, kind, body)
        }
        Head::Sound { until, label } => {
            Ok(Reply::Sound(Box::new(sound::open(wire, label, until, terms).await?)))
        }
        Head::Encoded => {
            wire.abandon().await;
            Err(Failure::new(Fault::Malformed, "encoded"))
        }
        Head::Failed { code, retry_after } => {
            terms.owe(false);
            let said = wire.dregs().await;
            upstreams.close(wire).await;
            let hint = |name: &str| retry_after.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
            Err(Failure::refused(code, said, &hint, clock::since_epoch()))
        }
    }
}

/// Sends the request and reads the head. A pooled connection that died meanwhile is replaced and does not count.
async fn ask_head(
    upstreams: &Upstreams,
    vendor: &Vendor,
    stop: &Stop,
    ask: &Ask,
    outbound: &Outbound,
    terms: &Terms<'_>,
) -> Result<(Wire, Head), Failure> {
    let mut fresh = false;
    loop {
        terms.owe(false);
        let mut wire =
            upstreams.open(&vendor.host, fresh, terms.deadline).await.map_err(Failure::unreached)?;
        match wire.reused {
            true => vendor.counters.connection_reused(),
            false => vendor.counters.connection_opened(),
        }
        match exchange_heads(&mut wire, vendor, stop, ask, outbound, terms).await {
            Ok(head) => return Ok((wire, head)),
            Err(broken) if !fresh && wire.was_dead(&broken) => fresh = true,
            Err(broken) => {
                wire.abandon().await;
                return Err(Failure::unanswered(broken));
            }
        }
    }
}

async fn exchange_heads(
    wire: &mut Wire,
    vendor: &Vendor,
    stop: &Stop,
    ask: &Ask,
    outbound: &Outbound,
    terms: &Terms<'_>,
) -> Result<Head, Broken> {
    let sent = send(wire, vendor, stop, ask, outbound, terms.deadline).await;
    terms.owe(sent.is_ok());
    let stream = ask.shape.stream;
    let answer = terms.until(terms.failover.answer);
    let head = match sent {
        Ok(()) if stream => wire.head(terms.until(terms.failover.first_byte)).await?,
        Ok(()) => wire.head(answer).await?,
        // A provider may refuse before it has read everything; what it said then is worth more than our broken pipe.
        Err(broken) => wire.head(terms.until(EARLY_ANSWER)).await.map_err(|_| broken)?,
    };
    Ok(Head::of(head, ask, answer))
}

/// Nothing of the client's headers goes upstream.
async fn send(
    wire: &mut Wire,
    vendor: &Vendor,
    stop: &Stop,
    ask: &Ask,
    outbound: &Outbound,
    deadline: Instant,
) -> Result<(), Broken> {
    let for_media;
    let fixed = match outbound.speech {
        Speech::Passed => {
            for_media = media::headers(ask);
            &for_media
        }
        _ if ask.shape.stream => &FOR_EVENTS,
        _ => &FOR_JSON,
    };
    let fields = vendor.fields(stop.key, fixed);
    wire.send(&vendor.request("POST", &outbound.path, &fields, &outbound.body), deadline).await
}

static FOR_EVENTS: [(HeaderName, HeaderValue); 3] = headers("text/event-stream");
static FOR_JSON: [(HeaderName, HeaderValue); 3] = headers("application/json");

const fn headers(accept: &'static str) -> [(HeaderName, HeaderValue); 3] {
    [
        (header::ACCEPT, HeaderValue::from_static(accept)),
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::USER_AGENT, USER_AGENT),
    ]
}

/// How we introduce ourselves to providers.
pub const USER_AGENT: HeaderValue = HeaderValue::from_static(concat!("tollgate/", env!("CARGO_PKG_VERSION")));

/// How long an answer is waited for when the request could not be sent.
const EARLY_ANSWER: Duration = Duration::from_millis(500);

impl Terms<'_> {
    fn until(&self, patience: Duration) -> Instant {
        self.deadline.min(Instant::now() + patience)
    }

    fn owe(&self, is_owed: bool) {
        self.is_owed.store(is_owed, Ordering::Relaxed);
    }
}

/// What the head of an answer promises.
enum Head {
    Stream,
    /// The end of the body must have come by then.
    Whole {
        until: Instant,
        kind: Option<HeaderValue>,
    },
    /// The first of it must have come by then.
    Sound {
        until: Instant,
        label: Label,
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
    fn of(head: &ResponseHeader, ask: &Ask, until: Instant) -> Head {
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
        let kind = head.headers.get(header::CONTENT_TYPE);
        let is = |known: &&str| kind.is_some_and(|kind| is_kind(kind.as_bytes(), known));
        let no_sound = ["application/json", "text/"];
        match ask.shape.expected {
            _ if ask.shape.stream && STREAMS.iter().any(is) => Head::Stream,
            Expected::Audio if !no_sound.iter().any(is) => Head::Sound { until, label: Label::of(head) },
            Expected::Audio | Expected::Text | Expected::Json => Head::Whole { until, kind: kind.cloned() },
        }
    }
}

/// What streams call themselves, in any dialect.
const STREAMS: [&str; 3] =
    ["text/event-stream", "application/x-ndjson", "application/vnd.amazon.eventstream"];

fn is_kind(value: &[u8], kind: &str) -> bool {
    value.get(..kind.len()).is_some_and(|start| start.eq_ignore_ascii_case(kind.as_bytes()))
}

fn read_whole(
    stop: &Stop,
    ask: &Ask,
    outbound: Outbound,
    kind: Option<HeaderValue>,
    body: Bytes,
) -> Result<Reply, Failure> {
    let speech = outbound.speech;
    let manner = outbound.manner();
    let read = match speech {
        Speech::Same => as_it_is(ask.operation, body.clone()),
        Speech::Passed => media::answer(ask, kind, body.clone()),
        Speech::Watched(dialect) => watched(dialect, body.clone()),
        Speech::Translated(dialect) => translated(dialect, stop, ask, &body),
        Speech::Vectors { dialect, base64 } => vectors(dialect, base64, stop, ask, &body),
    };
    match read {
        Ok(whole) => Ok(Reply::Whole(Whole { manner, ..whole })),
        Err(NoAnswer::Error) => Err(Failure::in_band(&body)),
        Err(NoAnswer::Malformed) => {
            Err(Failure { fault: Fault::Malformed, said: body.to_vec(), word: "malformed" })
        }
    }
}

fn as_it_is(operation: Operation, body: Bytes) -> Result<Whole, NoAnswer> {
    match glance_whole(operation, &body) {
        Glanced::Answer(usage) => Ok(Whole::new(body, Form::Whole, usage)),
        Glanced::Error => Err(NoAnswer::Error),
        Glanced::Malformed => Err(NoAnswer::Malformed),
    }
}

fn watched(dialect: Dialect, body: Bytes) -> Result<Whole, NoAnswer> {
    let response = dialect.provider_side().read(&body)?;
    let (usage, seals) = (response.usage, Seals::of(&response));
    Ok(Whole { seals, ..Whole::new(body, Form::Whole, usage) })
}

fn translated(dialect: Dialect, stop: &Stop, ask: &Ask, body: &[u8]) -> Result<Whole, NoAnswer> {
    let opening = opening(ask, &stop.model);
    let stream = ask.shape.stream;
    let answer = translate::answer(dialect, ask.operation.dialect(), body, &opening, stream)?;
    let form = if stream { Form::Stream } else { Form::Whole };
    Ok(Whole { seals: answer.seals, ..Whole::new(answer.body.into(), form, answer.usage) })
}

fn vectors(dialect: Dialect, base64: bool, stop: &Stop, ask: &Ask, body: &[u8]) -> Result<Whole, NoAnswer> {
    let response = dialect.provider_side().read_embed(body)?;
    let estimate = estimate::of_text(ask.body.len());
    let body = embed::write(&response, &stop.model, base64, estimate);
    Ok(Whole::new(body.into(), Form::Whole, response.usage))
}

/// What an answer is opened with.
pub fn opening(ask: &Ask, model: &str) -> Opening {
    Opening {
        created: clock::since_epoch().as_secs(),
        nonce: id::random(""),
        model: model.to_owned(),
        show_usage: ask.shape.include_usage,
        prompt_estimate: estimate::of_text(ask.body.len()),
        request: ask.body.clone(),
    }
}

impl Whole {
    pub fn new(body: Bytes, form: Form, usage: Option<Usage>) -> Whole {
        let manner = Manner { dialect: Dialect::OpenAi, dropped: Dropped::default() };
        Whole { body, form, kind: None, usage, seals: Seals::default(), manner }
    }
}

fn relay(speech: Speech, stop: &Stop, ask: &Ask, wishes: Wishes) -> Relay {
    let hub = |dialect: Dialect, translated: bool| {
        let opening = opening(ask, &stop.model);
        let nonce = opening.nonce.clone();
        let writer = translated.then(|| ask.operation.dialect().client_side().writer(opening));
        Relay::Hub(Box::new(HubRelay::new(dialect.provider_side(), writer, wishes, nonce)))
    };
    match speech {
        Speech::Same | Speech::Vectors { .. } => Relay::Same(OpenAiRelay::new(wishes)),
        Speech::Passed => Relay::Media(MediaRelay::new(wishes.choices)),
        Speech::Watched(dialect) => hub(dialect, false),
        Speech::Translated(dialect) => hub(dialect, true),
    }
}

/// Reads until the first content, or until it is clear that there is none.
async fn open_stream(
    upstreams: &Upstreams,
    mut wire: Wire,
    stop: &Stop,
    ask: &Ask,
    outbound: Outbound,
    terms: &Terms<'_>,
) -> Result<Reply, Failure> {
    let wishes = Wishes { usage: ask.shape.include_usage, choices: ask.shape.choices, keep: terms.keep };
    let mut relay = relay(outbound.speech, stop, ask, wishes);
    let until = terms.until(terms.failover.first_event);
    let between = terms.failover.between_events;
    loop {
        let ended = match wire.body(until).await.map_err(Failure::cut)? {
            Some(chunk) => {
                relay.feed(chunk);
                false
            }
            None => relay.end() == End::Cut,
        };
        match relay.flow() {
            Flow::Open | Flow::Done => {
                let manner = outbound.manner();
                return Ok(Reply::Stream(Box::new(Opened { manner, wire, relay, between })));
            }
            Flow::Waiting if !ended => {}
            Flow::Waiting => {
                upstreams.close(wire).await;
                return Err(Failure::new(Fault::Malformed, "empty_stream"));
            }
            Flow::TooLong => return Err(Failure::new(Fault::Malformed, "event_too_long")),
            Flow::Error(data) => return Err(Failure::in_band(data)),
        }
    }
}
