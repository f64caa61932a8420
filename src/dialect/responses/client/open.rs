//! An item of a stream while it is being said: the events that open it, add to it and close it (vendors.md §11.3).

use crate::dialect::hub::Citation;
use crate::dialect::responses::client::output;
use crate::dialect::responses::client::output::CallHead;
use crate::dialect::responses::client::output::Progress;
use crate::dialect::responses::client::output::separate;
use crate::dialect::responses::json::Object;

/// Writes events and numbers them.
#[derive(Debug, Default)]
pub struct Events {
    sequence: u64,
}

impl Events {
    /// Appends one event; `fill` adds its fields.
    pub fn write(&mut self, kind: &str, out: &mut Vec<u8>, fill: impl FnOnce(&mut Object<'_>)) {
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(kind.as_bytes());
        out.extend_from_slice(b"\ndata: ");
        let mut object = Object::of(out, kind);
        object.put("sequence_number", &self.sequence);
        self.sequence += 1;
        fill(&mut object);
        object.close();
        out.extend_from_slice(b"\n\n");
    }
}

/// One item.
#[derive(Debug)]
pub struct Open {
    pub index: u32,
    id: String,
    pub what: What,
}

#[derive(Debug)]
pub enum What {
    Reasoning {
        text: String,
        encrypted: Option<String>,
    },
    Message(Message),
    Call {
        /// In the hub's count.
        number: u32,
        call_id: String,
        name: String,
        custom: bool,
        arguments: String,
    },
    /// Base64.
    Image(String),
}

/// A message and the part of it that is being said.
#[derive(Debug, Default)]
pub struct Message {
    /// The parts that are over, separated by commas.
    parts: Vec<u8>,
    count: u32,
    open: Option<Part>,
}

#[derive(Debug)]
struct Part {
    refusal: bool,
    text: String,
    /// Separated by commas.
    annotations: Vec<u8>,
    notes: u32,
    logprobs: Vec<u8>,
}

impl Open {
    /// Opens an item.
    pub fn new(index: u32, id: String, what: What, events: &mut Events, out: &mut Vec<u8>) -> Open {
        let open = Open { index, id, what };
        let mut item = Vec::new();
        open.item(Progress::Begun, &mut item);
        events.write("response.output_item.added", out, |event| {
            event.put("output_index", &open.index).put_raw("item", &item);
        });
        open
    }

    /// Bytes of what was said of it.
    pub fn held(&self) -> usize {
        match &self.what {
            What::Reasoning { text, .. } | What::Image(text) => text.len(),
            What::Call { arguments, .. } => arguments.len(),
            What::Message(Message { parts, open, .. }) => {
                let part = |part: &Part| part.text.len() + part.annotations.len() + part.logprobs.len();
                parts.len() + open.as_ref().map_or(0, part)
            }
        }
    }

    /// Adds to the text of a message, or to its refusal.
    pub fn say(&mut self, refusal: bool, delta: &str, events: &mut Events, out: &mut Vec<u8>) {
        self.open_part(refusal, events, out);
        let kind = if refusal { "response.refusal.delta" } else { "response.output_text.delta" };
        let Open { index, id, what: What::Message(message) } = self else { return };
        events.write(kind, out, |event| {
            place(event, id, *index).put("content_index", &message.count).put("delta", delta);
            if !refusal {
                event.put_raw("logprobs", b"[]");
            }
        });
        message.open.iter_mut().for_each(|part| part.text.push_str(delta));
    }

    /// Adds a note to the text of a message.
    pub fn cite(&mut self, citation: &Citation<'_>, events: &mut Events, out: &mut Vec<u8>) {
        self.open_part(false, events, out);
        let Open { index, id, what: What::Message(message) } = self else { return };
        let Some(part) = &mut message.open else { return };
        let from = separate(&mut part.annotations).len();
        output::annotation(citation, &mut part.annotations);
        events.write("response.output_text.annotation.added", out, |event| {
            place(event, id, *index).put("content_index", &message.count);
            event.put("annotation_index", &part.notes).put_raw("annotation", &part.annotations[from..]);
        });
        part.notes += 1;
    }

    /// Keeps what is known of the tokens of a text, separated by commas.
    pub fn weigh(&mut self, tokens: &[u8]) {
        if let What::Message(Message { open: Some(part), .. }) = &mut self.what
            && !tokens.is_empty()
        {
            separate(&mut part.logprobs).extend_from_slice(tokens);
        }
    }

    /// Adds to the summary of what was thought.
    pub fn think(&mut self, delta: &str, events: &mut Events, out: &mut Vec<u8>) {
        let Open { index, id, what: What::Reasoning { text, .. } } = self else { return };
        if text.is_empty() {
            events.write("response.reasoning_summary_part.added", out, |event| {
                place(event, id, *index).put("summary_index", &0);
                output::summary_part("", event.nest("part"));
            });
        }
        events.write("response.reasoning_summary_text.delta", out, |event| {
            place(event, id, *index).put("summary_index", &0).put("delta", delta);
        });
        text.push_str(delta);
    }

    /// Adds to the arguments of a call.
    pub fn argue(&mut self, delta: &str, events: &mut Events, out: &mut Vec<u8>) {
        let Open { index, id, what: What::Call { custom, arguments, .. } } = self else { return };
        let kind = match custom {
            true => "response.custom_tool_call_input.delta",
            false => "response.function_call_arguments.delta",
        };
        events.write(kind, out, |event| {
            place(event, id, *index).put("delta", delta);
        });
        arguments.push_str(delta);
    }

    /// Closes the item, and appends it to `output`.
    pub fn close(mut self, progress: Progress, events: &mut Events, output: &mut Vec<u8>, out: &mut Vec<u8>) {
        self.close_inside(events, out);
        let from = separate(output).len();
        self.item(progress, output);
        events.write("response.output_item.done", out, |event| {
            event.put("output_index", &self.index).put_raw("item", &output[from..]);
        });
    }

    fn close_inside(&mut self, events: &mut Events, out: &mut Vec<u8>) {
        let Open { index, id, what } = self;
        match what {
            What::Message(message) => message.close_part(id, *index, events, out),
            What::Reasoning { text, .. } if text.is_empty() => {}
            What::Reasoning { text, .. } => {
                events.write("response.reasoning_summary_text.done", out, |event| {
                    place(event, id, *index).put("summary_index", &0).put("text", text);
                });
                events.write("response.reasoning_summary_part.done", out, |event| {
                    place(event, id, *index).put("summary_index", &0);
                    output::summary_part(text, event.nest("part"));
                });
            }
            What::Call { custom: true, arguments, .. } => {
                events.write("response.custom_tool_call_input.done", out, |event| {
                    place(event, id, *index).put("input", arguments);
                });
            }
            What::Call { custom: false, name, arguments, .. } => {
                if arguments.is_empty() {
                    arguments.push_str("{}");
                }
                events.write("response.function_call_arguments.done", out, |event| {
                    place(event, id, *index).put("name", name).put("arguments", arguments);
                });
            }
            What::Image(_) => {}
        }
    }

    fn open_part(&mut self, refusal: bool, events: &mut Events, out: &mut Vec<u8>) {
        let Open { index, id, what: What::Message(message) } = self else { return };
        if message.open.as_ref().is_some_and(|part| part.refusal == refusal) {
            return;
        }
        message.close_part(id, *index, events, out);
        let part =
            Part { refusal, text: String::new(), annotations: Vec::new(), notes: 0, logprobs: Vec::new() };
        events.write("response.content_part.added", out, |event| {
            place(event, id, *index).put("content_index", &message.count);
            part.write(event.nest("part"));
        });
        message.open = Some(part);
    }

    fn item(&self, progress: Progress, out: &mut Vec<u8>) {
        match &self.what {
            What::Reasoning { text, encrypted } => {
                output::reasoning(&self.id, text, encrypted.as_deref(), out)
            }
            What::Message(message) => output::message(&self.id, progress, &message.parts, out),
            What::Call { call_id, name, custom, arguments, .. } => {
                let head = CallHead { id: &self.id, call_id, name, custom: *custom };
                output::call(&head, progress, arguments, out);
            }
            What::Image(data) => output::image(&self.id, data, out),
        }
    }
}

impl Message {
    fn close_part(&mut self, id: &str, index: u32, events: &mut Events, out: &mut Vec<u8>) {
        let Some(part) = self.open.take() else { return };
        let count = self.count;
        let (kind, field) = match part.refusal {
            true => ("response.refusal.done", "refusal"),
            false => ("response.output_text.done", "text"),
        };
        events.write(kind, out, |event| {
            place(event, id, index).put("content_index", &count).put(field, &part.text);
            if !part.refusal {
                let list = event.nest("logprobs");
                list.push(b'[');
                list.extend_from_slice(&part.logprobs);
                list.push(b']');
            }
        });
        let from = separate(&mut self.parts).len();
        part.write(&mut self.parts);
        events.write("response.content_part.done", out, |event| {
            place(event, id, index).put("content_index", &count).put_raw("part", &self.parts[from..]);
        });
        self.count += 1;
    }
}

impl Part {
    fn write(&self, out: &mut Vec<u8>) {
        match self.refusal {
            true => output::refusal_part(&self.text, out),
            false => output::text_part(&self.text, &self.annotations, &self.logprobs, out),
        }
    }
}

fn place<'e, 'o>(event: &'e mut Object<'o>, id: &str, index: u32) -> &'e mut Object<'o> {
    event.put("item_id", id).put("output_index", &index)
}
