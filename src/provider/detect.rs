//! Which vendors a bare model name belongs to, and what class of model it is.

#[cfg(test)]
mod tests;

use crate::provider::Class;
use crate::provider::presets::PRESETS;
use regex::{RegexSet, RegexSetBuilder};
use std::sync::LazyLock;

/// Pattern of a model name → kinds of preset that serve such a model, best first.
///
/// A row with one kind is that vendor's own name; a row with several is an open model, or a way to
/// write names that several hosts share. Rows are read top down and all that match count.
const FORMS: &[(&str, &[&str])] = &[
    ("^accounts/fireworks/", &["fireworks"]),
    (
        "^((us|eu|apac|global|jp|au|ca|us-gov)\\.)?(ai21|amazon|anthropic|cohere|deepseek|google|meta|minimax|mistral\
         |moonshot|moonshotai|nvidia|openai|qwen|stability|twelvelabs|writer|xai|zai)\\.[^/]+$",
        &["bedrock"],
    ),
    ("^(deployments/[^/]+/[^/]+|[^/]+/[^/:]+:[0-9a-f]{64})$", &["replicate"]),
    ("(:(free|nitro|floor|online|exacto|extended)$|^openrouter/|^~)", &["openrouter"]),
    ("^[^/]+/[^/:]+:(auto|fastest|cheapest|preferred)$", &["huggingface"]),
    (
        "^[^/]+/[^/:]+:(baseten|cerebras|cohere|deepinfra|fal-ai|featherless-ai|fireworks-ai|groq|hf-inference\
         |novita|nscale|openai|ovhcloud|publicai|replicate|scaleway|together|wavespeed|zai-org)$",
        &["huggingface"],
    ),
    ("(^[^/:]+:[^/:]+$|[:-]cloud$)", &["ollama"]),
    (
        "^(gpt-[3-9]|chatgpt-|chat-latest|o[1-9](-|$)|codex-|computer-use-|gpt-(audio|realtime|image)\
         |text-embedding-(3|ada)|text-moderation|omni-moderation|tts-1|whisper-1$|dall-e|davinci|babbage|sora\
         |daybreak-|ft:)",
        &["openai"],
    ),
    ("^(gemini-|imagen-|veo-|lyria-|learnlm|models/)", &["gemini"]),
    ("^claude-", &["anthropic"]),
    ("^grok-", &["xai"]),
    ("^deepseek-(chat|reasoner|coder|flash|v[0-9])", &["deepseek"]),
    (
        "^((mistral|ministral|magistral|codestral|devstral|pixtral|voxtral|open-mi[sx]tral|labs)-)",
        &["mistral"],
    ),
    ("^(command(-|$)|c4ai-|embed-(english|multilingual|v[0-9])|rerank-)", &["cohere"]),
    ("^(glm-|cogview|cogvideox|charglm)", &["zai"]),
    ("^zai-glm-", &["cerebras"]),
    (
        "(^whisper-large-v3|^playai-tts|^canopylabs/|^groq/compound|^compound(-|$)|-(instant|versatile)$)",
        &["groq"],
    ),
    (
        "^gpt-oss(-|$)",
        &[
            "groq",
            "cerebras",
            "huggingface",
            "openrouter",
            "together",
            "fireworks",
            "novita",
            "ollama",
            "vllm",
            "openai_compatible",
        ],
    ),
    ("^(openai/gpt-oss|meta-llama/|qwen/)[^/]*$", &["groq"]),
    ("^gemma-", &["gemini", "cerebras", "ollama", "vllm"]),
    ("^(llama-?[0-9]|qwen-?[0-9])", &["groq", "cerebras", "ollama", "vllm"]),
    (
        "^((llama|qwen|gemma|phi|mistral|mixtral|codestral|codellama|deepseek-r)[0-9.]*\
         |nomic-embed-text|mxbai-embed-large|all-minilm|bge-m3)$",
        &["ollama"],
    ),
    ("^[^/]+/[^/:]+/fp-?[0-9]+$", &["inference"]),
    ("^[^/]+/[^/:]+$", &["huggingface", "openrouter", "novita", "together", "inference", "vllm"]),
];

/// Parts of a name that tell its class; the first row that holds one of them decides.
const PARTS: &[(Class, &[&str])] = &[
    (Class::Embedding, &["embed", "embedding", "embeddings", "minilm", "bge", "e5", "gte"]),
    (Class::Small, &["mini", "nano", "flash", "lite", "small", "haiku", "instant", "tiny", "ministral"]),
    (Class::Reasoning, &["o1", "o3", "o4", "r1", "qwq", "reasoner", "reasoning", "thinking", "magistral"]),
];

/// Models with no more parameters than this many billions are small: they fit a laptop.
const SMALL_UP_TO: f64 = 15.0;

static FORM_SET: LazyLock<RegexSet> = LazyLock::new(|| {
    let patterns = FORMS.iter().map(|(pattern, _)| *pattern);
    // A row that does not compile would be caught by the test below.
    RegexSetBuilder::new(patterns).case_insensitive(true).build().unwrap_or_else(|_| RegexSet::empty())
});

/// The preset kinds a bare model name belongs to by its form, best first; empty if its form tells nothing.
///
/// More than one kind means that several hosts offer it, and only their model lists can tell which.
pub fn kinds(model: &str) -> Vec<&'static str> {
    let mut kinds = Vec::new();
    for row in FORM_SET.matches(model).iter() {
        for kind in FORMS[row].1 {
            if !kinds.contains(kind) {
                kinds.push(*kind);
            }
        }
    }
    kinds
}

/// What a model is good for: what the presets say of it, else what the parts of its name say, else large.
pub fn class_of(model: &str) -> Class {
    of_preset(model).unwrap_or_else(|| of_parts(model))
}

/// Whether two ids name the same model: equal, or one is the other without its owner
/// (`gpt-oss-120b` and `openai/gpt-oss-120b`).
pub fn same_model(one: &str, other: &str) -> bool {
    let bare_of = |bare: &str, owned: &str| {
        !bare.is_empty()
            && !bare.contains('/')
            && owned.strip_suffix(bare).is_some_and(|owner| owner.ends_with('/'))
    };
    one == other || bare_of(one, other) || bare_of(other, one)
}

fn of_preset(model: &str) -> Option<Class> {
    let entries = || PRESETS.iter().flat_map(|preset| preset.models);
    let exact = entries().find(|(_, id)| *id == model);
    exact.or_else(|| entries().find(|(_, id)| same_model(id, model))).map(|(class, _)| *class)
}

fn of_parts(model: &str) -> Class {
    let model = model.to_ascii_lowercase();
    let name = model.rsplit('/').next().unwrap_or_default();
    let parts: Vec<&str> = name.split(['-', '_', ':', '@', ' ']).collect();
    for (class, words) in PARTS {
        let by_size = *class == Class::Small && parts.iter().any(|part| is_small(part));
        if by_size || parts.iter().any(|part| words.contains(part)) {
            return *class;
        }
    }
    Class::Large
}

/// `8b` and `0.6b` are sizes; `8x7b` and `a3b` (the active part of a larger model) are not.
fn is_small(part: &str) -> bool {
    let billions = part.strip_suffix('b').and_then(|number| number.parse::<f64>().ok());
    billions.is_some_and(|billions| billions <= SMALL_UP_TO)
}
