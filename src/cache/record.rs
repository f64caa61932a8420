//! How an answer lies in the store: a small header, then the body, in one piece of bytes.

use crate::cache::{Answer, Form, Hit};
use crate::clock;
use bytes::{BufMut, Bytes, BytesMut};
use std::time::Duration;

/// Counts up whenever the layout changes; a record of another version is a miss.
const MARK: [u8; 4] = *b"TGA2";

/// Mark, form, end of life in milliseconds since the epoch, lengths of provider, model, what was dropped, and body.
const HEADER: usize = 4 + 1 + 8 + 2 + 2 + 2 + 8;

/// `None` when a name is too long for the header.
pub fn encode(answer: &Answer, ends: Duration) -> Option<Bytes> {
    let names = [&answer.provider, &answer.model, &answer.dropped];
    let length: usize = names.iter().map(|name| name.len()).sum();
    let mut out = BytesMut::with_capacity(HEADER + length + answer.body.len());
    out.put_slice(&MARK);
    out.put_u8(match answer.form {
        Form::Whole => 0,
        Form::Stream => 1,
    });
    out.put_u64(clock::millis(ends));
    for name in names {
        out.put_u16(u16::try_from(name.len()).ok()?);
    }
    out.put_u64(answer.body.len() as u64);
    names.iter().for_each(|name| out.put_slice(name.as_bytes()));
    out.put_slice(&answer.body);
    Some(out.freeze())
}

/// Cuts a record open without copying its body. `None` if it is of another version, damaged, or its time is over.
pub fn decode(record: &Bytes, now: Duration) -> Option<Hit> {
    let mut rest = record.as_ref();
    if take(&mut rest)? != MARK {
        return None;
    }
    let form = match u8::from_be_bytes(take(&mut rest)?) {
        0 => Form::Whole,
        1 => Form::Stream,
        _ => return None,
    };
    let ends = Duration::from_millis(u64::from_be_bytes(take(&mut rest)?));
    let provider_len = usize::from(u16::from_be_bytes(take(&mut rest)?));
    let model_len = usize::from(u16::from_be_bytes(take(&mut rest)?));
    let dropped_len = usize::from(u16::from_be_bytes(take(&mut rest)?));
    let body_len = usize::try_from(u64::from_be_bytes(take(&mut rest)?)).ok()?;
    let (provider, rest) = rest.split_at_checked(provider_len)?;
    let (model, rest) = rest.split_at_checked(model_len)?;
    let (dropped, body) = rest.split_at_checked(dropped_len)?;
    let ttl_left = ends.checked_sub(now).filter(|left| !left.is_zero())?;
    let answer = Answer {
        form,
        provider: std::str::from_utf8(provider).ok()?.to_owned(),
        model: std::str::from_utf8(model).ok()?.to_owned(),
        dropped: std::str::from_utf8(dropped).ok()?.to_owned(),
        body: record.slice(record.len() - body.len()..),
    };
    (body.len() == body_len).then_some(Hit { answer, ttl_left })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk()?;
    *rest = tail;
    Some(*head)
}
