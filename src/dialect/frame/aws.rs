//! AWS's binary event streams (vendors.md §8.3): messages with headers, each held together by two checksums.

#[cfg(test)]
mod tests;

use crate::dialect::frame::Frame;
use crate::dialect::frame::FrameTooLong;
use bytes::Bytes;
use bytes::BytesMut;
use serde::Serialize;
use std::borrow::Cow;

/// Lengths of message and headers, and the checksum of both.
const PRELUDE: usize = 12;
/// The checksum of the whole message, at its end.
const SEAL: usize = 4;

/// The name of a failure that AWS gives no type; those of the others end in `Exception`.
pub const ERROR: &str = "error";

/// Cuts a stream into messages.
pub struct Messages {
    limit: usize,
    carry: BytesMut,
}

impl Messages {
    pub fn new(limit: usize) -> Messages {
        Messages { limit, carry: BytesMut::new() }
    }

    /// # Errors
    /// [`FrameTooLong`] for a message over the limit, and for one whose lengths or checksums are wrong: where the next
    /// one begins is unknown then.
    pub fn push(&mut self, mut chunk: Bytes, messages: &mut Vec<Bytes>) -> Result<(), FrameTooLong> {
        while !self.carry.is_empty() && !chunk.is_empty() {
            let wanted = self.length(&self.carry)?.unwrap_or(PRELUDE);
            let missing = wanted.saturating_sub(self.carry.len()).min(chunk.len());
            self.carry.extend_from_slice(&chunk.split_to(missing));
            if self.length(&self.carry)? == Some(self.carry.len()) {
                let message = self.carry.split().freeze();
                messages.push(self.checked(message)?);
            }
        }
        while let Some(length) = self.length(&chunk)?.filter(|length| *length <= chunk.len()) {
            messages.push(self.checked(chunk.split_to(length))?);
        }
        self.carry.extend_from_slice(&chunk);
        Ok(())
    }

    /// Bytes of the message that begins here, once its prelude is there.
    fn length(&self, begun: &[u8]) -> Result<Option<usize>, FrameTooLong> {
        let (Some(total), Some(headers), Some(sum)) = (number(begun, 0), number(begun, 4), number(begun, 8))
        else {
            return Ok(None);
        };
        let fits = (PRELUDE + SEAL..=self.limit).contains(&total) && headers <= total - PRELUDE - SEAL;
        match fits && crc32fast::hash(&begun[..8]) as usize == sum {
            true => Ok(Some(total)),
            false => Err(self.lost()),
        }
    }

    /// A whole message, if it arrived as it was sent.
    fn checked(&self, message: Bytes) -> Result<Bytes, FrameTooLong> {
        let (told, seal) = message.split_at(message.len().saturating_sub(SEAL));
        match number(seal, 0) == Some(crc32fast::hash(told) as usize) {
            true => Ok(message),
            false => Err(self.lost()),
        }
    }

    fn lost(&self) -> FrameTooLong {
        FrameTooLong { limit: self.limit }
    }
}

/// Reads one message, which [`Messages`] has cut: its event or exception type, and its payload.
pub fn frame(raw: &[u8]) -> Option<Frame<'_>> {
    let end = raw.len().checked_sub(SEAL)?;
    let headers = raw.get(PRELUDE..PRELUDE.checked_add(number(raw, 4)?)?)?;
    let payload = raw.get(PRELUDE + headers.len()..end)?;
    let labels = Labels::read(headers)?;
    if labels.message == Some(ERROR) {
        let error = Untyped { __type: labels.code, message: labels.words };
        return Some(Frame {
            name: Some(Cow::Borrowed(ERROR)),
            data: serde_json::to_vec(&error).ok().map(Cow::Owned),
        });
    }
    let name = labels.exception.or(labels.event).map(Cow::Borrowed);
    Some(Frame { name, data: (!payload.is_empty()).then_some(Cow::Borrowed(payload)) })
}

/// Writes one message with text headers, as simulated providers send it.
pub fn message(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut head = Vec::new();
    for (name, value) in headers {
        head.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
        head.extend_from_slice(name.as_bytes());
        head.push(7);
        head.extend_from_slice(&u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
        head.extend_from_slice(value.as_bytes());
    }
    sealed(&head, payload)
}

fn sealed(head: &[u8], payload: &[u8]) -> Vec<u8> {
    let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX).to_be_bytes();
    let mut message = length(PRELUDE + head.len() + payload.len() + SEAL).to_vec();
    message.extend_from_slice(&length(head.len()));
    message.extend_from_slice(&crc32fast::hash(&message).to_be_bytes());
    message.extend_from_slice(head);
    message.extend_from_slice(payload);
    let seal = crc32fast::hash(&message);
    message.extend_from_slice(&seal.to_be_bytes());
    message
}

/// The headers that say what a message is.
#[derive(Default)]
struct Labels<'a> {
    message: Option<&'a str>,
    event: Option<&'a str>,
    exception: Option<&'a str>,
    code: Option<&'a str>,
    words: Option<&'a str>,
}

/// What an `error` message says in its headers, in the shape of the exceptions.
#[derive(Serialize)]
struct Untyped<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    __type: Option<&'a str>,
    message: Option<&'a str>,
}

impl<'a> Labels<'a> {
    fn read(mut headers: &'a [u8]) -> Option<Labels<'a>> {
        let mut labels = Labels::default();
        while let Some((length, rest)) = headers.split_first() {
            let (name, rest) = rest.split_at_checked(usize::from(*length))?;
            let (kind, rest) = rest.split_first()?;
            let (value, rest) = value(*kind, rest)?;
            let place = match name {
                b":message-type" => &mut labels.message,
                b":event-type" => &mut labels.event,
                b":exception-type" => &mut labels.exception,
                b":error-code" => &mut labels.code,
                b":error-message" => &mut labels.words,
                _ => &mut None,
            };
            *place = value;
            headers = rest;
        }
        Some(labels)
    }
}

/// The value of a header, if it is text, and what follows it. Types are numbered by AWS.
fn value(kind: u8, rest: &[u8]) -> Option<(Option<&str>, &[u8])> {
    let fixed = match kind {
        0 | 1 => 0, // true, false
        2 => 1,
        3 => 2,
        4 => 4,
        5 | 8 => 8, // a number, a time
        6 | 7 => {
            let (length, rest) = rest.split_at_checked(2)?;
            let (value, rest) =
                rest.split_at_checked(usize::from(u16::from_be_bytes(length.try_into().ok()?)))?;
            return Some((std::str::from_utf8(value).ok().filter(|_| kind == 7), rest));
        }
        9 => 16,
        _ => return None,
    };
    Some((None, rest.get(fixed..)?))
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    usize::try_from(u32::from_be_bytes(four.try_into().ok()?)).ok()
}
