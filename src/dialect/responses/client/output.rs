//! The items of an answer, and the parts they are made of (vendors.md §11.2).

use crate::dialect::hub::Citation;
use crate::dialect::responses::json::List;
use crate::dialect::responses::json::Object;

/// How far an item has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    Begun,
    Completed,
    /// The answer was cut off inside of it.
    Incomplete,
}

impl Progress {
    fn word(self) -> &'static str {
        match self {
            Progress::Begun => "in_progress",
            Progress::Completed => "completed",
            Progress::Incomplete => "incomplete",
        }
    }
}

/// What a call is, without its arguments.
#[derive(Clone, Debug)]
pub struct CallHead<'a> {
    pub id: &'a str,
    pub call_id: &'a str,
    pub name: &'a str,
    pub custom: bool,
}

/// A message; `parts` are separated by commas.
pub fn message(id: &str, progress: Progress, parts: &[u8], out: &mut Vec<u8>) {
    let mut object = Object::of(out, "message");
    object.put("id", id).put("status", progress.word()).put("role", "assistant");
    let content = object.nest("content");
    content.push(b'[');
    content.extend_from_slice(parts);
    content.push(b']');
    object.close();
}

/// Reasoning: its summary, and what has to come back with it.
pub fn reasoning(id: &str, text: &str, encrypted: Option<&str>, out: &mut Vec<u8>) {
    let mut object = Object::of(out, "reasoning");
    object.put("id", id);
    let mut summary = List::open(object.nest("summary"));
    if !text.is_empty() {
        summary_part(text, summary.item());
    }
    summary.close();
    object.put("encrypted_content", &encrypted);
    object.close();
}

pub fn call(call: &CallHead<'_>, progress: Progress, arguments: &str, out: &mut Vec<u8>) {
    let (kind, field) = match call.custom {
        true => ("custom_tool_call", "input"),
        false => ("function_call", "arguments"),
    };
    let mut object = Object::of(out, kind);
    object.put("id", call.id).put("call_id", call.call_id).put("name", call.name);
    object.put(field, arguments).put("status", progress.word());
    object.close();
}

/// A picture that the model made; `data` is base64.
pub fn image(id: &str, data: &str, out: &mut Vec<u8>) {
    let mut object = Object::of(out, "image_generation_call");
    object.put("id", id).put("status", "completed").put("result", data);
    object.close();
}

pub fn summary_part(text: &str, out: &mut Vec<u8>) {
    let mut object = Object::of(out, "summary_text");
    object.put("text", text);
    object.close();
}

/// A text; `annotations` and `logprobs` are separated by commas.
pub fn text_part(text: &str, annotations: &[u8], logprobs: &[u8], out: &mut Vec<u8>) {
    let mut object = Object::of(out, "output_text");
    object.put("text", text);
    for (key, list) in [("annotations", annotations), ("logprobs", logprobs)] {
        let out = object.nest(key);
        out.push(b'[');
        out.extend_from_slice(list);
        out.push(b']');
    }
    object.close();
}

pub fn refusal_part(text: &str, out: &mut Vec<u8>) {
    let mut object = Object::of(out, "refusal");
    object.put("refusal", text);
    object.close();
}

pub fn annotation(citation: &Citation<'_>, out: &mut Vec<u8>) {
    let mut object = Object::of(out, "url_citation");
    object.put("url", citation.url.as_ref()).put("title", citation.title.as_ref());
    object.put("start_index", &citation.start).put("end_index", &citation.end);
    object.close();
}

/// Puts a comma after what is there, if anything is.
pub fn separate(list: &mut Vec<u8>) -> &mut Vec<u8> {
    if !list.is_empty() {
        list.push(b',');
    }
    list
}
