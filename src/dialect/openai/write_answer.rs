//! A chat answer as OpenAI's clients read it, whole (vendors.md §1.3).

use crate::dialect::hub::ChatResponse;
use crate::dialect::hub::Choice;
use crate::dialect::hub::Finish;
use crate::dialect::hub::Part;
use crate::dialect::hub::Thinking;
use crate::dialect::openai::write_parts::Annotation;
use crate::dialect::openai::write_parts::Block;
use crate::dialect::openai::write_parts::Call;
use crate::dialect::openai::write_parts::Counts;
use crate::dialect::openai::write_parts::Picture;
use crate::dialect::side::Opening;
use crate::dialect::text::id_with;
use serde::Serialize;
use serde_json::value::RawValue;

#[derive(Serialize)]
struct Answer<'a> {
    id: String,
    object: &'static str,
    created: u64,
    model: &'a str,
    choices: Vec<Said<'a>>,
    usage: Option<Counts>,
    service_tier: Option<&'a str>,
    system_fingerprint: Option<&'a str>,
}

#[derive(Serialize)]
struct Said<'a> {
    index: usize,
    message: Message<'a>,
    logprobs: Option<&'a RawValue>,
    finish_reason: &'static str,
}

#[derive(Default, Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Option<String>,
    refusal: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Call<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    annotations: Vec<Annotation<'a>>,
    /// Both spellings that clients know (vendors.md §0).
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    thinking_blocks: Vec<Block<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<Picture>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audio: Option<Sound<'a>>,
}

#[derive(Serialize)]
struct Sound<'a> {
    id: String,
    data: &'a str,
    expires_at: u64,
    transcript: &'a str,
}

/// The id of an answer in this dialect's form.
pub fn answer_id(id: &str, nonce: &str) -> String {
    id_with("chatcmpl-", if id.is_empty() { nonce } else { id })
}

/// Writes a whole answer.
pub fn write(response: &ChatResponse<'_>, opening: &Opening) -> Vec<u8> {
    let model: &str = if response.model.is_empty() { &opening.model } else { &response.model };
    let answer = Answer {
        id: answer_id(&response.id, &opening.nonce),
        object: "chat.completion",
        created: opening.created,
        model,
        choices: response.choices.iter().enumerate().map(|(index, c)| said(index, c, opening)).collect(),
        usage: response.usage.as_ref().map(Counts::of),
        service_tier: response.service_tier.as_deref(),
        system_fingerprint: response.system_fingerprint.as_deref(),
    };
    // Strings and numbers can always be written.
    serde_json::to_vec(&answer).unwrap_or_default()
}

fn said<'a>(index: usize, choice: &'a Choice<'_>, opening: &Opening) -> Said<'a> {
    let mut message = Message { role: "assistant", ..Message::default() };
    choice.parts.iter().for_each(|part| message.add(part, opening));
    let finish = choice.finish.unwrap_or(Finish::Stop);
    Said { index, message, logprobs: choice.logprobs.as_deref(), finish_reason: finish.word() }
}

impl<'a> Message<'a> {
    fn add(&mut self, part: &'a Part<'_>, opening: &Opening) {
        match part {
            Part::Text(text) => {
                self.content.get_or_insert_default().push_str(&text.text);
                self.annotations.extend(text.citations.iter().map(Annotation::of));
            }
            Part::Refusal(text) => self.refusal.get_or_insert_default().push_str(text),
            Part::Thinking(thinking) => self.think(thinking),
            Part::ToolCall(call) => self.tool_calls.push(Call::whole(call)),
            Part::Image(image) => self.images.extend(Picture::of(image)),
            Part::Audio(audio) => {
                let transcript = audio.transcript.as_deref().unwrap_or_default();
                let (id, expires_at) = (format!("audio_{}", opening.nonce), opening.created);
                self.audio = Some(Sound { id, data: &audio.data, expires_at, transcript });
            }
            // No model answers with these.
            Part::Document(_) | Part::ToolResult(_) => {}
        }
    }

    fn think(&mut self, thinking: &'a Thinking<'_>) {
        if !thinking.text.is_empty() {
            self.reasoning_content.get_or_insert_default().push_str(&thinking.text);
            self.reasoning.clone_from(&self.reasoning_content);
        }
        self.thinking_blocks.extend(Block::of(thinking));
    }
}

#[cfg(test)]
mod tests;
