//! The messages of a request: instructions, and contents of two roles that take turns.

use crate::dialect::gemini::body::Call;
use crate::dialect::gemini::body::Content;
use crate::dialect::gemini::body::Instruction;
use crate::dialect::gemini::body::Object;
use crate::dialect::gemini::body::Outcome;
use crate::dialect::gemini::body::Part;
use crate::dialect::gemini::body::Role;
use crate::dialect::gemini::media;
use crate::dialect::gemini::tools::CUSTOM_INPUT;
use crate::dialect::hub;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::Message;
use crate::dialect::hub::ToolCall;
use crate::dialect::hub::ToolResult;
use crate::dialect::side::Target;
use crate::dialect::side::Unsayable;
use std::borrow::Cow;
use std::collections::HashMap;

/// Stands in for a seal that was lost: base64 of `skip_thought_signature_validator` (vendors.md §5.5).
pub(super) const LOST_SEAL: &str = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=";

/// What is said, and what was said before.
pub(super) struct Talk<'a> {
    pub(super) system_instruction: Option<Instruction<'a>>,
    pub(super) contents: Vec<Content<'a>>,
}

/// The messages of `request`. Messages of one role that follow each other become one content, but for results of
/// functions, which have one to themselves: it must directly follow the calls.
pub(super) fn write<'a>(
    request: &'a ChatRequest<'_>,
    target: &Target<'a>,
    dropped: &mut Dropped,
) -> Result<Talk<'a>, Unsayable> {
    let mut scribe = Scribe::of(target);
    for message in &request.messages {
        dropped.note_if(message.name.is_some(), "name");
        scribe.take(message, dropped)?;
    }
    Ok(scribe.finish())
}

struct Scribe<'t, 'a> {
    target: &'t Target<'a>,
    instructions: Vec<Part<'a>>,
    contents: Vec<Content<'a>>,
    /// The last call of each id: where it stands among all calls, and its name.
    calls: HashMap<&'a str, (usize, &'a str)>,
    call_count: usize,
    /// Since the model spoke last.
    results: Vec<Answered<'a>>,
    /// What else the user brought since then.
    user: Vec<Part<'a>>,
}

/// The result of a call.
struct Answered<'a> {
    /// Where the call stands among all calls.
    place: usize,
    part: Part<'a>,
    /// Pictures that have no place in it.
    beside: Vec<Part<'a>>,
}

impl<'t, 'a> Scribe<'t, 'a> {
    fn of(target: &'t Target<'a>) -> Scribe<'t, 'a> {
        Scribe {
            target,
            instructions: Vec::new(),
            contents: Vec::new(),
            calls: HashMap::new(),
            call_count: 0,
            results: Vec::new(),
            user: Vec::new(),
        }
    }

    fn take(&mut self, message: &'a Message<'_>, dropped: &mut Dropped) -> Result<(), Unsayable> {
        if message.role == hub::Role::Assistant {
            self.end_users_turn();
        }
        for part in &message.parts {
            match message.role {
                hub::Role::System => self.instructions.extend(media::part(part, self.target, dropped)?),
                hub::Role::User => self.hear(part, dropped)?,
                hub::Role::Assistant => self.recall(part, dropped)?,
            }
        }
        Ok(())
    }

    fn hear(&mut self, part: &'a hub::Part<'_>, dropped: &mut Dropped) -> Result<(), Unsayable> {
        match part {
            hub::Part::ToolResult(result) => self.result(result, dropped),
            hub::Part::Text(_)
            | hub::Part::Image(_)
            | hub::Part::Audio(_)
            | hub::Part::Document(_)
            | hub::Part::Thinking(_)
            | hub::Part::ToolCall(_)
            | hub::Part::Refusal(_) => {
                self.user.extend(media::part(part, self.target, dropped)?);
                Ok(())
            }
        }
    }

    /// What the model said in an earlier turn.
    fn recall(&mut self, part: &'a hub::Part<'_>, dropped: &mut Dropped) -> Result<(), Unsayable> {
        let written = match part {
            hub::Part::ToolCall(call) => Some(self.call(call)),
            hub::Part::Text(_)
            | hub::Part::Image(_)
            | hub::Part::Audio(_)
            | hub::Part::Document(_)
            | hub::Part::Thinking(_)
            | hub::Part::ToolResult(_)
            | hub::Part::Refusal(_) => media::part(part, self.target, dropped)?,
        };
        let Some(written) = written else { return Ok(()) };
        match self.contents.last_mut().filter(|last| last.role == Role::Model) {
            Some(last) => last.parts.push(written),
            None => self.contents.push(Content { role: Role::Model, parts: vec![written] }),
        }
        Ok(())
    }

    fn call(&mut self, call: &'a ToolCall<'_>) -> Part<'a> {
        self.calls.insert(&call.id, (self.call_count, &call.name));
        self.call_count += 1;
        let args = match (call.custom, call.arguments.as_ref()) {
            (true, text) => Object::Under(CUSTOM_INPUT, Cow::Borrowed(text)),
            (false, "") => Object::Empty,
            (false, json) => Object::of(json, CUSTOM_INPUT),
        };
        Part {
            function_call: Some(Call { id: self.id(&call.id), name: &call.name, args }),
            thought_signature: call.signature.as_deref(),
            ..Part::default()
        }
    }

    fn result(&mut self, result: &'a ToolResult<'_>, dropped: &mut Dropped) -> Result<(), Unsayable> {
        let known = self.calls.get(result.call_id.as_ref()).copied();
        let (place, name) = known.ok_or_else(|| stray(&result.call_id))?;
        let mut media = Vec::new();
        for part in result.content.iter().filter(|part| words(part).is_none()) {
            media.extend(media::part(part, self.target, dropped)?);
        }
        let inside = self.target.traits.media_in_results;
        let (parts, beside) = if inside { (media, Vec::new()) } else { (Vec::new(), media) };
        let outcome = Outcome { id: self.id(&result.call_id), name, response: response(result), parts };
        let part = Part { function_response: Some(outcome), ..Part::default() };
        self.results.push(Answered { place, part, beside });
        Ok(())
    }

    fn id(&self, id: &'a str) -> Option<&'a str> {
        Some(id).filter(|id| self.target.traits.call_ids && !id.is_empty())
    }

    fn end_users_turn(&mut self) {
        self.results.sort_by_key(|answered| answered.place);
        let (mut results, mut beside) = (Vec::new(), Vec::new());
        for answered in self.results.drain(..) {
            results.push(answered.part);
            beside.extend(answered.beside);
        }
        results.extend(beside);
        for parts in [results, std::mem::take(&mut self.user)] {
            if !parts.is_empty() {
                self.contents.push(Content { role: Role::User, parts });
            }
        }
    }

    fn finish(mut self) -> Talk<'a> {
        self.end_users_turn();
        if self.contents.first().is_none_or(|first| first.role == Role::Model) {
            // Nobody may be instructed without being asked something.
            let parts = vec![Part::text(" ")];
            self.contents.insert(0, Content { role: Role::User, parts });
        }
        if self.target.traits.thought_signatures {
            self.contents.iter_mut().for_each(mend_seal);
        }
        let parts = self.instructions;
        let system_instruction = (!parts.is_empty()).then_some(Instruction { parts });
        Talk { system_instruction, contents: self.contents }
    }
}

/// The first call of a turn has to be sealed; the others need not.
fn mend_seal(content: &mut Content<'_>) {
    if let Some(first) = content.parts.iter_mut().find(|part| part.function_call.is_some()) {
        first.thought_signature.get_or_insert(LOST_SEAL);
    }
}

fn response<'a>(result: &'a ToolResult<'_>) -> Object<'a> {
    let mut texts = result.content.iter().filter_map(words);
    let first = texts.next().unwrap_or_default();
    let rest: Vec<&str> = texts.collect();
    match (result.is_error, rest.is_empty()) {
        (false, true) => Object::of(first, "output"),
        (true, true) => Object::Under("error", Cow::Borrowed(first)),
        (is_error, false) => {
            let all = [&[first], rest.as_slice()].concat().join("\n");
            Object::Under(if is_error { "error" } else { "output" }, Cow::Owned(all))
        }
    }
}

/// What a part of a result says, if it is text.
fn words<'a>(part: &'a hub::Part<'_>) -> Option<&'a str> {
    match part {
        hub::Part::Text(text) => Some(&text.text),
        hub::Part::Document(hub::Document { media: hub::Media::Plain(text), .. }) => Some(text),
        hub::Part::Image(_)
        | hub::Part::Audio(_)
        | hub::Part::Document(_)
        | hub::Part::Thinking(_)
        | hub::Part::ToolCall(_)
        | hub::Part::ToolResult(_)
        | hub::Part::Refusal(_) => None,
    }
}

fn stray(id: &str) -> Unsayable {
    let message = format!("no call before it has the id `{id}` of a tool's result; send the call as well");
    Unsayable { message, param: "messages" }
}
