//! One glance at an event or a whole answer: what it means for the relay, without building a tree.

use crate::dialect::operation::Operation;
use crate::dialect::scan::BadJson;
use crate::dialect::scan::Reader;
use crate::dialect::scan::members;
use crate::dialect::usage::Usage;
use std::borrow::Cow;

/// What one event is to the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A comment or a field that is not data: a ping.
    Ping,
    /// `[DONE]`.
    Done,
    /// Carries part of the answer, or its end.
    Content,
    /// A role-only or empty chunk: promises nothing yet.
    Quiet,
    /// No chunk of the answer: Azure's verdict on the prompt, which goes before it (vendors.md §8.2).
    Aside,
    /// The usage chunk: no choices, only counts.
    Usage,
    /// An error object inside a 200.
    Error,
    /// Not JSON.
    Garbage,
}

/// What was seen in one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glance {
    pub kind: Kind,
    /// Which choices ended in this event, a bit for each index; one of 128 or more is not seen.
    pub finished: u128,
    pub usage: Option<Usage>,
}

impl Glance {
    const fn of(kind: Kind) -> Glance {
        Glance { kind, finished: 0, usage: None }
    }
}

/// The members of an event that are looked at; `null` is nothing.
#[derive(Default)]
struct Chunk<'a> {
    choices: Option<Choices>,
    usage: Option<&'a str>,
    error: Option<&'a str>,
    /// Groq puts the usage and the error of a stream here (vendors.md §6.1).
    groq_usage: Option<&'a str>,
    groq_error: Option<&'a str>,
    object: Option<&'a str>,
}

/// Looks at the data of one event; `None` is an event without data.
pub fn glance(data: Option<&[u8]>) -> Glance {
    let Some(data) = data else {
        return Glance::of(Kind::Ping);
    };
    let data = data.trim_ascii();
    if data.is_empty() {
        return Glance::of(Kind::Ping);
    }
    if data.starts_with(b"[DONE]") {
        return Glance::of(Kind::Done);
    }
    let chunk = std::str::from_utf8(data).ok().and_then(Chunk::read);
    chunk.map_or(Glance::of(Kind::Garbage), |chunk| chunk.glance())
}

impl<'a> Chunk<'a> {
    /// `None`: not JSON, or of another form than a chunk's. A member that comes twice is taken so, too: whoever reads
    /// the event next may take the other one.
    fn read(text: &'a str) -> Option<Chunk<'a>> {
        let mut chunk = Chunk::default();
        let (mut json, mut choices_seen, mut groq) = (Reader::new(text), false, None);
        json.object().ok()?;
        while let Some(name) = json.member().ok()? {
            let slot = match &*name {
                "usage" => &mut chunk.usage,
                "error" => &mut chunk.error,
                "object" => &mut chunk.object,
                "x_groq" => &mut groq,
                "choices" if std::mem::replace(&mut choices_seen, true) => return None,
                "choices" => {
                    chunk.choices = Choices::read(&mut json).ok()?;
                    continue;
                }
                _ => {
                    json.skip().ok()?;
                    continue;
                }
            };
            once(slot, json.value().ok()?)?;
        }
        json.end().ok()?;
        if let Some(groq) = said(groq) {
            chunk.read_groq(groq)?;
        }
        Some(chunk)
    }

    fn read_groq(&mut self, text: &'a str) -> Option<()> {
        for member in members(text) {
            let (name, value) = member.ok()?;
            match &*name {
                "usage" => once(&mut self.groq_usage, value)?,
                "error" => once(&mut self.groq_error, value)?,
                _ => {}
            }
        }
        Some(())
    }

    fn glance(&self) -> Glance {
        // Older servers write an error flat, without `error` around it (vendors.md §6).
        let is_flat_error = self.choices.is_none() && self.object == Some("\"error\"");
        if is_flat_error || present(self.error) || present(self.groq_error) {
            return Glance::of(Kind::Error);
        }
        let usage = said(self.usage).or(said(self.groq_usage)).and_then(Usage::from_openai);
        let kind = match &self.choices {
            Some(choices) if choices.content || choices.finished != 0 => Kind::Content,
            Some(choices) if choices.count == 0 && usage.is_some() => Kind::Usage,
            Some(choices) if choices.count == 0 && self.object == Some("\"\"") => Kind::Aside,
            Some(_) => Kind::Quiet,
            // Not a chunk as we know it; a vendor's extra is passed on.
            None if usage.is_some() && said(self.object).is_some() => Kind::Usage,
            None => Kind::Content,
        };
        Glance { kind, finished: self.choices.as_ref().map_or(0, |c| c.finished), usage }
    }
}

/// `None`: there was one before.
fn once<T>(slot: &mut Option<T>, value: T) -> Option<()> {
    slot.replace(value).is_none().then_some(())
}

fn said(value: Option<&str>) -> Option<&str> {
    value.filter(|value| *value != "null")
}

fn present(value: Option<&str>) -> bool {
    value.is_some_and(|value| !matches!(value, "null" | "false" | "\"\""))
}

/// What a whole answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whole {
    Answer(Option<Usage>),
    /// An error object inside a 200.
    Error,
    /// Not JSON, or nothing the operation answers with.
    Malformed,
}

/// Looks at a whole answer with status 200.
pub fn glance_whole(operation: Operation, body: &[u8]) -> Whole {
    // A sign that is no UTF-8 is the client's to judge; within a string it changes nothing here.
    let text = match std::str::from_utf8(body) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(body),
    };
    let Some(answer) = Answer::read(&text) else {
        return Whole::Malformed;
    };
    let answered = match operation {
        Operation::ChatCompletions | Operation::Completions => answer.choices.is_some_and(holds_any),
        Operation::Embeddings | Operation::ImageGenerations | Operation::ImageEdits => {
            said(answer.data).is_some()
        }
        // Their answers have no field in common that says so.
        Operation::Messages
        | Operation::CountTokens
        | Operation::Responses
        | Operation::ResponseTokens
        | Operation::Transcriptions
        | Operation::AudioTranslations
        | Operation::Speech
        | Operation::Moderations
        | Operation::Rerank => true,
    };
    match (answered, present(answer.error)) {
        (_, true) => Whole::Error,
        (true, false) => Whole::Answer(answer.usage.flatten()),
        (false, false) => Whole::Malformed,
    }
}

/// Whether a list holds anything: an answer without a choice is none.
fn holds_any(list: &str) -> bool {
    list.strip_prefix('[').is_some_and(|rest| !rest.trim_start().starts_with(']'))
}

/// The members of a whole answer that are looked at.
#[derive(Default)]
struct Answer<'a> {
    choices: Option<&'a str>,
    data: Option<&'a str>,
    /// What it says, if it can be understood.
    usage: Option<Option<Usage>>,
    error: Option<&'a str>,
}

impl<'a> Answer<'a> {
    fn read(text: &'a str) -> Option<Answer<'a>> {
        let (mut answer, mut json) = (Answer::default(), Reader::new(text));
        json.object().ok()?;
        while let Some(name) = json.member().ok()? {
            let slot = match &*name {
                "choices" => &mut answer.choices,
                "data" => &mut answer.data,
                "error" => &mut answer.error,
                "usage" => {
                    once(&mut answer.usage, Usage::read(&mut json).ok()?)?;
                    continue;
                }
                _ => {
                    json.skip().ok()?;
                    continue;
                }
            };
            once(slot, json.value().ok()?)?;
        }
        json.end().ok()?;
        Some(answer)
    }
}

/// All choices of a chunk, folded into what matters.
#[derive(Clone, Copy, Debug, Default)]
struct Choices {
    count: u32,
    finished: u128,
    content: bool,
}

impl Choices {
    /// `None` is null.
    fn read(json: &mut Reader<'_>) -> Result<Option<Choices>, BadJson> {
        if json.next_sign() == Some(b'n') {
            return json.value().map(|_| None);
        }
        let mut choices = Choices::default();
        json.list()?;
        while json.element()? {
            choices.add(json)?;
        }
        Ok(Some(choices))
    }

    fn add(&mut self, json: &mut Reader<'_>) -> Result<(), BadJson> {
        // A choice without an index is known by its place.
        let (mut index, mut finished) = (self.count, false);
        self.count += 1;
        json.object()?;
        while let Some(name) = json.member()? {
            match &*name {
                "delta" => self.content |= carries(json)?,
                "text" => self.content |= filled(json.value()?),
                "finish_reason" => finished = filled(json.value()?),
                "index" => index = json.value()?.parse().unwrap_or(index),
                _ => json.skip()?,
            }
        }
        self.finished |= u128::from(finished).checked_shl(index).unwrap_or(0);
        Ok(())
    }
}

/// Whether a delta carries anything besides the role.
fn carries(json: &mut Reader<'_>) -> Result<bool, BadJson> {
    if json.next_sign() == Some(b'n') {
        return json.value().map(|_| false);
    }
    let mut carries = false;
    json.object()?;
    while let Some(name) = json.member()? {
        carries |= filled(json.value()?) && name != "role";
    }
    Ok(carries)
}

fn filled(value: &str) -> bool {
    !matches!(value, "null" | "\"\"" | "[]" | "{}")
}

#[cfg(test)]
mod tests;
