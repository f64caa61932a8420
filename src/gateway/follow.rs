//! After an answer that was only promised: asked for until it is there, or heard where it is streamed.

use crate::clock;
use crate::dialect::openai::request::Expected;
use crate::dialect::side::Follow;
use crate::gateway::attempt::Reply;
use crate::gateway::attempt::Terms;
use crate::gateway::attempt::USER_AGENT;
use crate::gateway::attempt::open_stream;
use crate::gateway::attempt::refused;
use crate::gateway::failure::Failure;
use crate::gateway::itinerary::Stop;
use crate::gateway::outbound::Outbound;
use crate::gateway::promise::Promise;
use crate::gateway::receive::Ask;
use crate::gateway::reply;
use crate::gateway::reply::read_whole;
use crate::gateway::vendor::Vendor;
use crate::routing::judge::Fault;
use crate::upstream::Broken;
use crate::upstream::Request;
use crate::upstream::Upstreams;
use crate::upstream::Wire;
use bytes::Bytes;
use http::HeaderName;
use http::HeaderValue;
use http::header;
use std::time::Duration;
use std::time::Instant;

/// The longest pause between two looks; it grows up to there.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Looks that may fail in a row: the answer is being made all the same.
const MOST_MISSES: u32 = 2;
/// How long it may take to call an answer off.
const CALL_OFF: Duration = Duration::from_secs(2);

/// Who asked what of whom.
pub struct Pursuit<'a> {
    pub upstreams: &'a Upstreams,
    pub vendor: &'a Vendor,
    pub stop: &'a Stop,
    pub ask: &'a Ask,
    pub terms: &'a Terms<'a>,
}

impl Pursuit<'_> {
    /// Follows what `body` promises to the answer.
    ///
    /// # Errors
    /// [`Failure`]; what is still being made has to be called off ([`call_off`]).
    pub async fn follow(&self, outbound: Outbound, mut body: Bytes) -> Result<Reply, Failure> {
        let until = self.terms.until(self.terms.failover.answer);
        let (mut looks, mut misses) = (0, 0);
        loop {
            let url = match self.promised(&outbound, &body) {
                Follow::Answer => {
                    self.terms.promised.put(None);
                    let read = read_whole(self.stop, self.ask, outbound, None, body.clone());
                    return read
                        .inspect_err(|_| self.terms.tell(reply::told(&body)))
                        .map(Box::new)
                        .map(Reply::Whole);
                }
                Follow::Stream { url, cancel } => {
                    self.terms.promised.put(cancel);
                    return self.hear(&url, outbound).await;
                }
                Follow::Poll { url, after, cancel } => {
                    self.terms.promised.put(cancel);
                    rest(after.saturating_mul(1 << looks.min(4)).min(LONGEST_PAUSE), until).await?;
                    url
                }
            };
            looks += 1;
            match self.look(&url, until).await {
                Ok(found) => (body, misses) = (found, 0),
                Err(failure) if misses < MOST_MISSES && may_pass(&failure.fault) => misses += 1,
                Err(failure) => return Err(failure),
            }
        }
    }

    /// A stream at a place where our key has no business is left alone: the answer can be fetched as well.
    fn promised(&self, outbound: &Outbound, body: &[u8]) -> Follow {
        match outbound.follow(body, self.ask.shape.stream) {
            Follow::Stream { url, .. } if self.vendor.host.related(&url).is_none() => {
                outbound.follow(body, false)
            }
            promised @ (Follow::Answer | Follow::Poll { .. } | Follow::Stream { .. }) => promised,
        }
    }

    /// One look at what has become of the answer.
    async fn look(&self, url: &str, until: Instant) -> Result<Bytes, Failure> {
        let (mut wire, head) = self.get(url, &FOR_JSON, until).await?;
        match head {
            Promise::Whole { until, .. } => {
                let body = wire.whole(self.terms.max_answer, until).await.map_err(Failure::cut)?;
                self.upstreams.close(wire).await;
                Ok(body)
            }
            Promise::Failed { code, hints } => Err(refused(self.upstreams, wire, code, &hints).await),
            Promise::Stream | Promise::Sound { .. } | Promise::Encoded => {
                wire.abandon().await;
                Err(Failure::new(Fault::Malformed, "encoded"))
            }
        }
    }

    async fn hear(&self, url: &str, outbound: Outbound) -> Result<Reply, Failure> {
        let until = self.terms.until(self.terms.failover.first_byte);
        let (wire, head) = self.get(url, &FOR_EVENTS, until).await?;
        match head {
            Promise::Stream => {
                open_stream(self.upstreams, wire, self.stop, self.ask, outbound, self.terms).await
            }
            Promise::Failed { code, hints } => Err(refused(self.upstreams, wire, code, &hints).await),
            Promise::Whole { .. } | Promise::Sound { .. } | Promise::Encoded => {
                wire.abandon().await;
                Err(Failure::new(Fault::Malformed, "no_stream"))
            }
        }
    }

    async fn get(&self, url: &str, fixed: &Fixed, until: Instant) -> Result<(Wire, Promise), Failure> {
        let mut fresh = false;
        loop {
            let call = Call { method: "GET", url, fixed, until, fresh };
            match ask(self.upstreams, self.vendor, self.stop, &call).await {
                Ok(Answered { wire, head: Ok(head) }) => return Ok((wire, head)),
                Ok(Answered { wire, head: Err(broken) }) if !fresh && wire.was_dead(&broken) => fresh = true,
                Ok(Answered { wire, head: Err(broken) }) => {
                    wire.abandon().await;
                    return Err(Failure::unanswered(broken));
                }
                Err(failure) => return Err(failure),
            }
        }
    }
}

/// Tells the provider that nobody waits any more for what it promised, if it is still making it.
pub async fn call_off(upstreams: &Upstreams, vendor: &Vendor, stop: &Stop, terms: &Terms<'_>) {
    let Some(url) = terms.promised.take() else { return };
    let until = clock::now() + CALL_OFF;
    let call = Call { method: "POST", url: &url, fixed: &FOR_JSON, until, fresh: false };
    // Boxed, for it is large and rare. It is all we can do; the provider may have ended by itself.
    if let Ok(answered) = Box::pin(ask(upstreams, vendor, stop, &call)).await {
        answered.wire.abandon().await;
    }
}

type Fixed = [(HeaderName, HeaderValue); 3];

static FOR_JSON: Fixed = fixed("application/json");
static FOR_EVENTS: Fixed = fixed("text/event-stream");

const fn fixed(accept: &'static str) -> Fixed {
    [
        (header::ACCEPT, HeaderValue::from_static(accept)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::USER_AGENT, USER_AGENT),
    ]
}

/// A request without a body, to a URL that the provider gave.
struct Call<'a> {
    method: &'static str,
    url: &'a str,
    fixed: &'a Fixed,
    until: Instant,
    fresh: bool,
}

struct Answered {
    wire: Wire,
    head: Result<Promise, Broken>,
}

async fn ask(
    upstreams: &Upstreams,
    vendor: &Vendor,
    stop: &Stop,
    call: &Call<'_>,
) -> Result<Answered, Failure> {
    let foreign = || Failure::new(Fault::Malformed, "foreign_url");
    let (host, path) = vendor.host.related(call.url).ok_or_else(foreign)?;
    let authority = HeaderValue::from_str(&host.authority()).map_err(|_| foreign())?;
    let fields = vendor.fields(stop.key, call.fixed, &[]);
    let request = Request {
        method: call.method,
        scheme: host.scheme(),
        authority: &authority,
        path: &path,
        fields: &fields,
        body: &Bytes::new(),
    };
    let mut wire = upstreams.open(&host, call.fresh, call.until).await.map_err(Failure::unreached)?;
    let head = match wire.send(&request, call.until).await {
        Ok(()) => wire.head(call.until).await.map(|head| Promise::of(head, true, Expected::Json, call.until)),
        Err(broken) => Err(broken),
    };
    Ok(Answered { wire, head })
}

async fn rest(pause: Duration, until: Instant) -> Result<(), Failure> {
    if clock::now() + pause >= until {
        return Err(Failure::new(Fault::Timeout, "timeout"));
    }
    tokio::time::sleep(pause).await;
    Ok(())
}

/// Whether the next look may find what this one did not.
fn may_pass(fault: &Fault) -> bool {
    match fault {
        Fault::Unreachable | Fault::Timeout | Fault::Reset => true,
        Fault::Status { code, .. } => matches!(code, 408 | 429 | 500..),
        Fault::InBand { .. } | Fault::Malformed | Fault::BadRequest | Fault::Unsayable => false,
    }
}
