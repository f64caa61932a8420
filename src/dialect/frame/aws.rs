//! AWS's binary event streams.

use crate::dialect::frame::Frame;
use crate::dialect::frame::FrameTooLong;
use bytes::Bytes;
use bytes::BytesMut;

/// Cuts a stream into messages.
pub struct Messages {
    limit: usize,
    carry: BytesMut,
}

impl Messages {
    pub fn new(limit: usize) -> Messages {
        Messages { limit, carry: BytesMut::new() }
    }

    pub fn push(&mut self, chunk: Bytes, _messages: &mut Vec<Bytes>) -> Result<(), FrameTooLong> {
        self.carry.extend_from_slice(&chunk);
        match self.carry.len() > self.limit {
            true => Err(FrameTooLong { limit: self.limit }),
            false => Ok(()),
        }
    }
}

/// Reads one message.
pub fn frame(_raw: &[u8]) -> Option<Frame<'_>> {
    None
}
