//! What all targets share: who speaks what, and how one input is a body and some choices.

mod mutate;

pub use mutate::mutate;

use bytes::Bytes;
use serde::de::IgnoredAny;
use tollgate::dialect::Dialect;
use tollgate::dialect::frame::Frame;
use tollgate::dialect::frame::Framer;
use tollgate::dialect::frame::Framing;
use tollgate::dialect::side::Opening;

/// Dialects of providers; the folder of each has seeds.
pub const PROVIDERS: [Dialect; 8] = [
    Dialect::OpenAi,
    Dialect::Responses,
    Dialect::Anthropic,
    Dialect::Gemini,
    Dialect::Ollama,
    Dialect::Cohere,
    Dialect::Replicate,
    Dialect::Bedrock,
];

/// Dialects of clients.
pub const CLIENTS: [Dialect; 3] = [Dialect::OpenAi, Dialect::Responses, Dialect::Anthropic];

/// One input: a stranger's bytes, and behind them a sign for each choice that a target makes. They stand at the end,
/// so that a fixture with a few digits behind it is a seed.
pub struct Input<'a> {
    pub body: &'a [u8],
    signs: [u8; 4],
}

impl<'a> Input<'a> {
    /// `None` where it is too short.
    pub fn of(data: &'a [u8]) -> Option<Input<'a>> {
        let (body, signs) = data.split_last_chunk()?;
        Some(Input { body, signs: *signs })
    }

    pub fn provider(&self) -> Dialect {
        self.choose(0, &PROVIDERS)
    }

    pub fn client(&self) -> Dialect {
        self.choose(1, &CLIENTS)
    }

    /// One of a few things.
    pub fn choose<T: Copy>(&self, sign: usize, things: &[T]) -> T {
        things[usize::from(self.signs[sign]) % things.len()]
    }

    /// One bit of the third sign.
    pub fn flag(&self, bit: u32) -> bool {
        self.signs[2] >> bit & 1 == 1
    }

    /// `stream` in pieces, as the last sign cuts it: all of about one length, or of any.
    pub fn pieces(&self, stream: &[u8]) -> Vec<Bytes> {
        let (mut rest, mut pieces, mut chance) = (stream, Vec::new(), u32::from(self.signs[3]));
        while !rest.is_empty() {
            chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let length = 1 + (chance >> 16) as usize % (1 << (self.signs[3] % 8));
            let (piece, after) = rest.split_at(length.min(rest.len()));
            pieces.push(Bytes::copy_from_slice(piece));
            rest = after;
        }
        pieces
    }
}

/// What every answer is opened with.
pub fn opening(show_usage: bool) -> Opening {
    Opening {
        created: 1_795_000_000,
        nonce: "n0".to_owned(),
        model: "m-1".to_owned(),
        show_usage,
        prompt_estimate: 7,
        request: Bytes::from_static(br#"{"model":"m-1","input":"hi","metadata":{"a":"b"}}"#),
    }
}

/// # Panics
/// `json` is none.
pub fn assert_json(json: &[u8]) {
    if let Err(e) = serde_json::from_slice::<IgnoredAny>(json) {
        panic!("not JSON: {e}: {}", String::from_utf8_lossy(json));
    }
}

/// # Panics
/// `events` is not what a provider of this dialect might have said: an event that cannot be read, or data that is
/// neither JSON nor `[DONE]`.
pub fn assert_stream(dialect: Dialect, events: &[u8]) {
    let mut reader = dialect.provider_side().reader();
    assert_events(events, &mut |frame| reader.read(frame, &mut |_| ()).is_ok());
}

/// # Panics
/// `events` are none, have data that is neither JSON nor `[DONE]`, or one of them is not `right`.
pub fn assert_events(events: &[u8], right: &mut dyn FnMut(&Frame<'_>) -> bool) {
    let (mut framer, mut frames) = (Framer::new(Framing::Sse, usize::MAX), Vec::new());
    framer.push(Bytes::copy_from_slice(events), &mut frames).expect("nothing is too long");
    assert_eq!(framer.finish(), None, "the last event is open: {}", String::from_utf8_lossy(events));
    for raw in &frames {
        let frame = framer.read(raw).expect("a frame");
        assert!(right(&frame), "cannot be read: {}", String::from_utf8_lossy(raw));
        if let Some(data) = frame.data.filter(|data| **data != b"[DONE]"[..]) {
            assert_json(&data);
        }
    }
}
