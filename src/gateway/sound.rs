//! Sound on its way to the client: bytes that mean nothing to us, passed on as they come.

use crate::config::Failover;
use crate::gateway::attempt::Terms;
use crate::gateway::client;
use crate::gateway::client::ClientLeft;
use crate::gateway::client::Head;
use crate::gateway::client::while_it_waits;
use crate::gateway::failure::Failure;
use crate::gateway::receive::Ask;
use crate::gateway::record::Record;
use crate::gateway::vendor::Vendor;
use crate::gateway::verdicts;
use crate::head;
use crate::routing::judge::Fault;
use crate::store::Counted;
use crate::upstream::Broken;
use crate::upstream::Silence;
use crate::upstream::Upstreams;
use crate::upstream::Wire;
use bytes::Bytes;
use http::HeaderValue;
use http::Version;
use http::header;
use pingora::ErrorType;
use pingora::http::ResponseHeader;
use pingora::proxy::Session;
use std::pin::pin;
use std::time::Duration;
use std::time::Instant;

/// Sound whose first bytes have come.
pub struct Sound {
    wire: Wire,
    first: Bytes,
    label: Label,
    /// Longest time between two pieces.
    between: Duration,
}

/// What the head of an answer says of the sound behind it.
pub struct Label {
    kind: Option<HeaderValue>,
    /// In bytes.
    length: Option<u64>,
}

impl Label {
    pub fn of(head: &ResponseHeader) -> Label {
        Label { kind: head.headers.get(header::CONTENT_TYPE).cloned(), length: head::length(&head.headers) }
    }
}

/// How it ended.
pub enum Played {
    Complete,
    /// The provider broke it off. There are no words for that in sound: the connection has to end without a proper
    /// end of the body.
    Broken(&'static str),
    ClientLeft,
}

/// Waits for the first bytes: until they are there another provider may be asked.
///
/// # Errors
/// [`Failure`] when none come until then.
pub async fn open(mut wire: Wire, label: Label, until: Instant, terms: &Terms<'_>) -> Result<Sound, Failure> {
    loop {
        match wire.body(until).await.map_err(Failure::cut)? {
            Some(first) if first.is_empty() => {}
            Some(first) => return Ok(Sound { wire, first, label, between: terms.failover.between_events }),
            None => return Err(Failure::new(Fault::Malformed, "empty_answer")),
        }
    }
}

/// Plays it to the client.
pub async fn play(
    session: &mut Session,
    record: &mut Record,
    ask: &Ask,
    sound: Sound,
    upstreams: &Upstreams,
) -> Played {
    let Sound { mut wire, first, label, between } = sound;
    record.outcome.status = 200;
    let head = head(session, record, label).finish();
    let begun = session.write_response_header(head, false).await;
    record.first_byte();
    let ended = match begun {
        Ok(()) => flow(session, &mut wire, first, between).await,
        Err(_) => Err(ClientLeft),
    };
    record.bill(verdicts::prompt(ask), Counted::Guessed);
    match &ended {
        Ok(None) => {}
        Ok(Some(word)) => record.outcome.error = Some(*word),
        Err(ClientLeft) => record.client_left(),
    }
    record.settle();
    match ended {
        Ok(None) if session.write_response_body(Some(Bytes::new()), true).await.is_ok() => {
            upstreams.close(wire).await;
            Played::Complete
        }
        Ok(Some(word)) => {
            wire.abandon().await;
            Played::Broken(word)
        }
        Ok(None) | Err(ClientLeft) => {
            record.client_left();
            wire.abandon().await;
            Played::ClientLeft
        }
    }
}

/// What follows for the provider, and for the connection to the client.
///
/// # Errors
/// After a speech that broke off: whoever kept the connection open would be told that this was all.
pub fn judge(played: Played, vendor: &Vendor, failover: &Failover) -> pingora::Result<()> {
    match played {
        Played::Complete => verdicts::praise(vendor),
        Played::ClientLeft => {}
        Played::Broken(word) => {
            verdicts::broke_off(vendor, word, failover);
            return Err(pingora::Error::explain(ErrorType::ConnectionClosed, word));
        }
    }
    Ok(())
}

/// Passes pieces on until there are no more; tells why, if that was too soon.
async fn flow(
    session: &mut Session,
    wire: &mut Wire,
    first: Bytes,
    between: Duration,
) -> Result<Option<&'static str>, ClientLeft> {
    let mut silence = Silence::new(between);
    let mut piece = first;
    loop {
        session.write_response_body(Some(piece), false).await.map_err(|_| ClientLeft)?;
        piece = match while_it_waits(session, pin!(wire.more(&mut silence))).await? {
            Ok(Some(next)) => next,
            Ok(None) => return Ok(None),
            Err(Broken::Timeout(_)) => return Ok(Some("stall")),
            Err(_) => return Ok(Some("cut")),
        };
        silence.put_off();
    }
}

fn head(session: &Session, record: &Record, label: Label) -> Head {
    let mut head = Head::new(200, record);
    head.value(header::CONTENT_TYPE, label.kind.unwrap_or(client::BYTES));
    // A proxy in front of us must not hold it back.
    head.word(client::name::ACCEL_BUFFERING, "no");
    match label.length {
        // Where a length is told Pingora holds small pieces back.
        _ if session.req_header().version == Version::HTTP_11 => {
            head.word(header::TRANSFER_ENCODING, "chunked");
        }
        Some(length) => head.number(header::CONTENT_LENGTH, length),
        None => {}
    }
    head
}
