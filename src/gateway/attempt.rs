//! One attempt: connect → send → judge the head → wait for the first content. Nothing of it reaches the client yet.

use crate::clock;
use crate::config::Failover;
use crate::dialect::relay::End;
use crate::dialect::relay::Flow;
use crate::dialect::relay::Relay;
use crate::dialect::relay::Wishes;
use crate::dialect::side::Follow;
use crate::dialect::usage::Usage;
use crate::gateway::charge;
use crate::gateway::failure::Failure;
use crate::gateway::fetch::Files;
use crate::gateway::follow::Pursuit;
use crate::gateway::itinerary::Stop;
use crate::gateway::keepsakes::Keepsakes;
use crate::gateway::media;
use crate::gateway::note::Note;
use crate::gateway::outbound::Outbound;
use crate::gateway::outbound::Speech;
use crate::gateway::outbound::outbound;
use crate::gateway::promise::Promise;
use crate::gateway::receive::Ask;
use crate::gateway::reply;
use crate::gateway::reply::Manner;
use crate::gateway::reply::Whole;
use crate::gateway::reply::read_whole;
use crate::gateway::reply::relay;
use crate::gateway::sound;
use crate::gateway::sound::Sound;
use crate::gateway::vendor::Vendor;
use crate::routing::judge::Fault;
use crate::upstream::Broken;
use crate::upstream::Upstreams;
use crate::upstream::Wire;
use http::HeaderName;
use http::HeaderValue;
use http::header;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

/// What a provider answered. Boxed, for it passes through many hands.
pub enum Reply {
    Whole(Box<Whole>),
    /// A stream whose first content has come.
    Stream(Box<Opened>),
    Sound(Box<Sound>),
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
    pub files: Files<'a>,
    /// Nothing may be left out of a request.
    pub strict: bool,
    /// The provider has the whole request and has not refused it: it will charge for the prompt.
    pub is_owed: AtomicBool,
    /// What the provider said it used, before anything came that could be an answer.
    pub told: Note<Usage>,
    /// Where an answer that is still being made can be called off.
    pub promised: Note<String>,
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
    terms: &mut Terms<'_>,
) -> Result<Reply, Failure> {
    let outbound = outbound(vendor, stop, ask, terms).await?;
    let terms = &*terms;
    let (mut wire, head) = ask_head(upstreams, vendor, stop, ask, &outbound, terms).await?;
    match head {
        Promise::Stream => Box::pin(open_stream(upstreams, wire, stop, ask, outbound, terms)).await,
        Promise::Whole { until, kind } => {
            let body = wire.whole(terms.max_answer, until).await.map_err(Failure::cut)?;
            upstreams.close(wire).await;
            match outbound.follow(&body, ask.shape.stream) {
                Follow::Answer => {
                    let read = read_whole(stop, ask, outbound, kind, body.clone());
                    read.inspect_err(|_| terms.tell(reply::told(&body))).map(Box::new).map(Reply::Whole)
                }
                Follow::Poll { .. } | Follow::Stream { .. } => {
                    let pursuit = Pursuit { upstreams, vendor, stop, ask, terms };
                    Box::pin(pursuit.follow(outbound, body)).await
                }
            }
        }
        Promise::Sound { until, label } => {
            Ok(Reply::Sound(Box::new(sound::open(wire, label, until, terms).await?)))
        }
        Promise::Encoded => {
            wire.abandon().await;
            Err(Failure::new(Fault::Malformed, "encoded"))
        }
        Promise::Failed { code, hints } => {
            terms.owe(false);
            Err(refused(upstreams, wire, code, &hints).await)
        }
    }
}

/// What a provider says with a status that is none of success.
pub async fn refused(
    upstreams: &Upstreams,
    mut wire: Wire,
    code: u16,
    hints: &[(String, String)],
) -> Failure {
    let said = wire.dregs().await;
    upstreams.close(wire).await;
    let hint = |name: &str| hints.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
    Failure::refused(code, said, &hint, clock::since_epoch())
}

/// Sends the request and reads the head. A pooled connection that died meanwhile is replaced and does not count.
async fn ask_head(
    upstreams: &Upstreams,
    vendor: &Vendor,
    stop: &Stop,
    ask: &Ask,
    outbound: &Outbound,
    terms: &Terms<'_>,
) -> Result<(Wire, Promise), Failure> {
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
) -> Result<Promise, Broken> {
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
    if head.status.is_success() {
        charge::heed(vendor, stop, &head.headers);
    }
    Ok(Promise::of(head, stream, ask.shape.expected, answer))
}

/// Nothing of the client's headers goes upstream but what its dialect asks for in them.
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
    let signature = vendor.signature(stop.key, "POST", &outbound.path, &outbound.body);
    let mut fields = vendor.fields(stop.key, fixed, &outbound.headers);
    fields.extend(signature.iter().map(|(name, value)| (name, value)));
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
    /// No later than the deadline.
    pub fn until(&self, patience: Duration) -> Instant {
        self.deadline.min(Instant::now() + patience)
    }

    pub fn owe(&self, is_owed: bool) {
        self.is_owed.store(is_owed, Ordering::Relaxed);
    }

    /// Keeps what the provider has said of its usage so far.
    pub fn tell(&self, usage: Option<Usage>) {
        if usage.is_some() {
            self.told.put(usage);
        }
    }

    /// What the provider has said, once.
    pub fn told(&self) -> Option<Usage> {
        self.told.take()
    }
}

/// Reads until the first content, or until it is clear that there is none.
pub async fn open_stream(
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
        if !matches!(relay.flow(), Flow::Open | Flow::Done) {
            terms.tell(relay.usage());
        }
        match relay.flow() {
            Flow::Open | Flow::Done => {
                let manner = outbound.manner();
                return Ok(Reply::Stream(Box::new(Opened { manner, wire, relay, between })));
            }
            // Whoever sends without a pause never has to be waited for, so no timer rings.
            Flow::Waiting if !ended && Instant::now() >= until => {
                return Err(Failure::new(Fault::Timeout, "timeout"));
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
