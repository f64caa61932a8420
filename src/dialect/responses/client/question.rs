//! Reads a client's request (vendors.md §11.1).

use crate::dialect::bad_request::BadRequest;
use crate::dialect::bad_request::missing;
use crate::dialect::bad_request::not_json;
use crate::dialect::bad_request::wrong;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Effort;
use crate::dialect::hub::Format;
use crate::dialect::hub::Message;
use crate::dialect::hub::Part;
use crate::dialect::hub::Reasoning;
use crate::dialect::hub::Role;
use crate::dialect::hub::Sampling;
use crate::dialect::responses::client::items;
use crate::dialect::responses::client::tools;
use crate::dialect::responses::json;
use crate::dialect::responses::json::Members;
use crate::dialect::responses::json::Text;
use crate::dialect::responses::thread;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What is read here, or done by the gateway itself; everything else is an extra.
const KNOWN: &[&str] = &[
    "background",
    "include",
    "input",
    "instructions",
    "max_output_tokens",
    "model",
    "parallel_tool_calls",
    "previous_response_id",
    "prompt_cache_key",
    "reasoning",
    "safety_identifier",
    "service_tier",
    "store",
    "stream",
    "stream_options",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "user",
];

/// Extras that say nothing.
const DEFAULTS: &[(&str, &str)] = &[("truncation", "\"disabled\""), ("metadata", "{}")];

const LOGPROBS: &str = "message.output_text.logprobs";
const ENCRYPTED: &str = "reasoning.encrypted_content";

/// Reads a request. One that goes on from a stored answer has to be made whole before.
pub fn read(body: &[u8]) -> Result<ChatRequest<'_>, BadRequest> {
    let members: Members<'_> = serde_json::from_slice(body).map_err(|error| not_json(error.to_string()))?;
    if let Some(name) = members.repeated() {
        return Err(BadRequest {
            message: format!("`{name}` is given twice; give it once"),
            param: KNOWN.iter().find(|known| **known == name).copied(),
            code: Some("duplicate_parameter"),
        });
    }
    let body = Body(members);
    if let Some(id) = body.text("previous_response_id")? {
        return Err(thread::unknown(&id));
    }
    let talk = body.talk()?;
    let toolbox = tools::read(body.0.find("tools"))?;
    let (include, sampling) = body.sampling()?;
    let mut extras = body.extras(include);
    extras.extend(talk.extras);
    extras.extend(toolbox.hosted);
    let text = body.object::<TextOptions<'_>>("text")?.unwrap_or_default();
    Ok(ChatRequest {
        model: body.text("model")?.filter(|model| !model.is_empty()).ok_or_else(|| missing("model"))?,
        messages: talk.messages,
        tools: toolbox.tools,
        tool_choice: body.0.find("tool_choice").map(tools::choice).transpose()?.flatten(),
        parallel_tool_calls: body.plain("parallel_tool_calls", "true or false")?,
        max_output: body.plain("max_output_tokens", "a whole number that is not negative")?,
        sampling,
        stop: Vec::new(),
        format: text.format.map(format).transpose()?,
        reasoning: body.reasoning()?,
        stream: body.plain("stream", "true or false")?.unwrap_or(false),
        service_tier: body.text("service_tier")?,
        user: body.text("user")?.or(body.text("safety_identifier")?),
        verbosity: text.verbosity.map(|word| word.0),
        prompt_cache_key: body.text("prompt_cache_key")?,
        web_search: toolbox.web_search,
        extras,
    })
}

struct Body<'a>(Members<'a>);

#[derive(Default, Deserialize)]
struct TextOptions<'a> {
    #[serde(borrow)]
    format: Option<&'a RawValue>,
    #[serde(borrow)]
    verbosity: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct ReasoningOptions<'a> {
    #[serde(borrow)]
    effort: Option<Text<'a>>,
    #[serde(borrow)]
    summary: Option<Text<'a>>,
    /// The older word for `summary`.
    #[serde(borrow)]
    generate_summary: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct FormatOptions<'a> {
    #[serde(rename = "type", borrow)]
    kind: Text<'a>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    description: Option<Text<'a>>,
    #[serde(borrow)]
    schema: Option<&'a RawValue>,
    strict: Option<bool>,
}

impl<'a> Body<'a> {
    /// The words of the conversation; they may lie in a stored answer or a stored prompt instead.
    fn talk(&self) -> Result<items::Talk<'a>, BadRequest> {
        let mut talk = items::Talk::default();
        if let Some(text) = self.text("instructions")? {
            talk.messages.push(Message { role: Role::System, parts: vec![Part::text(text)], name: None });
        }
        match self.0.find("input") {
            Some(input) => talk.read(input)?,
            None if self.0.find("prompt").is_some() => {}
            None => return Err(missing("input")),
        }
        Ok(talk)
    }

    /// What is to be included, unless it is only what is given anyway.
    fn sampling(&self) -> Result<(Option<&'a RawValue>, Sampling<'a>), BadRequest> {
        let raw = self.0.find("include");
        let include: Vec<Text<'_>> = read_as(raw, "include", "an array of strings")?.unwrap_or_default();
        let logprobs = include.iter().any(|name| &**name == LOGPROBS);
        let top_logprobs = self.plain("top_logprobs", "a whole number that is not negative")?;
        let sampling = Sampling {
            temperature: self.plain("temperature", "a number")?,
            top_p: self.plain("top_p", "a number")?,
            logprobs: logprobs.then_some(true),
            top_logprobs: top_logprobs.filter(|_| logprobs),
            ..Sampling::default()
        };
        let more = include.iter().any(|name| ![LOGPROBS, ENCRYPTED].contains(&&**name));
        Ok((raw.filter(|_| more), sampling))
    }

    fn reasoning(&self) -> Result<Option<Reasoning<'a>>, BadRequest> {
        let Some(options) = self.object::<ReasoningOptions<'a>>("reasoning")? else { return Ok(None) };
        let effort = match options.effort {
            Some(word) => Some(Effort::of_word(&word).ok_or_else(|| unknown_effort(&word))?),
            None => None,
        };
        let summary = options.summary.or(options.generate_summary).map(|word| word.0);
        let show = summary.is_some().then_some(true);
        Ok(Some(Reasoning { effort, budget: None, show, summary }))
    }

    fn extras(&self, include: Option<&'a RawValue>) -> Vec<(Cow<'a, str>, &'a RawValue)> {
        let says_something = |(name, raw): &&(Cow<'a, str>, &'a RawValue)| {
            !KNOWN.contains(&name.as_ref())
                && raw.get() != "null"
                && !DEFAULTS.contains(&(name.as_ref(), raw.get()))
        };
        let mut extras: Vec<_> = self.0.0.iter().filter(says_something).cloned().collect();
        extras.extend(include.map(|raw| (Cow::Borrowed("include"), raw)));
        extras
    }

    fn text(&self, name: &'static str) -> Result<Option<Cow<'a, str>>, BadRequest> {
        self.0.find(name).map(|raw| json::text(raw).ok_or_else(|| wrong(name, "a string"))).transpose()
    }

    fn plain<T: DeserializeOwned>(&self, name: &'static str, kind: &str) -> Result<Option<T>, BadRequest> {
        self.0.find(name).map(|raw| json::plain(raw).ok_or_else(|| wrong(name, kind))).transpose()
    }

    fn object<T: Deserialize<'a>>(&self, name: &'static str) -> Result<Option<T>, BadRequest> {
        let found = self.0.find(name);
        found.map(|raw| json::object(raw).ok_or_else(|| wrong(name, "an object of known fields"))).transpose()
    }
}

fn read_as<'a, T: Deserialize<'a>>(
    raw: Option<&'a RawValue>,
    name: &'static str,
    kind: &str,
) -> Result<Option<T>, BadRequest> {
    raw.map(|raw| serde_json::from_str(raw.get()).map_err(|_| wrong(name, kind))).transpose()
}

fn format(raw: &RawValue) -> Result<Format<'_>, BadRequest> {
    const FIELD: &str = "text.format";
    let options: FormatOptions<'_> =
        json::object(raw).ok_or_else(|| wrong(FIELD, "an object with a `type`"))?;
    match &*options.kind {
        "text" => Ok(Format::Text),
        "json_object" => Ok(Format::JsonObject),
        "json_schema" => Ok(Format::JsonSchema {
            name: options.name.ok_or_else(|| missing("text.format.name"))?.0,
            description: options.description.map(|text| text.0),
            schema: options.schema,
            strict: options.strict,
        }),
        _ => Err(wrong(FIELD, "of type `text`, `json_object` or `json_schema`")),
    }
}

fn unknown_effort(word: &str) -> BadRequest {
    let known = Effort::ALL.map(Effort::word).join("`, `");
    BadRequest {
        message: format!("`reasoning.effort` must be one of `{known}`, found `{word}`"),
        param: Some("reasoning.effort"),
        code: Some("invalid_value"),
    }
}
