//! The messages of a request, and the documents that come with them (vendors.md §8.1).

use crate::dialect::cohere::turn::Block;
use crate::dialect::cohere::turn::Call;
use crate::dialect::cohere::turn::Content;
use crate::dialect::cohere::turn::ImageUrl;
use crate::dialect::cohere::turn::Source;
use crate::dialect::cohere::turn::Talk;
use crate::dialect::cohere::turn::Text;
use crate::dialect::cohere::turn::Turn;
use crate::dialect::hub::Document;
use crate::dialect::hub::Image;
use crate::dialect::hub::Media;
use crate::dialect::hub::Message;
use crate::dialect::hub::Part;
use crate::dialect::hub::Role;
use crate::dialect::hub::ToolResult;
use crate::dialect::side::Target;
use crate::dialect::side::Unsayable;
use crate::dialect::text::append_line;
use std::borrow::Cow;

/// How closely a picture may be looked at.
const DETAILS: [&str; 3] = ["auto", "low", "high"];

/// The messages in order.
///
/// # Errors
/// [`Unsayable`] for sounds, and for files and pictures that Cohere cannot read.
pub fn talk<'a>(messages: &'a [Message<'_>], target: &'a Target<'_>) -> Result<Talk<'a>, Unsayable> {
    let mut scribe = Scribe { target, talk: Talk::default() };
    for message in messages {
        match message.role {
            Role::System => scribe.system(message),
            Role::User => scribe.user(message)?,
            Role::Assistant => scribe.assistant(message),
        }
    }
    Ok(scribe.talk)
}

struct Scribe<'a> {
    target: &'a Target<'a>,
    talk: Talk<'a>,
}

impl<'a> Scribe<'a> {
    fn system(&mut self, message: &'a Message<'_>) {
        let content = Some(Content::Words(words(&message.parts)));
        self.talk.messages.push(Turn { role: "system", content, ..Turn::default() });
    }

    fn user(&mut self, message: &'a Message<'_>) -> Result<(), Unsayable> {
        let (mut blocks, mut said) = (Vec::new(), message.parts.is_empty());
        for part in &message.parts {
            if let Part::ToolResult(result) = part {
                self.result(result, &mut blocks)?;
            } else {
                said = true;
                blocks.extend(self.block(part)?);
            }
        }
        // A message that held nothing but results has been said by now.
        if said || !blocks.is_empty() {
            let pictures = blocks.iter().any(|block| matches!(block, Block::ImageUrl { .. }));
            let content =
                if pictures { Content::Blocks(blocks) } else { Content::Words(words(&message.parts)) };
            self.talk.messages.push(Turn { role: "user", content: Some(content), ..Turn::default() });
        }
        Ok(())
    }

    /// Pictures have no place in a result; they follow it in the person's message.
    fn result(&mut self, result: &'a ToolResult<'_>, pictures: &mut Vec<Block<'a>>) -> Result<(), Unsayable> {
        let mut text = words(&result.content);
        for part in &result.content {
            if let Part::Document(document) = part {
                append_line(&mut text, document_text(document)?);
            } else {
                let block = self.block(part)?;
                pictures.extend(block.filter(|block| matches!(block, Block::ImageUrl { .. })));
            }
        }
        if result.is_error {
            text = Cow::Owned(format!("Error: {text}"));
        }
        let (content, tool_call_id) = (Some(Content::Words(text)), Some(&*result.call_id));
        self.talk.messages.push(Turn { role: "tool", content, tool_call_id, ..Turn::default() });
        Ok(())
    }

    fn block(&mut self, part: &'a Part<'_>) -> Result<Option<Block<'a>>, Unsayable> {
        match part {
            Part::Text(text) => Ok(Some(Block::Text { text: Cow::Borrowed(&text.text) })),
            Part::Refusal(text) => Ok(Some(Block::Text { text: Cow::Borrowed(text) })),
            Part::Image(image) => self.picture(image).map(Some),
            Part::Document(document) => {
                let data = Text { title: document.name.as_deref(), text: document_text(document)? };
                self.talk.documents.push(Source::Document { data });
                Ok(None)
            }
            Part::Audio(_) => Err(unsayable("sounds")),
            // A person does not say these.
            Part::Thinking(_) | Part::ToolCall(_) | Part::ToolResult(_) => Ok(None),
        }
    }

    fn picture(&self, image: &'a Image<'_>) -> Result<Block<'a>, Unsayable> {
        let url = match &image.media {
            Media::Inline { kind, data } => Cow::Owned(format!("data:{kind};base64,{data}")),
            Media::Url(url) => match self.target.fetched.get(&**url) {
                Some(file) => Cow::Owned(format!("data:{};base64,{}", file.kind, file.data)),
                None => Cow::Borrowed(&**url),
            },
            Media::FileId(_) => return Err(unsayable("pictures that are given by a file's id")),
            Media::Plain(_) => return Err(unsayable("pictures made of text")),
        };
        let detail = image.detail.as_deref().filter(|detail| DETAILS.contains(detail));
        Ok(Block::ImageUrl { image_url: ImageUrl { url, detail } })
    }

    /// What was said before a call is its plan. Thoughts are for models that think.
    fn assistant(&mut self, message: &'a Message<'_>) {
        let thinks = !self.target.traits.efforts.is_empty();
        let mut blocks: Vec<_> = message.parts.iter().filter_map(thought).filter(|_| thinks).collect();
        let mut turn = Turn { role: "assistant", ..Turn::default() };
        turn.tool_calls.extend(message.parts.iter().filter_map(Call::of));
        let text = words(&message.parts);
        if !turn.tool_calls.is_empty() {
            turn.tool_plan = text;
        } else if blocks.is_empty() && !text.is_empty() {
            turn.content = Some(Content::Words(text));
        } else if !text.is_empty() {
            blocks.push(Block::Text { text });
        }
        if !blocks.is_empty() {
            turn.content = Some(Content::Blocks(blocks));
        }
        // Cohere refuses messages that say nothing.
        if turn.content.is_some() || !turn.tool_calls.is_empty() {
            self.talk.messages.push(turn);
        }
    }
}

fn thought<'a>(part: &'a Part<'_>) -> Option<Block<'a>> {
    match part {
        Part::Thinking(thinking) if !thinking.text.is_empty() => {
            Some(Block::Thinking { thinking: &thinking.text })
        }
        Part::Thinking(_)
        | Part::Text(_)
        | Part::Image(_)
        | Part::Audio(_)
        | Part::Document(_)
        | Part::ToolCall(_)
        | Part::ToolResult(_)
        | Part::Refusal(_) => None,
    }
}

/// All that is said in words.
fn words<'a>(parts: &'a [Part<'_>]) -> Cow<'a, str> {
    let mut all = Cow::Borrowed("");
    for part in parts {
        match part {
            Part::Text(text) => append_line(&mut all, Cow::Borrowed(&text.text)),
            Part::Refusal(text) => append_line(&mut all, Cow::Borrowed(text)),
            Part::Image(_)
            | Part::Audio(_)
            | Part::Document(_)
            | Part::Thinking(_)
            | Part::ToolCall(_)
            | Part::ToolResult(_) => {}
        }
    }
    all
}

fn document_text<'a>(document: &'a Document<'_>) -> Result<Cow<'a, str>, Unsayable> {
    document.words().ok_or_else(|| unsayable("files that are no text"))
}

fn unsayable(what: &str) -> Unsayable {
    let message = format!("this model's provider takes no {what}; send text and pictures");
    Unsayable { message, param: "messages" }
}
