//! A provider's stream on its way to the client, whichever dialects they speak.

mod hub;

pub use crate::dialect::relay::hub::HubRelay;
pub use crate::dialect::relay::hub::call_id;

use crate::dialect::openai::media::MediaRelay;
use crate::dialect::openai::relay::Relay as OpenAiRelay;
use crate::dialect::seals::Seals;
use crate::dialect::side::ClientError;
use crate::dialect::usage::Usage;
use bytes::Bytes;

/// Longest single event: a whole base64 image fits; an endless line does not.
pub const MAX_EVENT: usize = 16 * 1024 * 1024;
/// Role-only and empty chunks that may pile up before the first content.
pub(super) const MAX_HELD: usize = 1024 * 1024;

/// Where the stream stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Nothing with content has come: another provider may still be asked.
    Waiting,
    /// Content has come; everything that may be sent is in [`Relay::take`].
    Open,
    /// The terminal event has come.
    Done,
    /// The provider reported an error in the stream; its data.
    Error(Bytes),
    /// One event, or what came before the first content, is longer than we hold.
    TooLong,
}

impl Flow {
    /// Whether what comes next still counts.
    pub fn is_live(&self) -> bool {
        match self {
            Flow::Waiting | Flow::Open => true,
            Flow::Done | Flow::Error(_) | Flow::TooLong => false,
        }
    }
}

/// How a stream that has ended is to be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Finished; what was missing of the terminal event is in [`Relay::take`].
    Complete,
    Cut,
}

/// What a client asked of its stream.
#[derive(Clone, Copy, Debug)]
pub struct Wishes {
    /// The usage chunk is shown.
    pub usage: bool,
    /// How many choices must finish.
    pub choices: u64,
    /// Bytes of the stream kept for the cache; 0 keeps none.
    pub keep: usize,
}

/// One stream.
#[allow(clippy::large_enum_variant)] // the large one is the common one, and lives in a box with its stream
pub enum Relay {
    /// OpenAI's dialect on both sides: events are passed on as they come.
    Same(OpenAiRelay),
    /// Images, transcripts or speech in it, passed on as well.
    Media(MediaRelay),
    /// Read into the hub. Boxed: it is rarer and larger.
    Hub(Box<HubRelay>),
}

impl Relay {
    /// Takes the next bytes from the provider and says where the stream stands.
    pub fn feed(&mut self, chunk: Bytes) -> &Flow {
        match self {
            Relay::Same(relay) => relay.feed(chunk),
            Relay::Media(relay) => relay.feed(chunk),
            Relay::Hub(relay) => relay.feed(chunk),
        }
    }

    /// Where the stream stands.
    pub fn flow(&self) -> &Flow {
        match self {
            Relay::Same(relay) => relay.flow(),
            Relay::Media(relay) => relay.flow(),
            Relay::Hub(relay) => relay.flow(),
        }
    }

    /// What may be sent now.
    pub fn take(&mut self) -> Bytes {
        match self {
            Relay::Same(relay) => relay.take(),
            Relay::Media(relay) => relay.take(),
            Relay::Hub(relay) => relay.take(),
        }
    }

    /// The provider's body has ended. An answer that has its finish reason is finished properly.
    pub fn end(&mut self) -> End {
        match self {
            Relay::Same(relay) => relay.end(),
            Relay::Media(relay) => relay.end(),
            Relay::Hub(relay) => relay.end(),
        }
    }

    /// The stream as the client gets it, for the cache, if it was complete and not too long.
    pub fn transcript(&mut self) -> Option<Vec<u8>> {
        match self {
            Relay::Same(relay) => relay.transcript(),
            Relay::Media(_) => None,
            Relay::Hub(relay) => relay.transcript(),
        }
    }

    /// What has to come back with the next request.
    pub fn seals(&mut self) -> Seals {
        match self {
            Relay::Same(_) | Relay::Media(_) => Seals::default(),
            Relay::Hub(relay) => relay.seals(),
        }
    }

    /// The events that say that the stream broke off, where they depend on what was written before.
    pub fn break_off(&mut self, error: &ClientError<'_>) -> Option<Vec<u8>> {
        match self {
            Relay::Same(_) | Relay::Media(_) => None,
            Relay::Hub(relay) => relay.break_off(error),
        }
    }

    /// The last count that the provider gave.
    pub fn usage(&self) -> Option<Usage> {
        match self {
            Relay::Same(relay) => relay.usage,
            Relay::Media(relay) => relay.usage,
            Relay::Hub(relay) => relay.usage,
        }
    }

    /// Events that carried part of the answer, about one a token.
    pub fn content_events(&self) -> u64 {
        match self {
            Relay::Same(relay) => relay.content_events,
            Relay::Media(relay) => relay.content_events,
            Relay::Hub(relay) => relay.content_events,
        }
    }

    /// Events that could not be read and were dropped.
    pub fn garbage(&self) -> u64 {
        match self {
            Relay::Same(relay) => relay.garbage,
            Relay::Media(relay) => relay.garbage,
            Relay::Hub(relay) => relay.garbage,
        }
    }
}
