//! The request as it is written (vendors.md §4.2).

use crate::dialect::anthropic::ask::thinking::Thinking;
use crate::dialect::anthropic::ask::tools::Choice;
use crate::dialect::anthropic::ask::tools::Tool;
use crate::dialect::hub::CacheMark;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::ModelTraits;
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// How many cache marks the vendor takes.
const MARKS: usize = 4;

#[derive(Serialize)]
pub(super) struct Body<'a> {
    pub(super) model: &'a str,
    pub(super) max_tokens: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool_choice: Option<Choice<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) system: Vec<Block<'a>>,
    pub(super) messages: Vec<Turn<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thinking: Option<Thinking>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) output_config: Option<OutputConfig<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) top_k: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) stop_sequences: Vec<&'a str>,
    #[serde(skip_serializing_if = "is_false")]
    pub(super) stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) metadata: Option<Metadata<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service_tier: Option<&'static str>,
}

/// What one side says until the other speaks.
#[derive(Serialize)]
pub(super) struct Turn<'a> {
    pub(super) role: &'static str,
    pub(super) content: Vec<Block<'a>>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Block<'a> {
    Text {
        text: Cow<'a, str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl>,
    },
    Image {
        source: Source<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl>,
    },
    Document {
        source: Source<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl>,
    },
    Thinking {
        thinking: &'a str,
        signature: &'a str,
    },
    RedactedThinking {
        data: &'a str,
    },
    ToolUse {
        id: Cow<'a, str>,
        name: &'a str,
        input: Cow<'a, RawValue>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl>,
    },
    ToolResult {
        tool_use_id: Cow<'a, str>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        content: Vec<Block<'a>>,
        #[serde(skip_serializing_if = "is_false")]
        is_error: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl>,
    },
}

/// Where the bytes of an image or a document are.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Source<'a> {
    Base64 { media_type: Cow<'a, str>, data: &'a str },
    Url { url: &'a str },
    File { file_id: &'a str },
    Text { media_type: &'static str, data: Cow<'a, str> },
}

#[derive(Clone, Copy, Serialize)]
pub(super) struct CacheControl {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<&'static str>,
}

#[derive(Serialize)]
pub(super) struct Metadata<'a> {
    pub(super) user_id: &'a str,
}

#[derive(Serialize)]
pub(super) struct OutputConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<OutputFormat<'a>>,
}

#[derive(Serialize)]
pub(super) struct OutputFormat<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) schema: Cow<'a, RawValue>,
}

impl<'a> OutputConfig<'a> {
    pub(super) fn of(
        effort: Option<&'static str>,
        format: Option<OutputFormat<'a>>,
    ) -> Option<OutputConfig<'a>> {
        (effort.is_some() || format.is_some()).then_some(OutputConfig { effort, format })
    }
}

impl CacheControl {
    pub(super) fn of(mark: Option<CacheMark>) -> Option<CacheControl> {
        mark.map(|mark| CacheControl { kind: "ephemeral", ttl: mark.long.then_some("1h") })
    }
}

impl Block<'_> {
    pub(super) fn is_thought(&self) -> bool {
        matches!(self, Block::Thinking { .. } | Block::RedactedThinking { .. })
    }

    pub(super) fn is_call(&self) -> bool {
        matches!(self, Block::ToolUse { .. })
    }

    pub(super) fn is_result(&self) -> bool {
        matches!(self, Block::ToolResult { .. })
    }

    fn mark(&mut self) -> Option<&mut Option<CacheControl>> {
        match self {
            Block::Text { cache_control, .. }
            | Block::Image { cache_control, .. }
            | Block::Document { cache_control, .. }
            | Block::ToolUse { cache_control, .. }
            | Block::ToolResult { cache_control, .. } => Some(cache_control),
            Block::Thinking { .. } | Block::RedactedThinking { .. } => None,
        }
    }
}

impl Body<'_> {
    /// Takes away the first marks where there are too many: a later one covers more of the prompt.
    pub(super) fn bound_marks(&mut self, traits: &ModelTraits, dropped: &mut Dropped) {
        let tools = self.tools.iter_mut().map(|tool| &mut tool.cache_control);
        let turns = self.messages.iter_mut().flat_map(|turn| &mut turn.content);
        let blocks = self.system.iter_mut().chain(turns).filter_map(Block::mark);
        let set: Vec<_> = tools.chain(blocks).filter(|mark| mark.is_some()).collect();
        let most = if traits.cache_marks { MARKS } else { 0 };
        let surplus = set.len().saturating_sub(most);
        dropped.note_if(surplus > 0, "cache_control");
        set.into_iter().take(surplus).for_each(|mark| *mark = None);
    }
}

pub(super) fn is_false(said: &bool) -> bool {
    !said
}
