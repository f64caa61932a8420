//! Events on their way from a provider to the client, until there are no more or it must end.

use crate::dialect::fault;
use crate::dialect::relay::End;
use crate::dialect::relay::Flow;
use crate::dialect::relay::Relay;
use crate::gateway::client::ClientLeft;
use crate::gateway::client::while_it_waits;
use crate::gateway::meter::Meter;
use crate::gateway::vendor::Vendor;
use crate::state::Limited;
use crate::upstream::Broken;
use crate::upstream::Silence;
use crate::upstream::Wire;
use pingora::proxy::Session;
use std::pin::pin;
use std::time::Duration;

/// Bytes without content between two events with it: what is sent without a pause never lets the timer ring.
const MOST_UNHEARD: usize = 64 * 1024 * 1024;

/// Why a stream is at its end.
pub enum Stopped {
    Complete,
    Broken {
        word: &'static str,
        message: String,
    },
    /// A budget is, and its stream was to be cut there.
    Spent(Limited),
}

/// How long and how far a stream may go on.
pub struct Pace<'a> {
    /// Longest time between two events with content.
    pub between: Duration,
    /// Where it is to be cut at a budget.
    pub meter: Option<Meter<'a>>,
}

impl Stopped {
    fn broken(word: &'static str, message: &str) -> Stopped {
        Stopped::Broken { word, message: message.to_owned() }
    }
}

/// Passes events on until the stream stops; the last ones of a complete stream are left in the relay, to go with
/// the end of the body. Only events with content put off the time between events.
///
/// # Errors
/// The client has left.
pub async fn flow(
    session: &mut Session,
    wire: &mut Wire,
    relay: &mut Relay,
    vendor: &Vendor,
    mut pace: Pace<'_>,
) -> Result<Stopped, ClientLeft> {
    let mut silence = Silence::new(pace.between);
    let (mut seen, mut unheard) = (relay.content_events(), 0);
    while *relay.flow() != Flow::Done {
        let ready = relay.take();
        if !ready.is_empty() {
            session.write_response_body(Some(ready), false).await.map_err(|_| ClientLeft)?;
        }
        match relay.flow() {
            Flow::Waiting | Flow::Open | Flow::Done => {}
            Flow::TooLong => {
                return Ok(Stopped::broken("event_too_long", "the provider sent an event that is too long"));
            }
            Flow::Error(data) => {
                let message = fault::message(&vendor.conceal(data));
                let message = message.unwrap_or_else(|| "the provider reported an error".to_owned());
                return Ok(Stopped::Broken { word: "error_event", message });
            }
        }
        let lost = match while_it_waits(session, pin!(wire.more(&mut silence))).await? {
            Ok(Some(chunk)) => {
                unheard += chunk.len();
                relay.feed(chunk);
                None
            }
            Err(Broken::Timeout(_)) => Some(Stopped::broken("stall", STALL)),
            Ok(None) | Err(_) => Some(Stopped::broken("cut", CUT)),
        };
        // However it ended: after a finish reason the answer is whole, and only its end was missing.
        if let Some(stopped) = lost.filter(|_| relay.end() == End::Cut) {
            return Ok(stopped);
        }
        if relay.content_events() != seen {
            (seen, unheard) = (relay.content_events(), 0);
            silence.put_off();
            if let Some(meter) = &mut pace.meter
                && let Err(limited) = meter.follow(relay).await
            {
                return Ok(Stopped::Spent(limited));
            }
        } else if unheard > MOST_UNHEARD && *relay.flow() == Flow::Open {
            return Ok(Stopped::broken("stall", STALL));
        }
    }
    Ok(Stopped::Complete)
}

const STALL: &str = "the provider fell silent in the middle of its answer; what came before is incomplete";
const CUT: &str = "the provider broke off in the middle of its answer; what came before is incomplete";
