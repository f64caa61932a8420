//! What the models take that Bedrock serves (vendors.md §4.3, §8.3).

use crate::dialect::hub::Effort;
use crate::dialect::hub::ModelTraits;
use crate::dialect::hub::ThinkingStyle;

/// Fields that most models do not know.
const STRANGE: &[&str] = &["top_k"];

/// A model of which Bedrock tells nothing more: Converse fetches nothing and has no system in the middle.
pub const ANY: ModelTraits = ModelTraits {
    max_temperature: 1.0,
    efforts: &[],
    mid_system: false,
    json_schema: false,
    image_urls: false,
    cache_marks: false,
    refuses: STRANGE,
    ..ModelTraits::UNKNOWN
};

/// A model of Anthropic's that does not think.
const CLAUDE: ModelTraits = ModelTraits { cache_marks: true, refuses: &[], ..ANY };

/// One that thinks by a budget.
const BUDGET: ModelTraits = ModelTraits {
    thinking: ThinkingStyle::Budget { least: 1024, zero: true },
    sampling_needs_no_reasoning: true,
    max_output: Some(64_000),
    ..CLAUDE
};

/// One that decides for itself how long to think.
const ADAPTIVE: ModelTraits = ModelTraits {
    thinking: ThinkingStyle::Adaptive { always: false },
    efforts: &[Effort::Low, Effort::Medium, Effort::High, Effort::Max],
    prefill: false,
    json_schema: true,
    max_output: Some(128_000),
    ..BUDGET
};

const UNSAMPLED: ModelTraits = ModelTraits {
    sampling: false,
    efforts: &[Effort::Low, Effort::Medium, Effort::High, Effort::XHigh, Effort::Max],
    ..ADAPTIVE
};

const ALWAYS: ModelTraits = ModelTraits {
    thinking: ThinkingStyle::Adaptive { always: true },
    default_effort: Some(Effort::High),
    ..UNSAMPLED
};

const UNFORCED: ModelTraits = ModelTraits { forced_tool_choice: false, ..ALWAYS };

pub const MODELS: &[(&str, ModelTraits)] = &[
    ("claude-sonnet-5-5", UNFORCED),
    ("claude-opus-5-5", UNFORCED),
    ("claude-fable-5-1", UNFORCED),
    ("claude-mythos-5-1", UNFORCED),
    ("claude-fable-5", ALWAYS),
    ("claude-mythos-5", ALWAYS),
    ("claude-haiku-5", UNSAMPLED),
    ("claude-sonnet-5", UNSAMPLED),
    ("claude-opus-5", UNSAMPLED),
    ("claude-opus-4-7", UNSAMPLED),
    ("claude-opus-4-8", UNSAMPLED),
    ("claude-opus-4-6", ADAPTIVE),
    ("claude-sonnet-4-6", ADAPTIVE),
    ("claude-opus-4-5", ModelTraits { json_schema: true, ..BUDGET }),
    ("claude-sonnet-4-5", ModelTraits { json_schema: true, ..BUDGET }),
    ("claude-haiku-4-5", ModelTraits { json_schema: true, ..BUDGET }),
    ("claude-sonnet-4", BUDGET),
    ("claude-opus-4", ModelTraits { max_output: Some(32_000), ..BUDGET }),
    ("claude-3-7-sonnet", BUDGET),
    ("claude", CLAUDE),
    ("amazon.nova", ModelTraits { cache_marks: true, ..ANY }),
    ("openai.gpt-oss", ModelTraits { efforts: &[Effort::Low, Effort::Medium, Effort::High], ..ANY }),
];
