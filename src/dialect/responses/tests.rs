//! What tests of both sides share: the hub in few words, so that fixtures can be read.

use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Chunk;
use crate::dialect::hub::Delta;
use crate::dialect::hub::Media;
use crate::dialect::hub::Part;
use crate::dialect::hub::Role;
use serde_json::Value;

pub fn messages(request: &ChatRequest<'_>) -> String {
    let lines = request.messages.iter().map(|message| {
        let role = match message.role {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        format!("{role}: {}\n", parts(&message.parts))
    });
    lines.collect()
}

pub fn parts(parts: &[Part<'_>]) -> String {
    parts.iter().map(part).collect::<Vec<_>>().join(", ")
}

fn part(part: &Part<'_>) -> String {
    let end = |word: Option<&str>| word.map(|word| format!(" {word}")).unwrap_or_default();
    match part {
        Part::Text(text) => {
            let mark = text.cache.map(|mark| if mark.long { "kept long" } else { "kept" });
            let cited = text.citations.iter().map(|c| format!(" cites {} {}..{}", c.url, c.start, c.end));
            format!("text {:?}{}{}", text.text, end(mark), cited.collect::<String>())
        }
        Part::Refusal(text) => format!("refusal {text:?}"),
        Part::Image(image) => format!("image {}{}", media(&image.media), end(image.detail.as_deref())),
        Part::Document(file) => format!("file {}{}", media(&file.media), end(file.name.as_deref())),
        Part::Audio(audio) => format!("audio {} {}", audio.format, audio.data),
        Part::Thinking(thought) => {
            let seal = thought.signature.as_deref().or(thought.redacted.as_deref());
            format!("thinking {:?}{}", thought.text, end(seal))
        }
        Part::ToolCall(call) => {
            let custom = if call.custom { "custom " } else { "" };
            format!("{custom}call {} {} {}", call.id, call.name, call.arguments)
        }
        Part::ToolResult(result) => format!("result {} [{}]", result.call_id, parts(&result.content)),
    }
}

fn media(media: &Media<'_>) -> String {
    match media {
        Media::Url(url) => format!("url {url}"),
        Media::Inline { kind, data } => format!("inline {kind} {data}"),
        Media::FileId(id) => format!("file {id}"),
        Media::Plain(text) => format!("plain {text:?}"),
    }
}

pub fn chunk(chunk: &Chunk<'_>) -> String {
    match chunk {
        Chunk::Start { id, model } => format!("start {id} {model}"),
        Chunk::Delta { delta, .. } => self::delta(delta),
        Chunk::Finish { finish, .. } => format!("finish {finish:?}"),
        Chunk::Usage(usage) => format!(
            "usage {} ({} cached, {} written) {} ({} reasoning)",
            usage.input, usage.cached, usage.cache_write, usage.output, usage.reasoning
        ),
        Chunk::Error(error) => format!("error {}", String::from_utf8_lossy(error)),
        Chunk::End => "end".to_owned(),
    }
}

fn delta(delta: &Delta<'_>) -> String {
    match delta {
        Delta::Text(text) => format!("text {text:?}"),
        Delta::Refusal(text) => format!("refusal {text:?}"),
        Delta::Thinking(text) => format!("think {text:?}"),
        Delta::ThinkingSignature(seal) => format!("seal {seal}"),
        Delta::ToolCall { index, id, name, custom, .. } => {
            format!("call {index} {id} {name}{}", if *custom { " custom" } else { "" })
        }
        Delta::Arguments { index, text } => format!("args {index} {text:?}"),
        Delta::Citation(c) => format!("cite {} {} {}..{}", c.url, c.title, c.start, c.end),
        Delta::Logprobs(raw) => format!("logprobs {raw}"),
        Delta::Image(image) => format!("image {}", media(&image.media)),
        Delta::TextSignature(_) | Delta::Redacted(_) | Delta::Audio(_) => format!("{delta:?}"),
    }
}

/// JSON that may stand in any order.
pub fn json(text: impl AsRef<[u8]>) -> Value {
    serde_json::from_slice(text.as_ref()).unwrap()
}
