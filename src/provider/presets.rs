//! The vendors Tollgate knows by name (vendors.md §2). Adding one that speaks a known dialect is one entry here.

mod clouds;

use crate::dialect::Dialect;
use crate::dialect::hub::ModelTraits;
use crate::provider::Class::{Embedding, Large, Reasoning, Small};
use crate::provider::models;
use crate::provider::models::anthropic;
use crate::provider::serves::{
    EDITS, EVERYTHING, IMAGES, MODERATIONS, RERANK, SPEECH, TRANSCRIPTIONS, TRANSLATIONS,
};
use crate::provider::{KeyHeader, PlaceEnv, Preset, Tier};

/// What most vendors have in common; entries below name only what differs.
const COMMON: Preset = Preset {
    kind: "",
    also: &[],
    base_url: "",
    usual_path: "",
    other_paths: &[],
    region: "",
    place_env: PlaceEnv { base_url: &[], region: &[], api_version: &[] },
    key_env: &[],
    key_parts_env: &[],
    needs_key: true,
    key_header: KeyHeader::Bearer,
    dialect: Dialect::OpenAi,
    tier: Tier::Paid,
    stream_options: true,
    responses: false,
    lists_models: true,
    headers: &[],
    traits: models::COMPATIBLE,
    model_traits: &[],
    serves: &[],
    models: &[],
};

/// Every kind, in the order in which providers found in the environment are chained: free first, paid, then local.
pub static PRESETS: &[Preset] = &[
    Preset {
        kind: "groq",
        base_url: "https://api.groq.com/openai/v1",
        key_env: &["GROQ_API_KEY"],
        tier: Tier::Free,
        traits: models::groq::ANY,
        model_traits: models::groq::MODELS,
        serves: &[TRANSCRIPTIONS, TRANSLATIONS, SPEECH],
        models: &[
            (Small, "openai/gpt-oss-20b"),
            (Large, "openai/gpt-oss-120b"),
            (Reasoning, "openai/gpt-oss-120b"),
        ],
        ..COMMON
    },
    Preset {
        kind: "cerebras",
        base_url: "https://api.cerebras.ai/v1",
        key_env: &["CEREBRAS_API_KEY"],
        tier: Tier::Free,
        models: &[(Small, "gemma-4-31b"), (Large, "gpt-oss-120b"), (Reasoning, "gpt-oss-120b")],
        ..COMMON
    },
    Preset {
        kind: "gemini",
        also: &["google"],
        base_url: "https://generativelanguage.googleapis.com/v1beta",
        key_env: &["GEMINI_API_KEY", "GOOGLE_API_KEY"],
        key_header: KeyHeader::Named("x-goog-api-key"),
        dialect: Dialect::Gemini,
        tier: Tier::Free,
        traits: models::gemini::NEWEST,
        model_traits: models::gemini::MODELS,
        models: &[
            (Small, "gemini-3.5-flash-lite"),
            (Large, "gemini-3.8-flash"),
            (Reasoning, "gemini-4-argon"),
            (Embedding, "gemini-embedding-001"),
        ],
        ..COMMON
    },
    Preset {
        kind: "openrouter",
        base_url: "https://openrouter.ai/api/v1",
        key_env: &["OPENROUTER_API_KEY"],
        serves: &[TRANSCRIPTIONS, SPEECH, RERANK],
        models: &[
            (Small, "openai/gpt-oss-20b"),
            (Large, "openai/gpt-oss-120b"),
            (Reasoning, "deepseek/deepseek-v3.2"),
        ],
        ..COMMON
    },
    Preset {
        kind: "huggingface",
        also: &["hf"],
        base_url: "https://router.huggingface.co/v1",
        key_env: &["HUGGINGFACE_API_KEY", "HF_TOKEN"],
        models: &[
            (Small, "openai/gpt-oss-20b"),
            (Large, "openai/gpt-oss-120b"),
            (Reasoning, "openai/gpt-oss-120b"),
        ],
        ..COMMON
    },
    Preset {
        kind: "zai",
        also: &["z.ai"],
        base_url: "https://api.z.ai/api/paas/v4",
        key_env: &["ZAI_API_KEY"],
        traits: models::zai::ANY,
        serves: &[IMAGES, TRANSCRIPTIONS, SPEECH, MODERATIONS, RERANK],
        models: &[(Small, "glm-4.7-flash"), (Large, "glm-5.3"), (Reasoning, "glm-5.3")],
        ..COMMON
    },
    // The same vendor in Anthropic's dialect, and the door of its coding plan (vendors.md §2, §6.5).
    Preset {
        kind: "zai_anthropic",
        base_url: "https://api.z.ai/api/anthropic/v1",
        key_env: &["ZAI_ANTHROPIC_API_KEY"],
        dialect: Dialect::Anthropic,
        headers: &[("anthropic-version", "2023-06-01")],
        lists_models: false,
        models: &[(Small, "glm-4.7-flash"), (Large, "glm-5.3"), (Reasoning, "glm-5.3")],
        ..COMMON
    },
    Preset {
        kind: "zai_coding",
        base_url: "https://api.z.ai/api/coding/paas/v4",
        key_env: &["ZAI_CODING_API_KEY"],
        traits: models::zai::ANY,
        tier: Tier::Flat,
        models: &[(Small, "glm-4.7-flash"), (Large, "glm-5.3"), (Reasoning, "glm-5.3")],
        ..COMMON
    },
    Preset {
        kind: "novita",
        base_url: "https://api.novita.ai/openai/v1",
        key_env: &["NOVITA_API_KEY"],
        serves: &[RERANK],
        models: &[(Large, "deepseek/deepseek-v3.2"), (Reasoning, "zai-org/glm-4.7")],
        ..COMMON
    },
    Preset {
        kind: "inference",
        base_url: "https://api.inference.net/v1",
        key_env: &["INFERENCE_API_KEY"],
        models: &[(Small, "meta-llama/llama-3.1-8b-instruct/fp-8")],
        ..COMMON
    },
    Preset {
        kind: "openai",
        base_url: "https://api.openai.com/v1",
        key_env: &["OPENAI_API_KEY"],
        responses: true,
        traits: models::openai::ANY,
        model_traits: models::openai::MODELS,
        serves: &[IMAGES, EDITS, TRANSCRIPTIONS, TRANSLATIONS, SPEECH, MODERATIONS],
        models: &[
            (Small, "gpt-4o-mini"),
            (Large, "gpt-6.1-terra"),
            (Reasoning, "gpt-6.1-sol"),
            (Embedding, "text-embedding-3-small"),
        ],
        ..COMMON
    },
    Preset {
        kind: "anthropic",
        base_url: "https://api.anthropic.com/v1",
        key_env: &["ANTHROPIC_API_KEY"],
        key_header: KeyHeader::Named("x-api-key"),
        dialect: Dialect::Anthropic,
        // The newer version refuses every temperature, which some models still take (vendors.md §0.1).
        headers: &[("anthropic-version", "2023-06-01")],
        traits: anthropic::NEWEST,
        model_traits: anthropic::MODELS,
        // Its successor cannot be told not to think, nor to call a tool; a stand-in has to take what is asked.
        models: &[(Small, "claude-haiku-5-5"), (Large, "claude-sonnet-5"), (Reasoning, "claude-opus-5-5")],
        ..COMMON
    },
    Preset {
        kind: "mistral",
        base_url: "https://api.mistral.ai/v1",
        key_env: &["MISTRAL_API_KEY"],
        stream_options: false,
        traits: models::mistral::ANY,
        serves: &[TRANSCRIPTIONS, SPEECH, MODERATIONS],
        models: &[
            (Small, "mistral-small-latest"),
            (Large, "mistral-large-latest"),
            (Reasoning, "magistral-medium-latest"),
            (Embedding, "mistral-embed"),
        ],
        ..COMMON
    },
    Preset {
        kind: "deepseek",
        base_url: "https://api.deepseek.com",
        key_env: &["DEEPSEEK_API_KEY"],
        traits: ModelTraits { replays_reasoning: true, ..models::COMPATIBLE },
        models: &[(Small, "deepseek-v4-flash"), (Large, "deepseek-v4-pro"), (Reasoning, "deepseek-v4-pro")],
        ..COMMON
    },
    Preset {
        kind: "together",
        base_url: "https://api.together.ai/v1",
        key_env: &["TOGETHER_API_KEY"],
        serves: &[IMAGES, TRANSCRIPTIONS, SPEECH, RERANK],
        models: &[(Small, "openai/gpt-oss-20b"), (Large, "openai/gpt-oss-120b")],
        ..COMMON
    },
    Preset {
        kind: "fireworks",
        base_url: "https://api.fireworks.ai/inference/v1",
        key_env: &["FIREWORKS_API_KEY"],
        serves: &[RERANK],
        models: &[
            (Small, "accounts/fireworks/models/gpt-oss-20b"),
            (Large, "accounts/fireworks/models/gpt-oss-120b"),
        ],
        ..COMMON
    },
    Preset {
        kind: "xai",
        base_url: "https://api.x.ai/v1",
        key_env: &["XAI_API_KEY"],
        serves: &[IMAGES],
        models: &[(Large, "grok-4.7"), (Reasoning, "grok-4.7")],
        ..COMMON
    },
    Preset {
        kind: "cohere",
        base_url: "https://api.cohere.com/v2",
        usual_path: "/v2",
        key_env: &["COHERE_API_KEY", "CO_API_KEY"],
        dialect: Dialect::Cohere,
        traits: models::cohere::ANY,
        model_traits: models::cohere::MODELS,
        models: &[
            (Small, "command-r7b-12-2024"),
            (Large, "command-a-03-2025"),
            (Reasoning, "command-a-reasoning-08-2025"),
            (Embedding, "embed-v4.0"),
        ],
        serves: &[TRANSCRIPTIONS, RERANK],
        ..COMMON
    },
    clouds::AZURE,
    clouds::BEDROCK,
    Preset {
        kind: "replicate",
        base_url: "https://api.replicate.com/v1",
        key_env: &["REPLICATE_API_TOKEN"],
        dialect: Dialect::Replicate,
        traits: models::replicate::ANY,
        model_traits: models::replicate::MODELS,
        models: &[
            (Small, "meta/meta-llama-3-8b-instruct"),
            (Large, "meta/meta-llama-3-70b-instruct"),
            (Reasoning, "deepseek-ai/deepseek-r1"),
        ],
        ..COMMON
    },
    Preset {
        kind: "ollama",
        base_url: "http://127.0.0.1:11434",
        other_paths: &["/v1", "/api"],
        dialect: Dialect::Ollama,
        traits: models::ollama::ANY,
        model_traits: models::ollama::MODELS,
        key_env: &["OLLAMA_API_KEY"],
        needs_key: false,
        tier: Tier::Local,
        serves: &[IMAGES],
        models: &[(Small, "llama3.2:3b"), (Large, "gpt-oss:20b"), (Embedding, "nomic-embed-text")],
        ..COMMON
    },
    Preset {
        kind: "vllm",
        usual_path: "/v1",
        key_env: &["VLLM_API_KEY"],
        needs_key: false,
        tier: Tier::Local,
        serves: &[TRANSCRIPTIONS, TRANSLATIONS, RERANK],
        ..COMMON
    },
    Preset { kind: "openai_compatible", needs_key: false, serves: EVERYTHING, ..COMMON },
];

/// The preset a `kind` (or one of its other spellings) names.
pub fn preset(kind: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|p| p.kind == kind || p.also.contains(&kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::hub::MaxTokensName;

    #[test]
    fn every_kind_is_named_once() {
        let mut names: Vec<&str> =
            PRESETS.iter().flat_map(|p| p.also.iter().copied().chain([p.kind])).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all, "two presets share a name");
    }

    #[test]
    fn what_models_take_is_known_where_others_serve_them() {
        let of = |kind: &str, model: &str| {
            let preset = PRESETS.iter().find(|preset| preset.kind == kind).unwrap();
            preset.traits(model).clone()
        };
        assert_eq!(of("azure", "gpt-5-mini").max_tokens_name, MaxTokensName::MaxCompletionTokens);
        assert_eq!(of("azure", "our-deployment").max_tokens_name, MaxTokensName::Either);
        assert!(of("groq", "llama-3.3-70b-versatile").efforts.is_empty());
        assert_eq!(of("groq", "openai/gpt-oss-120b").efforts.len(), 3);
        assert!(of("mistral", "mistral-large-latest").refuses("user", false));
    }

    #[test]
    fn a_vendor_with_an_address_says_how_its_key_is_found() {
        for preset in PRESETS.iter().filter(|p| !p.base_url.is_empty()) {
            assert!(!preset.key_env.is_empty(), "`{}` has no key_env", preset.kind);
            assert!(!preset.base_url.ends_with('/'), "`{}` ends in a slash", preset.kind);
        }
    }
}
