//! One stream: a line of JSON for each piece, the last with `done`.

use crate::dialect::frame::Frame;
use crate::dialect::hub::Chunk;
use crate::dialect::hub::Delta;
use crate::dialect::ollama::answer;
use crate::dialect::ollama::wire::Call;
use crate::dialect::ollama::wire::Line;
use crate::dialect::ollama::wire::Said;
use crate::dialect::side::Garbage;
use crate::dialect::side::ReadChunks;
use std::borrow::Cow;

/// Ollama gives one answer.
const CHOICE: u32 = 0;

/// What has to be remembered from line to line.
#[derive(Default)]
pub struct Reader {
    started: bool,
    calls: u32,
}

impl ReadChunks for Reader {
    fn read(&mut self, frame: &Frame<'_>, sink: &mut dyn FnMut(Chunk<'_>)) -> Result<(), Garbage> {
        let Some(data) = &frame.data else { return Ok(()) };
        let mut line = Line::read(data).ok_or(Garbage)?;
        if line.error.is_some() {
            sink(Chunk::Error(Cow::Borrowed(data)));
            return Ok(());
        }
        if !self.started {
            self.started = true;
            let model = line.model.take().unwrap_or_default().0;
            sink(Chunk::Start { id: Cow::Borrowed(""), model });
        }
        if let Some(said) = line.message.take() {
            self.say(said, sink);
        }
        if let Some(logprobs) = line.logprobs() {
            sink(Chunk::Delta { choice: CHOICE, delta: Delta::Logprobs(Cow::Owned(logprobs)) });
        }
        if line.done == Some(true) {
            let finish = answer::finish(&line, self.calls > 0);
            sink(Chunk::Finish { choice: CHOICE, finish, stop_sequence: None });
            line.usage().into_iter().for_each(|usage| sink(Chunk::Usage(usage)));
            sink(Chunk::End);
        }
        Ok(())
    }
}

impl Reader {
    fn say(&mut self, said: Said<'_>, sink: &mut dyn FnMut(Chunk<'_>)) {
        let thinking = said.thinking.map(|words| Delta::Thinking(words.0));
        let text = said.content.map(|words| Delta::Text(words.0));
        for delta in [thinking, text].into_iter().flatten().filter(Delta::is_content) {
            sink(Chunk::Delta { choice: CHOICE, delta });
        }
        for call in said.tool_calls.into_iter().flatten() {
            self.call(call, sink);
        }
    }

    /// Calls come whole.
    fn call(&mut self, call: Call<'_>, sink: &mut dyn FnMut(Chunk<'_>)) {
        let Some((id, name, text)) = call.into_parts() else { return };
        let index = self.calls;
        self.calls = index.saturating_add(1);
        let open = Delta::ToolCall { index, id, name, custom: false, signature: None };
        sink(Chunk::Delta { choice: CHOICE, delta: open });
        sink(Chunk::Delta { choice: CHOICE, delta: Delta::Arguments { index, text } });
    }
}
