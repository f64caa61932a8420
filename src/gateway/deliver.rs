//! An answer on its way to the client: whole, or event by event with nothing held back.

use crate::cache::Answer;
use crate::cache::Form;
use crate::cache::Hit;
use crate::clock;
use crate::dialect::openai::assemble::assemble;
use crate::dialect::openai::unfold::unfold;
use crate::dialect::openai::unfold::without_usage;
use crate::dialect::operation::Operation;
use crate::dialect::relay::Relay;
use crate::dialect::seals::Seals;
use crate::dialect::side::ClientError;
use crate::dialect::translate;
use crate::gateway::attempt::Opened;
use crate::gateway::client;
use crate::gateway::client::ClientLeft;
use crate::gateway::client::EVENT_STREAM;
use crate::gateway::client::Head;
use crate::gateway::client::JSON;
use crate::gateway::flow::Pace;
use crate::gateway::flow::Stopped;
use crate::gateway::flow::flow;
use crate::gateway::meter::Meter;
use crate::gateway::receive::Ask;
use crate::gateway::record::Record;
use crate::gateway::refuse;
use crate::gateway::reply::Whole;
use crate::gateway::reply::opening;
use crate::gateway::vendor::Vendor;
use crate::gateway::verdicts;
use crate::telemetry::metrics::CacheResult;
use crate::upstream::Upstreams;
use crate::upstream::Wire;
use bytes::Bytes;
use http::HeaderValue;
use http::Version;
use http::header;
use pingora::proxy::Session;
use std::time::Duration;
use std::time::Instant;

/// How long the end of an answer is waited for after its terminal event, to keep the connection.
const TAIL: Duration = Duration::from_millis(500);

/// How a stream ended.
pub enum Ended {
    /// But for its `last` events, which the client waits for: see [`end`].
    Complete {
        wire: Wire,
        last: Bytes,
        /// The stream as it went, if the cache wants it.
        transcript: Option<Vec<u8>>,
        seals: Seals,
    },
    /// The provider broke it off; the client has been told.
    Broken(&'static str),
    /// It was cut where a budget ends; the client has been told.
    Spent,
    ClientLeft,
}

/// Sends a provider's whole answer, as events if the client asked for a stream.
pub async fn whole(
    session: &mut Session,
    record: &mut Record,
    ask: &Ask,
    whole: Whole,
    model: &str,
) -> pingora::Result<()> {
    record.first_byte();
    record.outcome.status = 200;
    let (kind, body) = match (whole.form, ask.shape.stream) {
        (Form::Stream, _) => (EVENT_STREAM, whole.body),
        (Form::Whole, false) => (whole.kind.unwrap_or(JSON), whole.body),
        (Form::Whole, true) => match unfolded(ask, &whole.body, model) {
            Some(events) => (EVENT_STREAM, events.into()),
            None => (whole.kind.unwrap_or(JSON), whole.body),
        },
    };
    let head = Head::new(200, record);
    client::answer(session, record, head, kind, body).await
}

/// Answers from the cache, in the form the client asked for. `false`: what is stored cannot be brought into it.
pub async fn hit(session: &mut Session, record: &mut Record, ask: &Ask, hit: Hit) -> pingora::Result<bool> {
    let Some((kind, body)) = in_form(&hit.answer, ask) else {
        return Ok(false);
    };
    record.first_byte();
    record.outcome.status = 200;
    record.service.cache = Some(CacheResult::Hit);
    record.service.provider = Some(hit.answer.provider.as_str().into());
    record.service.model = Some(hit.answer.model.as_str().into());
    record.service.dropped.extend((!hit.answer.dropped.is_empty()).then_some(hit.answer.dropped));
    let mut head = Head::new(200, record);
    head.number(client::name::CACHE_TTL, hit.ttl_left.as_secs());
    client::answer(session, record, head, kind, body).await.map(|()| true)
}

fn in_form(answer: &Answer, ask: &Ask) -> Option<(HeaderValue, Bytes)> {
    let (body, model) = (&answer.body, answer.model.as_str());
    match (ask.shape.stream, answer.form) {
        (false, Form::Whole) => Some((JSON, body.clone())),
        (false, Form::Stream) => assembled(ask, body, model).map(|whole| (JSON, whole.into())),
        (true, Form::Whole) => unfolded(ask, body, model).map(|events| (EVENT_STREAM, events.into())),
        (true, Form::Stream) if ask.operation.is_openai_stream() && !ask.shape.include_usage => {
            Some((EVENT_STREAM, without_usage(body).into()))
        }
        (true, Form::Stream) => Some((EVENT_STREAM, body.clone())),
    }
}

/// A whole answer as a stream. OpenAI's keeps what we do not know of it.
fn unfolded(ask: &Ask, body: &[u8], model: &str) -> Option<Vec<u8>> {
    match ask.operation {
        Operation::Messages | Operation::Responses => {
            translate::unfolded(ask.operation.dialect(), body, &opening(ask, model))
        }
        // Whoever knows no stream gives the whole, and clients of these expect that.
        operation if operation.is_passed_on() => None,
        _ => unfold(body, ask.shape.include_usage),
    }
}

fn assembled(ask: &Ask, events: &[u8], model: &str) -> Option<Vec<u8>> {
    match ask.operation {
        Operation::Messages | Operation::Responses => {
            translate::assembled(ask.operation.dialect(), events, &opening(ask, model))
        }
        _ => assemble(events),
    }
}

/// Relays a stream whose first content has come.
///
/// # Errors
/// Only when the head cannot be built; everything else is an [`Ended`].
pub async fn stream(
    session: &mut Session,
    record: &mut Record,
    ask: &Ask,
    opened: Opened,
    vendor: &Vendor,
) -> pingora::Result<Ended> {
    let Opened { mut wire, mut relay, between, .. } = opened;
    let head = stream_head(session, record).finish();
    record.outcome.status = 200;
    if session.write_response_header(head, false).await.is_err() {
        return Ok(leave(wire, &relay, record, ask).await);
    }
    record.first_byte();
    let pace = Pace { between, meter: Meter::of(record, ask) };
    let stopped = flow(session, &mut wire, &mut relay, vendor, pace).await;
    let (usage, counted) = verdicts::streamed(&relay, ask);
    record.bill(usage, counted);
    record.events_dropped(relay.garbage());
    match &stopped {
        Err(ClientLeft) => record.client_left(),
        Ok(Stopped::Broken { word, .. }) => record.outcome.error = Some(*word),
        Ok(Stopped::Spent(_)) => record.outcome.error = Some("budget"),
        Ok(Stopped::Complete) => {}
    }
    record.settle();
    match stopped {
        Err(ClientLeft) => Ok(leave(wire, &relay, record, ask).await),
        Ok(Stopped::Complete) => {
            let (last, transcript, seals) = (relay.take(), relay.transcript(), relay.seals());
            Ok(Ended::Complete { wire, last, transcript, seals })
        }
        Ok(Stopped::Broken { word, message }) => {
            let error = interrupted(&message, &record.arrival.request_id);
            tell(session, ask, &mut relay, &error).await;
            wire.abandon().await;
            Ok(Ended::Broken(word))
        }
        Ok(Stopped::Spent(limited)) => {
            let refusal = refuse::limited(limited, clock::since_epoch());
            tell(session, ask, &mut relay, &refusal.error(&record.arrival.request_id)).await;
            wire.abandon().await;
            Ok(Ended::Spent)
        }
    }
}

/// Ends a complete stream with its `last` events, and keeps the provider's connection if that ends soon as well.
pub async fn end(
    session: &mut Session,
    record: &mut Record,
    upstreams: &Upstreams,
    mut wire: Wire,
    last: Bytes,
) {
    if session.write_response_body(Some(last), true).await.is_err() {
        record.client_left();
    }
    match wire.body(Instant::now() + TAIL).await {
        Ok(None) => upstreams.close(wire).await,
        Ok(Some(_)) | Err(_) => wire.abandon().await,
    }
}

fn stream_head(session: &Session, record: &Record) -> Head {
    let mut head = Head::new(200, record);
    head.value(header::CONTENT_TYPE, EVENT_STREAM);
    head.word(header::CACHE_CONTROL, "no-cache");
    // A proxy in front of us must not hold events back either.
    head.word(client::name::ACCEL_BUFFERING, "no");
    if session.req_header().version == Version::HTTP_11 {
        head.word(header::TRANSFER_ENCODING, "chunked");
    }
    head
}

fn interrupted<'a>(message: &'a str, request_id: &'a str) -> ClientError<'a> {
    ClientError {
        status: 502,
        message,
        kind: "server_error",
        param: None,
        code: Some("stream_interrupted"),
        cause: None,
        request_id,
    }
}

/// Tells the client that its stream ends too early, after what came of it last. No end follows that looks like one.
async fn tell(session: &mut Session, ask: &Ask, relay: &mut Relay, error: &ClientError<'_>) {
    let last = relay.take();
    let events = relay.break_off(error);
    let events = events.unwrap_or_else(|| ask.operation.dialect().client_side().error_event(error));
    // If it fails the client has left, and is not to hear of it any more.
    let _ = session.write_response_body(Some([&last[..], &events].concat().into()), false).await;
    let _ = session.write_response_body(Some(Bytes::new()), true).await;
}

async fn leave(wire: Wire, relay: &Relay, record: &mut Record, ask: &Ask) -> Ended {
    let (usage, counted) = verdicts::streamed(relay, ask);
    record.bill(usage, counted);
    record.client_left();
    wire.abandon().await;
    Ended::ClientLeft
}
