//! A question to a model, in nobody's dialect.

use crate::dialect::hub::CacheMark;
use crate::dialect::hub::Part;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// One chat request. What a client does not say is `None` or empty.
#[derive(Clone, Debug, Default)]
pub struct ChatRequest<'a> {
    /// As the client names it; a writer takes the target's own name.
    pub model: Cow<'a, str>,
    /// In order, system messages in their places.
    pub messages: Vec<Message<'a>>,
    pub tools: Vec<Tool<'a>>,
    pub tool_choice: Option<ToolChoice<'a>>,
    pub parallel_tool_calls: Option<bool>,
    /// The most tokens the answer may have, reasoning included.
    pub max_output: Option<u64>,
    pub sampling: Sampling<'a>,
    pub stop: Vec<Cow<'a, str>>,
    pub format: Option<Format<'a>>,
    pub reasoning: Option<Reasoning<'a>>,
    pub stream: bool,
    /// In OpenAI's words: `auto`, `default`, `flex`, `priority`, `fast`.
    pub service_tier: Option<Cow<'a, str>>,
    /// Whom the client asks for.
    pub user: Option<Cow<'a, str>>,
    /// `low`, `medium`, `high`.
    pub verbosity: Option<Cow<'a, str>>,
    pub prompt_cache_key: Option<Cow<'a, str>>,
    /// OpenAI's `web_search_options`; `{}` where another dialect asks for its own web search.
    pub web_search: Option<&'a RawValue>,
    /// Everything the client said that has no place above, by its name in the client's dialect.
    pub extras: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> ChatRequest<'a> {
    /// What the client says under a name that has no place of its own.
    pub fn extra(&self, name: &str) -> Option<&'a RawValue> {
        let said = self.extras.iter().find(|(known, _)| known == name);
        said.map(|(_, value)| *value).filter(|value| value.get() != "null")
    }

    /// The tools the client chooses among, whether one of them has to be called or none may.
    pub fn eligible_tools(&self) -> impl Iterator<Item = &Tool<'a>> {
        self.tools.iter().filter(|tool| match &self.tool_choice {
            Some(ToolChoice::Named(only)) => *only == tool.name,
            Some(ToolChoice::Allowed { names, .. }) => names.contains(&tool.name),
            None | Some(ToolChoice::Auto | ToolChoice::None | ToolChoice::Required) => true,
        })
    }
}

#[derive(Clone, Debug)]
pub struct Message<'a> {
    pub role: Role,
    pub parts: Vec<Part<'a>>,
    pub name: Option<Cow<'a, str>>,
}

/// Results of tools are parts of user messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// `developer` means the same.
    System,
    User,
    Assistant,
}

#[derive(Clone, Debug)]
pub struct Tool<'a> {
    pub name: Cow<'a, str>,
    pub description: Option<Cow<'a, str>>,
    /// JSON Schema; `None` takes no arguments. Of a custom tool its `format`.
    pub parameters: Option<&'a RawValue>,
    pub strict: Option<bool>,
    /// Takes free text instead of JSON.
    pub custom: bool,
    pub cache: Option<CacheMark>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToolChoice<'a> {
    Auto,
    None,
    /// Some tool has to be called.
    Required,
    Named(Cow<'a, str>),
    /// Only these tools; `required`: one of them has to be called.
    Allowed {
        names: Vec<Cow<'a, str>>,
        required: bool,
    },
}

#[derive(Clone, Debug, Default)]
pub struct Sampling<'a> {
    /// 0 to 2.
    pub temperature: Option<f64>,
    pub top_p: Option<f64>,
    pub top_k: Option<u64>,
    pub seed: Option<i64>,
    /// How many answers (`n`).
    pub choices: Option<u64>,
    pub frequency_penalty: Option<f64>,
    pub presence_penalty: Option<f64>,
    pub logit_bias: Option<&'a RawValue>,
    pub logprobs: Option<bool>,
    pub top_logprobs: Option<u64>,
}

/// What the answer has to look like.
#[derive(Clone, Debug)]
pub enum Format<'a> {
    Text,
    JsonObject,
    JsonSchema {
        name: Cow<'a, str>,
        description: Option<Cow<'a, str>>,
        schema: Option<&'a RawValue>,
        strict: Option<bool>,
    },
}

/// How much the model is to think.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reasoning<'a> {
    pub effort: Option<Effort>,
    /// Tokens, where the client counts instead of naming an effort.
    pub budget: Option<u64>,
    /// Whether the client wants to read it; `None` leaves it to the vendor.
    pub show: Option<bool>,
    /// OpenAI's `summary`: `auto`, `concise`, `detailed`.
    pub summary: Option<Cow<'a, str>>,
}

/// OpenAI's words (vendors.md §1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effort {
    None,
    Minimal,
    Low,
    Medium,
    High,
    XHigh,
    Max,
}

impl Effort {
    pub const ALL: [Effort; 7] = [
        Effort::None,
        Effort::Minimal,
        Effort::Low,
        Effort::Medium,
        Effort::High,
        Effort::XHigh,
        Effort::Max,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Effort::None => "none",
            Effort::Minimal => "minimal",
            Effort::Low => "low",
            Effort::Medium => "medium",
            Effort::High => "high",
            Effort::XHigh => "xhigh",
            Effort::Max => "max",
        }
    }

    pub fn of_word(word: &str) -> Option<Effort> {
        Effort::ALL.into_iter().find(|effort| effort.word() == word)
    }

    /// The closest of `known`, the lower one of two; `None` where `known` is empty.
    pub fn nearest(self, known: &[Effort]) -> Option<Effort> {
        known
            .iter()
            .copied()
            .min_by_key(|effort| ((*effort as i8 - self as i8).unsigned_abs(), *effort as i8))
    }

    /// What a budget of thinking tokens amounts to (vendors.md §10.2).
    pub fn of_budget(tokens: u64) -> Effort {
        match tokens {
            0 => Effort::None,
            1..2048 => Effort::Low,
            2048..4096 => Effort::Medium,
            _ => Effort::High,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_effort_that_is_not_known_becomes_the_nearest() {
        let known = [Effort::Low, Effort::Medium, Effort::High];
        assert_eq!(Effort::Max.nearest(&known), Some(Effort::High));
        assert_eq!(Effort::None.nearest(&known), Some(Effort::Low));
        assert_eq!(Effort::Medium.nearest(&known), Some(Effort::Medium));
        assert_eq!(Effort::Medium.nearest(&[Effort::Low, Effort::High]), Some(Effort::Low));
        assert_eq!(Effort::Medium.nearest(&[]), None);
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        for effort in Effort::ALL {
            assert_eq!(Effort::of_word(effort.word()), Some(effort));
        }
    }
}
