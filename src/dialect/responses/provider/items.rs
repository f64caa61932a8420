//! Writes what was said so far as the input items of a request to a provider (vendors.md §11.1).

use crate::dialect::hub::Document;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::Image;
use crate::dialect::hub::Media;
use crate::dialect::hub::Message;
use crate::dialect::hub::Part;
use crate::dialect::hub::Role;
use crate::dialect::hub::Thinking;
use crate::dialect::hub::ToolCall;
use crate::dialect::hub::ToolResult;
use crate::dialect::responses::json::List;
use crate::dialect::responses::json::Object;
use crate::dialect::responses::seal;
use crate::dialect::side::Target;
use serde::Serialize;
use std::collections::HashSet;

/// Writes the list of items.
pub fn write(messages: &[Message<'_>], target: &Target<'_>, dropped: &mut Dropped, out: &mut Vec<u8>) {
    let parts = messages.iter().flat_map(|message| &message.parts);
    let custom = parts.filter_map(|part| {
        if let Part::ToolCall(call) = part { call.custom.then_some(call.id.as_ref()) } else { None }
    });
    let mut items = Items { list: List::open(out), target, dropped, custom: custom.collect() };
    messages.iter().for_each(|message| items.message(message));
    items.list.close();
}

struct Items<'w> {
    list: List<'w>,
    target: &'w Target<'w>,
    dropped: &'w mut Dropped,
    /// Ids of the calls of custom tools: their results are items of another type.
    custom: HashSet<&'w str>,
}

/// What kind of item a part belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Belongs {
    Message,
    Reasoning,
    Call,
    Result,
}

fn belongs(part: &Part<'_>) -> Belongs {
    match part {
        Part::Text(_) | Part::Image(_) | Part::Audio(_) | Part::Document(_) | Part::Refusal(_) => {
            Belongs::Message
        }
        Part::Thinking(_) => Belongs::Reasoning,
        Part::ToolCall(_) => Belongs::Call,
        Part::ToolResult(_) => Belongs::Result,
    }
}

impl<'w> Items<'w> {
    fn message(&mut self, message: &Message<'_>) {
        self.dropped.note_if(message.name.is_some(), "messages[].name");
        let runs: Vec<&[Part<'_>]> =
            message.parts.chunk_by(|one, next| belongs(one) == belongs(next)).collect();
        for (at, run) in runs.iter().enumerate() {
            match run.first().map(belongs) {
                Some(Belongs::Message) => self.said(message.role, run),
                // A reasoning item is refused without the item it led to.
                Some(Belongs::Reasoning) if at + 1 == runs.len() => {}
                Some(Belongs::Reasoning | Belongs::Call | Belongs::Result) => {
                    run.iter().for_each(|part| self.item(part));
                }
                None => {}
            }
        }
    }

    fn item(&mut self, part: &Part<'_>) {
        match part {
            Part::Thinking(thinking) => self.reasoning(thinking),
            Part::ToolCall(call) => self.call(call),
            Part::ToolResult(result) => self.result(result),
            Part::Text(_) | Part::Image(_) | Part::Audio(_) | Part::Document(_) | Part::Refusal(_) => {}
        }
    }

    fn said(&mut self, role: Role, parts: &[Part<'_>]) {
        let own = role == Role::Assistant;
        let is_word = |part: &Part<'_>| matches!(part, Part::Text(_) | Part::Refusal(_));
        let is_blank = |part: &Part<'_>| matches!(part, Part::Text(text) if text.text.is_empty());
        // No model can be told that it answered with pictures or sound.
        self.dropped.note_if(own && !parts.iter().all(is_word), "messages[].content");
        let sayable: Vec<&Part<'_>> =
            parts.iter().filter(|part| !own || (is_word(part) && !is_blank(part))).collect();
        if sayable.is_empty() {
            return;
        }
        let mut object = Object::of(self.list.item(), "message");
        object.put(
            "role",
            match role {
                Role::System => "system",
                Role::User => "user",
                Role::Assistant => "assistant",
            },
        );
        let mut content = List::open(object.nest("content"));
        for part in sayable {
            match own {
                true => write_own(part, content.item()),
                false => write_part(part, self.target, content.item()),
            }
        }
        content.close();
        object.close();
    }

    /// Only what a provider of this dialect sealed is worth anything to it.
    fn reasoning(&mut self, thinking: &Thinking<'_>) {
        let Some((id, encrypted)) = thinking.signature.as_deref().and_then(seal::unpack) else { return };
        let mut object = Object::of(self.list.item(), "reasoning");
        object.put("id", id);
        let mut summary = List::open(object.nest("summary"));
        if !thinking.text.is_empty() {
            let mut piece = Object::of(summary.item(), "summary_text");
            piece.put("text", thinking.text.as_ref());
            piece.close();
        }
        summary.close();
        object.put("encrypted_content", encrypted);
        object.close();
    }

    fn call(&mut self, call: &ToolCall<'_>) {
        let (kind, field) = match call.custom {
            true => ("custom_tool_call", "input"),
            false => ("function_call", "arguments"),
        };
        let arguments = match call.arguments.is_empty() && !call.custom {
            true => "{}",
            false => call.arguments.as_ref(),
        };
        let mut object = Object::of(self.list.item(), kind);
        object.put("call_id", call.id.as_ref()).put("name", call.name.as_ref()).put(field, arguments);
        object.close();
    }

    fn result(&mut self, result: &ToolResult<'_>) {
        let kind = match self.custom.contains(result.call_id.as_ref()) {
            true => "custom_tool_call_output",
            false => "function_call_output",
        };
        let mut object = Object::of(self.list.item(), kind);
        object.put("call_id", result.call_id.as_ref());
        match words(&result.content) {
            Some(words) if result.is_error => {
                object.put("output", &format!("Error: {words}"));
            }
            Some(words) => {
                object.put("output", &words);
            }
            None => {
                let mut output = List::open(object.nest("output"));
                result.content.iter().for_each(|part| write_part(part, self.target, output.item()));
                output.close();
            }
        }
        object.close();
    }
}

/// The text of a result that is nothing else.
fn words(content: &[Part<'_>]) -> Option<String> {
    let word = |part: &'_ Part<'_>| matches!(part, Part::Text(_));
    let texts = content.iter().filter_map(|part| if let Part::Text(text) = part { Some(text) } else { None });
    content.iter().all(word).then(|| texts.map(|text| text.text.as_ref()).collect::<Vec<&str>>().join("\n"))
}

/// What the model said itself.
fn write_own(part: &Part<'_>, out: &mut Vec<u8>) {
    match part {
        Part::Refusal(text) => one(out, "refusal", "refusal", text.as_ref()),
        Part::Text(text) => {
            let mut object = Object::of(out, "output_text");
            object.put("text", text.text.as_ref()).put_raw("annotations", b"[]");
            object.close();
        }
        Part::Image(_)
        | Part::Audio(_)
        | Part::Document(_)
        | Part::Thinking(_)
        | Part::ToolCall(_)
        | Part::ToolResult(_) => one(out, "output_text", "text", ""),
    }
}

/// What the model is told or shown.
fn write_part(part: &Part<'_>, target: &Target<'_>, out: &mut Vec<u8>) {
    match part {
        Part::Text(text) => one(out, "input_text", "text", text.text.as_ref()),
        Part::Refusal(text) => one(out, "input_text", "text", text.as_ref()),
        Part::Image(image) => write_image(image, target, out),
        Part::Document(document) => write_document(document, out),
        Part::Audio(audio) => {
            let mut object = Object::of(out, "input_audio");
            let mut sound = Object::open(object.nest("input_audio"));
            sound.put("data", audio.data.as_ref()).put("format", audio.format.as_ref());
            sound.close();
            object.close();
        }
        Part::Thinking(_) | Part::ToolCall(_) | Part::ToolResult(_) => one(out, "input_text", "text", ""),
    }
}

fn write_image(image: &Image<'_>, target: &Target<'_>, out: &mut Vec<u8>) {
    let mut object = Object::of(out, "input_image");
    match &image.media {
        Media::Url(url) => match target.fetched.get(url.as_ref()).filter(|_| !target.traits.image_urls) {
            Some(file) => put_data(&mut object, "image_url", &file.kind, &file.data),
            None => {
                object.put("image_url", url.as_ref());
            }
        },
        Media::Inline { kind, data } => put_data(&mut object, "image_url", kind, data),
        Media::FileId(id) => {
            object.put("file_id", id.as_ref());
        }
        Media::Plain(text) => {
            object.put("image_url", text.as_ref());
        }
    }
    object.put("detail", image.detail.as_deref().unwrap_or("auto"));
    object.close();
}

fn write_document(document: &Document<'_>, out: &mut Vec<u8>) {
    if let Media::Plain(text) = &document.media {
        return one(out, "input_text", "text", text.as_ref());
    }
    let mut object = Object::of(out, "input_file");
    match &document.media {
        Media::Url(url) => {
            object.put("file_url", url.as_ref());
        }
        Media::FileId(id) => {
            object.put("file_id", id.as_ref());
        }
        Media::Inline { kind, data } => {
            let ending = kind.split('/').next_back().unwrap_or("pdf");
            match &document.name {
                Some(name) => object.put("filename", name.as_ref()),
                None => object.put("filename", &format!("document.{ending}")),
            };
            put_data(&mut object, "file_data", kind, data);
        }
        Media::Plain(_) => {}
    }
    object.close();
}

fn put_data(object: &mut Object<'_>, key: &str, kind: &str, data: &str) {
    object.put(key, &DataUrl(kind, data));
}

fn one(out: &mut Vec<u8>, kind: &str, key: &str, value: &str) {
    let mut object = Object::of(out, kind);
    object.put(key, value);
    object.close();
}

/// A file as a URL. Written as it is read, for it may be megabytes.
struct DataUrl<'a>(&'a str, &'a str);

impl Serialize for DataUrl<'_> {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(&format_args!("data:{};base64,{}", self.0, self.1))
    }
}
