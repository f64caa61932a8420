//! The events of a provider's stream: which there are, and what they hold (vendors.md §11.3).

use crate::dialect::responses::json;
use crate::dialect::responses::json::Text;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The events that say something. All others tell how the vendor's own tools get on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Created,
    ItemAdded,
    ItemDone,
    Text,
    TextDone,
    Annotation,
    Refusal,
    RefusalDone,
    Arguments,
    ArgumentsDone,
    /// Reasoning: a summary, or bare.
    Thought,
    ThoughtDone,
    Ended,
    Failed,
    Error,
}

const NAMES: &[(&str, Kind)] = &[
    ("response.output_text.delta", Kind::Text),
    ("response.function_call_arguments.delta", Kind::Arguments),
    ("response.reasoning_summary_text.delta", Kind::Thought),
    ("response.reasoning_text.delta", Kind::Thought),
    ("response.custom_tool_call_input.delta", Kind::Arguments),
    ("response.created", Kind::Created),
    ("response.in_progress", Kind::Created),
    ("response.output_item.added", Kind::ItemAdded),
    ("response.output_item.done", Kind::ItemDone),
    ("response.output_text.done", Kind::TextDone),
    ("response.output_text.annotation.added", Kind::Annotation),
    ("response.refusal.delta", Kind::Refusal),
    ("response.refusal.done", Kind::RefusalDone),
    ("response.function_call_arguments.done", Kind::ArgumentsDone),
    ("response.custom_tool_call_input.done", Kind::ArgumentsDone),
    ("response.reasoning_summary_text.done", Kind::ThoughtDone),
    ("response.reasoning_text.done", Kind::ThoughtDone),
    ("response.completed", Kind::Ended),
    ("response.incomplete", Kind::Ended),
    ("response.failed", Kind::Failed),
    ("error", Kind::Error),
];

impl Kind {
    /// By the name of the event; `None` for those that say nothing.
    pub fn of(name: &str) -> Option<Kind> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }
}

/// Any event. What is text in one may be something else in another, so nothing is read before it is known.
#[derive(Deserialize)]
pub struct Event<'a> {
    #[serde(rename = "type", borrow)]
    pub kind: Option<Text<'a>>,
    #[serde(default)]
    output_index: Option<u32>,
    content_index: Option<u32>,
    summary_index: Option<u32>,
    #[serde(borrow)]
    delta: Option<&'a RawValue>,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    refusal: Option<&'a RawValue>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
    #[serde(borrow)]
    pub logprobs: Option<&'a RawValue>,
    #[serde(borrow)]
    pub annotation: Option<&'a RawValue>,
    #[serde(borrow)]
    pub item: Option<&'a RawValue>,
    #[serde(borrow)]
    pub response: Option<&'a RawValue>,
    #[serde(borrow)]
    pub error: Option<&'a RawValue>,
}

impl<'a> Event<'a> {
    /// Number of the item it belongs to.
    pub fn item_index(&self) -> u32 {
        self.output_index.unwrap_or(0)
    }

    /// Number of the part of that item.
    pub fn part_index(&self) -> u32 {
        self.content_index.or(self.summary_index).unwrap_or(0)
    }

    /// What it adds.
    pub fn delta(&self) -> Option<Cow<'a, str>> {
        self.delta.and_then(json::text)
    }

    /// The whole of what was added.
    pub fn whole(&self) -> Option<Cow<'a, str>> {
        self.text.or(self.refusal).or(self.arguments).or(self.input).and_then(json::text)
    }
}
