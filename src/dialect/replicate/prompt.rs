//! The messages of a chat as one prompt, or as a list for the models that take one.

use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::Media;
use crate::dialect::hub::Part;
use crate::dialect::hub::Role;
use crate::dialect::side::Unsayable;
use serde::Serialize;
use std::borrow::Cow;

/// What was said so far.
#[derive(Default)]
pub struct Prompt<'a> {
    /// What the system says before anyone else.
    pub system: Vec<String>,
    turns: Vec<Turn>,
    /// URLs, `data:` ones among them.
    pub images: Vec<Cow<'a, str>>,
}

/// One message, in OpenAI's shape.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub struct Turn {
    role: &'static str,
    content: String,
}

const SYSTEM: &str = "system";
const USER: &str = "user";
const ASSISTANT: &str = "assistant";

impl<'a> Prompt<'a> {
    /// # Errors
    /// [`Unsayable`] for sound, documents, and what tools said.
    pub fn of(request: &'a ChatRequest<'a>, dropped: &mut Dropped) -> Result<Prompt<'a>, Unsayable> {
        let mut prompt = Prompt::default();
        for message in &request.messages {
            dropped.note_if(message.name.is_some(), "name");
            let mut words: Vec<&str> = Vec::new();
            for part in &message.parts {
                prompt.take(part, &mut words)?;
            }
            let content = words.join("\n");
            if content.is_empty() {
                continue;
            }
            match message.role {
                Role::System if prompt.turns.is_empty() => prompt.system.push(content),
                Role::System => prompt.turns.push(Turn { role: SYSTEM, content }),
                Role::User => prompt.turns.push(Turn { role: USER, content }),
                Role::Assistant => prompt.turns.push(Turn { role: ASSISTANT, content }),
            }
        }
        Ok(prompt)
    }

    fn take(&mut self, part: &'a Part<'a>, words: &mut Vec<&'a str>) -> Result<(), Unsayable> {
        let refused = match part {
            Part::Text(text) => {
                words.push(&text.text);
                return Ok(());
            }
            Part::Refusal(text) => {
                words.push(text);
                return Ok(());
            }
            Part::Image(image) => {
                self.images.push(url(&image.media)?);
                return Ok(());
            }
            // Nobody takes thoughts back, and nobody needs them.
            Part::Thinking(_) => return Ok(()),
            Part::Audio(_) => "sound",
            Part::Document(_) => "documents",
            Part::ToolCall(_) | Part::ToolResult(_) => "calls of tools or their results",
        };
        Err(unsayable(&format!("this provider's models take no {refused}; name another model")))
    }

    /// What the system says before anyone else, in one piece.
    pub fn take_system(&mut self) -> Option<String> {
        let system = std::mem::take(&mut self.system).join("\n\n");
        (!system.is_empty()).then_some(system)
    }

    /// Every message, the system's in front.
    pub fn turns_with_system(mut self) -> Vec<Turn> {
        let system = self.take_system().map(|content| Turn { role: SYSTEM, content });
        system.into_iter().chain(self.turns).collect()
    }

    /// Everything in one text, which ends where the model is to go on. A single question stands as it is.
    pub fn flat(mut self) -> String {
        let system = self.take_system();
        let is_question = matches!(self.turns.as_slice(), [Turn { role: USER, .. }]);
        let goes_on = self.turns.last().is_some_and(|turn| turn.role == ASSISTANT);
        let mut lines: Vec<String> = system.into_iter().map(|system| system + "\n").collect();
        for turn in self.turns {
            lines.push(match turn.role {
                _ if is_question => turn.content,
                SYSTEM => format!("System: {}", turn.content),
                ASSISTANT => format!("Assistant: {}", turn.content),
                _ => format!("User: {}", turn.content),
            });
        }
        if !is_question && !goes_on {
            lines.push("Assistant:".to_owned());
        }
        lines.join("\n")
    }
}

fn url<'a>(media: &'a Media<'a>) -> Result<Cow<'a, str>, Unsayable> {
    match media {
        Media::Url(url) => Ok(Cow::Borrowed(url)),
        Media::Inline { kind, data } => Ok(Cow::Owned(format!("data:{kind};base64,{data}"))),
        Media::FileId(_) | Media::Plain(_) => {
            Err(unsayable("this provider keeps no files; send the image as a URL or a `data:` URL"))
        }
    }
}

fn unsayable(message: &str) -> Unsayable {
    Unsayable { message: message.to_owned(), param: "messages" }
}
