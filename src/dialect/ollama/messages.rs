//! The messages of a request: text in one piece, pictures beside it, results of tools as messages of their own.

use crate::dialect::hub::Image;
use crate::dialect::hub::Media;
use crate::dialect::hub::Message;
use crate::dialect::hub::Part;
use crate::dialect::hub::Role;
use crate::dialect::hub::ToolResult;
use crate::dialect::ollama::tools::Call;
use crate::dialect::side::Fetched;
use crate::dialect::side::Unsayable;
use crate::dialect::text::append_line;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::HashMap;

/// One message.
#[derive(Default, Serialize)]
pub struct Turn<'a> {
    role: &'static str,
    content: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    thinking: Cow<'a, str>,
    /// Bare base64.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Call<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_name: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    tool_call_id: &'a str,
}

/// The messages in order.
///
/// # Errors
/// [`Unsayable`] for pictures that were not fetched, and for files and sounds.
pub fn turns<'a>(messages: &'a [Message<'_>], fetched: &'a Fetched) -> Result<Vec<Turn<'a>>, Unsayable> {
    let mut scribe = Scribe { fetched, called: HashMap::new(), turns: Vec::with_capacity(messages.len()) };
    for message in messages {
        scribe.take(message)?;
    }
    Ok(scribe.turns)
}

struct Scribe<'a> {
    fetched: &'a Fetched,
    /// Names of the tools that were called, by the ids of the calls.
    called: HashMap<&'a str, &'a str>,
    turns: Vec<Turn<'a>>,
}

impl<'a> Scribe<'a> {
    fn take(&mut self, message: &'a Message<'_>) -> Result<(), Unsayable> {
        let role = match message.role {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        let (mut turn, mut said) = (Turn { role, ..Turn::default() }, message.parts.is_empty());
        for part in &message.parts {
            if let Part::ToolResult(result) = part {
                self.result(result)?;
            } else {
                said = true;
                self.add(&mut turn, part)?;
            }
        }
        // A message that held nothing but results has been said by now.
        self.turns.extend(said.then_some(turn));
        Ok(())
    }

    fn add(&mut self, turn: &mut Turn<'a>, part: &'a Part<'_>) -> Result<(), Unsayable> {
        match part {
            Part::Text(text) => append_line(&mut turn.content, Cow::Borrowed(&text.text)),
            Part::Refusal(text) => append_line(&mut turn.content, Cow::Borrowed(text)),
            Part::Thinking(thinking) => append_line(&mut turn.thinking, Cow::Borrowed(&thinking.text)),
            Part::Image(image) => turn.images.push(self.base64(image)?),
            Part::ToolCall(call) => {
                self.called.insert(&call.id, &call.name);
                turn.tool_calls.push(Call::of(call));
            }
            Part::Document(document) => {
                let words = document.words().ok_or_else(|| unsayable("files that are no text"))?;
                append_line(&mut turn.content, words);
            }
            Part::Audio(_) => return Err(unsayable("sounds")),
            // Results stand beside what is said, never inside of it.
            Part::ToolResult(_) => {}
        }
        Ok(())
    }

    fn result(&mut self, result: &'a ToolResult<'_>) -> Result<(), Unsayable> {
        let tool_name = self.called.get(&*result.call_id).copied();
        let mut turn = Turn { role: "tool", tool_name, tool_call_id: &result.call_id, ..Turn::default() };
        for part in &result.content {
            self.add(&mut turn, part)?;
        }
        if result.is_error {
            turn.content = Cow::Owned(format!("Error: {}", turn.content));
        }
        self.turns.push(turn);
        Ok(())
    }

    /// Ollama fetches nothing itself.
    fn base64(&self, image: &'a Image<'_>) -> Result<&'a str, Unsayable> {
        match &image.media {
            Media::Inline { data, .. } => Ok(data),
            Media::Url(url) => match self.fetched.get(&**url) {
                Some(file) => Ok(&file.data),
                None => Err(unsayable("pictures that are given by their URL")),
            },
            Media::FileId(_) => Err(unsayable("pictures that are given by a file's id")),
            Media::Plain(_) => Err(unsayable("pictures made of text")),
        }
    }
}

fn unsayable(what: &str) -> Unsayable {
    let message = format!("this model's provider takes no {what}; send text and base64 pictures");
    Unsayable { message, param: "messages" }
}
