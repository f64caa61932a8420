//! Names we know, and what they tell.

use super::*;
use crate::provider::presets::preset;

#[test]
fn every_form_compiles_and_names_kinds_that_exist() {
    assert_eq!(FORM_SET.len(), FORMS.len(), "a pattern does not compile");
    for (pattern, kinds) in FORMS {
        assert!(!kinds.is_empty(), "{pattern} names nobody");
        for kind in *kinds {
            assert!(preset(kind).is_some_and(|p| p.kind == *kind), "{pattern} names `{kind}`");
        }
    }
}

#[test]
fn a_vendors_own_names_lead_to_that_vendor_alone() {
    let table = [
        ("gpt-4o", "openai"),
        ("GPT-4o-mini", "openai"),
        ("gpt-6.1-terra", "openai"),
        ("o3", "openai"),
        ("o4-mini", "openai"),
        ("chatgpt-4o-latest", "openai"),
        ("text-embedding-3-small", "openai"),
        ("ft:gpt-4o-mini:org::1", "openai"),
        ("whisper-1", "openai"),
        ("whisper-large-v3-turbo", "groq"),
        ("llama3.2:3b", "ollama"),
        ("gpt-oss:20b", "ollama"),
        ("mistral:7b", "ollama"),
        ("gpt-oss-120b-cloud", "ollama"),
        ("nomic-embed-text", "ollama"),
        ("gemini-3.8-flash", "gemini"),
        ("gemini-embedding-001", "gemini"),
        ("claude-sonnet-4-6", "anthropic"),
        ("grok-4.7", "xai"),
        ("deepseek-v4-pro", "deepseek"),
        ("deepseek-reasoner", "deepseek"),
        ("mistral-large-latest", "mistral"),
        ("open-mixtral-8x22b", "mistral"),
        ("command-a-03-2025", "cohere"),
        ("embed-v4.0", "cohere"),
        ("glm-4.7-flash", "zai"),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "bedrock"),
        ("amazon.nova-pro-v1:0", "bedrock"),
        ("deployments/me/mine", "replicate"),
        ("zai-glm-4.7", "cerebras"),
        ("accounts/fireworks/models/gpt-oss-20b", "fireworks"),
        ("meta-llama/llama-3.3-70b-instruct:free", "openrouter"),
        ("openai/gpt-oss-120b:cerebras", "huggingface"),
        ("meta-llama/llama-3.1-8b-instruct/fp-8", "inference"),
    ];
    for (model, kind) in table {
        assert_eq!(kinds(model).first(), Some(&kind), "{model}: {:?}", kinds(model));
    }
    for model in [
        "gpt-4o",
        "claude-opus-5-5",
        "grok-4.7",
        "gemini-3.8-flash",
        "glm-5.3",
        "deepseek-chat",
        "codestral-latest",
    ] {
        assert_eq!(kinds(model).len(), 1, "{model}: {:?}", kinds(model));
    }
}

#[test]
fn an_open_model_belongs_to_its_hosts_and_not_to_the_vendor_it_is_named_after() {
    for model in ["gpt-oss-120b", "openai/gpt-oss-120b", "gpt-oss-20b"] {
        let kinds = kinds(model);
        assert!(kinds.len() > 3 && !kinds.contains(&"openai"), "{model}: {kinds:?}");
    }
    assert!(kinds("llama-3.3-70b").contains(&"cerebras"));
}

#[test]
fn a_name_of_no_known_form_belongs_to_nobody() {
    for model in ["sonnet-4-6", "my-model", "", "gptx"] {
        assert!(kinds(model).is_empty(), "{model}: {:?}", kinds(model));
    }
}

#[test]
fn the_presets_decide_the_class_before_the_name_does() {
    assert_eq!(class_of("gemini-3.8-flash"), Class::Large, "its name says small, its preset large");
    assert_eq!(class_of("gpt-oss-20b"), Class::Small, "known as `openai/gpt-oss-20b`");
    assert_eq!(class_of("grok-4.7"), Class::Large);
}

#[test]
fn the_parts_of_a_name_tell_its_class() {
    let table = [
        (Class::Embedding, "text-embedding-ada-002"),
        (Class::Embedding, "text-embedding-3-large"),
        (Class::Embedding, "mxbai-embed-large"),
        (Class::Small, "gpt-5-nano"),
        (Class::Small, "claude-haiku-4-5"),
        (Class::Small, "llama-3.1-8b-instant"),
        (Class::Small, "qwen3:0.6b"),
        (Class::Small, "o4-mini"),
        (Class::Reasoning, "o3"),
        (Class::Reasoning, "deepseek-reasoner"),
        (Class::Reasoning, "deepseek-ai/DeepSeek-R1"),
        (Class::Reasoning, "magistral-medium-2509"),
        (Class::Large, "gpt-4o"),
        (Class::Large, "gemini-2.5-pro"),
        (Class::Large, "llama-3.3-70b-versatile"),
        (Class::Large, "qwen3-30b-a3b"),
        (Class::Large, "mixtral-8x7b"),
        (Class::Large, ""),
    ];
    for (class, model) in table {
        assert_eq!(class_of(model), class, "{model}");
    }
}

#[test]
fn an_id_without_its_owner_is_the_same_model() {
    assert!(same_model("gpt-oss-120b", "openai/gpt-oss-120b"));
    assert!(same_model("accounts/fireworks/models/gpt-oss-20b", "gpt-oss-20b"));
    for (one, other) in [("gpt-oss-20b", "gpt-oss-120b"), ("20b", "gpt-oss-20b"), ("a/m", "b/m"), ("", "a/")]
    {
        assert!(!same_model(one, other) && !same_model(other, one), "{one} and {other}");
    }
}
