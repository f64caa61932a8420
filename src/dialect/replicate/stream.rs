//! Reads the events of a prediction's stream: plain text, and one word at the end.

use crate::dialect::frame::Frame;
use crate::dialect::hub::Chunk;
use crate::dialect::hub::Delta;
use crate::dialect::hub::Finish;
use crate::dialect::side::Garbage;
use crate::dialect::side::ReadChunks;
use serde::Deserialize;
use std::borrow::Cow;

/// One stream.
#[derive(Default)]
pub struct Reader {
    started: bool,
    over: bool,
}

#[derive(Deserialize)]
struct Done<'a> {
    #[serde(borrow)]
    reason: Option<Cow<'a, str>>,
}

impl ReadChunks for Reader {
    fn read(&mut self, frame: &Frame<'_>, sink: &mut dyn FnMut(Chunk<'_>)) -> Result<(), Garbage> {
        let Some(name) = frame.name.as_deref().filter(|_| !self.over) else { return Ok(()) };
        let data = frame.data.as_deref().unwrap_or_default();
        match name {
            "output" => {
                let text = std::str::from_utf8(data).map_err(|_| Garbage)?;
                self.start(sink);
                sink(Chunk::Delta { choice: 0, delta: Delta::Text(Cow::Borrowed(text)) });
            }
            "error" => {
                self.over = true;
                sink(Chunk::Error(Cow::Borrowed(data)));
            }
            "done" => self.end(data, sink),
            _ => {}
        }
        Ok(())
    }
}

impl Reader {
    fn start(&mut self, sink: &mut dyn FnMut(Chunk<'_>)) {
        if !std::mem::replace(&mut self.started, true) {
            sink(Chunk::Start { id: Cow::Borrowed(""), model: Cow::Borrowed("") });
        }
    }

    /// A reason is given only where the prediction did not succeed.
    fn end(&mut self, data: &[u8], sink: &mut dyn FnMut(Chunk<'_>)) {
        self.over = true;
        let done = serde_json::from_slice::<Done<'_>>(data).ok();
        if done.is_some_and(|done| done.reason.is_some()) {
            return sink(Chunk::Error(Cow::Borrowed(data)));
        }
        self.start(sink);
        sink(Chunk::Finish { choice: 0, finish: Finish::Stop, stop_sequence: None });
        sink(Chunk::End);
    }
}
