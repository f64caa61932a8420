//! Writes a whole answer (vendors.md §11.2).

use crate::dialect::hub::ChatResponse;
use crate::dialect::hub::Choice;
use crate::dialect::hub::Media;
use crate::dialect::hub::Part;
use crate::dialect::hub::Thinking;
use crate::dialect::hub::ToolCall;
use crate::dialect::responses::client::object::Head;
use crate::dialect::responses::client::object::Outcome;
use crate::dialect::responses::client::object::Status;
use crate::dialect::responses::client::output;
use crate::dialect::responses::client::output::CallHead;
use crate::dialect::responses::client::output::Progress;
use crate::dialect::responses::client::output::separate;
use crate::dialect::responses::json;
use crate::dialect::responses::json::Members;
use crate::dialect::responses::seal;
use crate::dialect::side::Opening;
use crate::dialect::text::id_with;
use serde_json::value::RawValue;

/// The body of a whole answer. This dialect knows one choice only.
pub fn write(response: &ChatResponse<'_>, opening: &Opening) -> Vec<u8> {
    let mut head = Head::new(opening);
    head.learn(&response.id, &response.model);
    let choice = response.choices.first();
    let status = Status::of(choice.and_then(|choice| choice.finish));
    let mut items = Items { head: &head, status, logprobs: logprobs(choice), output: Vec::new(), count: 0 };
    choice.into_iter().for_each(|choice| items.all(&choice.parts));
    let output = items.output;
    let service_tier = response.service_tier.as_deref();
    let mut out = Vec::new();
    head.write(status, Outcome { output: &output, usage: response.usage, service_tier }, &mut out);
    out
}

struct Items<'r> {
    head: &'r Head,
    status: Status<'r>,
    /// Of the first text; separated by commas.
    logprobs: &'r [u8],
    output: Vec<u8>,
    count: u32,
}

impl Items<'_> {
    fn all(&mut self, parts: &[Part<'_>]) {
        let is_word = |part: &Part<'_>| matches!(part, Part::Text(_) | Part::Refusal(_));
        let mut runs = parts.chunk_by(|one, next| is_word(one) && is_word(next)).peekable();
        while let Some(run) = runs.next() {
            let progress = match (self.status, runs.peek()) {
                (Status::Incomplete(_), None) => Progress::Incomplete,
                _ => Progress::Completed,
            };
            match run {
                [Part::Thinking(thinking)] => self.reasoning(thinking),
                [Part::ToolCall(call)] => self.call(call, progress),
                [Part::Image(image)] => self.image(&image.media),
                // No model answers with documents or results, and there is no item for sound.
                [Part::Audio(_) | Part::Document(_) | Part::ToolResult(_)] => {}
                words => self.message(words, progress),
            }
        }
    }

    fn id(&mut self, prefix: &str) -> String {
        let id = self.head.item_id(prefix, self.count);
        self.count += 1;
        id
    }

    fn message(&mut self, words: &[Part<'_>], progress: Progress) {
        let mut parts = Vec::new();
        for part in words {
            if let Part::Text(text) = part {
                let mut notes = Vec::new();
                text.citations.iter().for_each(|citation| output::annotation(citation, separate(&mut notes)));
                let logprobs = std::mem::take(&mut self.logprobs);
                output::text_part(&text.text, &notes, logprobs, separate(&mut parts));
            } else if let Part::Refusal(text) = part {
                output::refusal_part(text, separate(&mut parts));
            }
        }
        let id = self.id("msg");
        output::message(&id, progress, &parts, separate(&mut self.output));
    }

    fn reasoning(&mut self, thinking: &Thinking<'_>) {
        let id = self.id("rs");
        let redacted = thinking.redacted.as_deref().map(seal::shown_redacted);
        let encrypted = redacted.or_else(|| thinking.signature.as_deref().map(seal::shown));
        output::reasoning(&id, &thinking.text, encrypted.as_deref(), separate(&mut self.output));
    }

    fn call(&mut self, call: &ToolCall<'_>, progress: Progress) {
        let made = match call.id.is_empty() {
            true => self.head.item_id("call", self.count),
            false => id_with("call_", &call.id),
        };
        let id = self.id(if call.custom { "ctc" } else { "fc" });
        let arguments =
            if call.arguments.is_empty() && !call.custom { "{}" } else { call.arguments.as_ref() };
        let head = CallHead { id: &id, call_id: &made, name: &call.name, custom: call.custom };
        output::call(&head, progress, arguments, separate(&mut self.output));
    }

    /// Only pictures that came with the answer: this dialect has no word for one that lies elsewhere.
    fn image(&mut self, media: &Media<'_>) {
        if let Media::Inline { data, .. } = media {
            let id = self.id("ig");
            output::image(&id, data, separate(&mut self.output));
        }
    }
}

fn logprobs<'r>(choice: Option<&'r Choice<'_>>) -> &'r [u8] {
    choice.and_then(|choice| choice.logprobs.as_deref()).map_or(b"", tokens)
}

/// The tokens of log probabilities in the shape of chat completions (vendors.md §1.3), separated by commas.
pub fn tokens(logprobs: &RawValue) -> &[u8] {
    let content = json::object::<Members<'_>>(logprobs).and_then(|object| object.find("content"));
    let list = content.and_then(|content| content.get().strip_prefix('[')?.strip_suffix(']'));
    list.unwrap_or_default().as_bytes()
}
