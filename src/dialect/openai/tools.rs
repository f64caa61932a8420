//! Tools and which of them may be called, read into the hub (vendors.md §1.1).

use crate::dialect::bad_request::BadRequest;
use crate::dialect::bad_request::wrong;
use crate::dialect::hub::CacheMark;
use crate::dialect::hub::Tool;
use crate::dialect::hub::ToolChoice;
use crate::dialect::openai::ask::get;
use crate::dialect::text::Str;
use crate::dialect::text::text;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

const OBJECTS: &str = "an array of objects";

/// The tools, and the kinds of those that only their own vendor has.
pub fn tools<'a>(raw: &'a RawValue) -> Result<(Vec<Tool<'a>>, Vec<Cow<'a, str>>), BadRequest> {
    #[derive(Deserialize)]
    struct Said<'a> {
        #[serde(borrow, rename = "type")]
        kind: Option<Str<'a>>,
        #[serde(borrow)]
        function: Option<Function<'a>>,
        #[serde(borrow)]
        custom: Option<Function<'a>>,
        cache_control: Option<Cache>,
    }
    let said: Vec<Said<'_>> = get(raw, "tools", OBJECTS)?;
    let (mut tools, mut others) = (Vec::with_capacity(said.len()), Vec::new());
    for tool in said {
        let cache = tool.cache_control.map(Cache::mark);
        match (tool.function, tool.custom) {
            (Some(function), _) => tools.push(Tool { cache, ..function.tool(false) }),
            (None, Some(custom)) => tools.push(Tool { cache, ..custom.tool(true) }),
            (None, None) => others.push(tool.kind.map(Cow::from).unwrap_or_default()),
        }
    }
    Ok((tools, others))
}

pub fn functions<'a>(raw: &'a RawValue) -> Result<Vec<Tool<'a>>, BadRequest> {
    let said: Vec<Function<'a>> = get(raw, "functions", OBJECTS)?;
    Ok(said.into_iter().map(|function| function.tool(false)).collect())
}

#[derive(Deserialize)]
struct Function<'a> {
    #[serde(borrow)]
    name: Str<'a>,
    #[serde(borrow)]
    description: Option<Str<'a>>,
    #[serde(borrow)]
    parameters: Option<&'a RawValue>,
    #[serde(borrow)]
    format: Option<&'a RawValue>,
    strict: Option<bool>,
}

impl<'a> Function<'a> {
    fn tool(self, custom: bool) -> Tool<'a> {
        Tool {
            name: self.name.into(),
            description: self.description.map(Cow::from),
            parameters: if custom { self.format } else { self.parameters },
            strict: self.strict,
            custom,
            cache: None,
        }
    }
}

/// Anthropic's mark, which many clients of OpenAI's dialect send, and OpenAI's own (vendors.md §1.2).
#[derive(Deserialize)]
pub struct Cache {
    ttl: Option<String>,
}

impl Cache {
    pub fn mark(self) -> CacheMark {
        CacheMark { long: self.ttl.is_some_and(|ttl| !matches!(ttl.as_str(), "5m" | "30m")) }
    }
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    name: Str<'a>,
}

pub fn tool_choice<'a>(raw: &'a RawValue) -> Result<ToolChoice<'a>, BadRequest> {
    const KIND: &str = "`none`, `auto`, `required`, or an object that names tools";
    #[derive(Deserialize)]
    struct Said<'a> {
        #[serde(borrow)]
        function: Option<Named<'a>>,
        #[serde(borrow)]
        custom: Option<Named<'a>>,
        #[serde(borrow)]
        allowed_tools: Option<Allowed<'a>>,
    }
    #[derive(Deserialize)]
    struct Allowed<'a> {
        #[serde(borrow)]
        mode: Option<Str<'a>>,
        #[serde(borrow)]
        tools: Vec<AllowedTool<'a>>,
    }
    #[derive(Deserialize)]
    struct AllowedTool<'a> {
        #[serde(borrow)]
        function: Option<Named<'a>>,
        #[serde(borrow)]
        custom: Option<Named<'a>>,
        #[serde(borrow)]
        name: Option<Str<'a>>,
    }
    if let Some(word) = text(raw) {
        return word_choice(&word).ok_or_else(|| wrong("tool_choice", KIND));
    }
    let said: Said<'_> = get(raw, "tool_choice", KIND)?;
    if let Some(allowed) = said.allowed_tools {
        let name = |tool: AllowedTool<'a>| {
            tool.function.or(tool.custom).map(|named| named.name).or(tool.name).map(Cow::from)
        };
        let names = allowed.tools.into_iter().filter_map(name).collect();
        let required = allowed.mode.is_some_and(|mode| mode.0 == "required");
        return Ok(ToolChoice::Allowed { names, required });
    }
    let named = said.function.or(said.custom).ok_or_else(|| wrong("tool_choice", KIND))?;
    Ok(ToolChoice::Named(named.name.into()))
}

fn word_choice(word: &str) -> Option<ToolChoice<'static>> {
    match word {
        "auto" => Some(ToolChoice::Auto),
        "none" => Some(ToolChoice::None),
        // Mistral's word for it.
        "required" | "any" => Some(ToolChoice::Required),
        _ => None,
    }
}

pub fn function_choice<'a>(raw: &'a RawValue) -> Result<ToolChoice<'a>, BadRequest> {
    match text(raw).as_deref().and_then(word_choice) {
        Some(choice) => Ok(choice),
        None => {
            let named: Named<'a> = get(raw, "function_call", "`none`, `auto`, or an object with a `name`")?;
            Ok(ToolChoice::Named(named.name.into()))
        }
    }
}
