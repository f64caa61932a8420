//! The configuration of the whole stack, and the examples of the page about nginx.

use crate::load;
use crate::loaded;
use crate::shown;
use crate::text;
use std::collections::BTreeSet;
use std::fs;
use tollgate::config::Config;
use tollgate::config::Group;
use tollgate::config::Order;
use tollgate::config::Strategy;

pub const AIGATE: &str = include_str!("../../conf/aigate.yaml");

/// Every key that the configuration has a use for.
const KEYS: [(&str, &str); 11] = [
    ("GROQ_API_KEY", "key-of-groq"),
    ("CEREBRAS_API_KEY", "key-of-cerebras"),
    ("OPENROUTER_API_KEY", "key-of-openrouter"),
    ("HF_TOKEN", "key-of-huggingface"),
    ("MISTRAL_API_KEY", "key-of-mistral"),
    ("COHERE_API_KEY", "key-of-cohere"),
    ("CLAUDE_CODE_API_TOKEN", "token-of-claude-code"),
    ("CLAUDE_CODE_ZAI_API_TOKEN", "token-of-the-other"),
    ("ANTHROPIC_API_KEY", "key-of-anthropic"),
    ("OPENAI_API_KEY", "key-of-openai"),
    ("ZAI_API_KEY", "key-of-zai"),
];

/// What needs no key, and so goes only by GATEWAY_PROVIDERS.
const KEYLESS: [&str; 7] =
    ["ollama", "ollama-cuda", "speaches", "speaches-cuda", "qwen3-tts", "sdcpp", "sdcpp-cuda"];

/// The part that is about models: what stands before the line that begins the edge.
pub fn without_edge() -> &'static str {
    let (models, _) = AIGATE.split_once("\n# The edge:").expect("the line that begins the edge is gone");
    models
}

fn stack(env: &[(&str, &str)]) -> Config {
    loaded("conf/aigate.yaml", without_edge(), env).config
}

/// `provider/model` of every member, as written.
fn members(config: &Config, group: &str) -> Vec<String> {
    let Group { members, .. } = &config.groups[group];
    let target = |at: usize| config.providers[at].name.clone();
    members
        .iter()
        .map(|member| format!("{}/{}", target(member.target.provider), member.target.model))
        .collect()
}

#[test]
fn everything_is_in_use_where_there_are_all_keys() {
    let loaded = loaded("conf/aigate.yaml", without_edge(), &KEYS);
    assert!(loaded.notes.is_empty(), "{}", shown(&loaded.notes));
    assert_eq!(loaded.config.disabled, Vec::<String>::new());
}

#[test]
fn without_keys_only_what_needs_none_is_left() {
    let config = stack(&[]);
    let names: Vec<&str> = config.providers.iter().map(|provider| provider.name.as_str()).collect();
    assert_eq!(names, KEYLESS);
}

#[test]
fn a_provider_that_is_not_named_vanishes_from_every_chain() {
    let named = [("GATEWAY_PROVIDERS", "groq,openai")];
    let config = stack(&[&KEYS[..], &named[..]].concat());
    assert_eq!(config.providers.len(), 2);
    assert_eq!(members(&config, "claude-code-haiku"), ["groq/llama-3.1-8b-instant", "openai/gpt-4o-mini"]);
    assert_eq!(members(&config, "local-ollama-cuda-qwen3-8b"), Vec::<String>::new());
}

#[test]
fn whoever_is_left_out_is_told_once() {
    let named = [("GATEWAY_PROVIDERS", "groq,openai")];
    let notes = loaded("conf/aigate.yaml", without_edge(), &[&KEYS[..], &named[..]].concat()).notes;
    let said = shown(&notes);
    assert!(said.contains("providers.ollama-cuda is left out by GATEWAY_PROVIDERS; "), "{said}");
    // One each, and one for the groups that nobody is left of.
    assert_eq!(notes.len(), stack(&KEYS).providers.len() - 2 + 1, "{said}");
}

#[test]
fn every_group_leads_somewhere_and_nowhere_twice() {
    let config = stack(&KEYS);
    for group in config.groups.keys() {
        let members = members(&config, group);
        let distinct: BTreeSet<&String> = members.iter().collect();
        assert!(members.len() > 1, "{group} has no second member");
        assert_eq!(members.len(), distinct.len(), "{group}: {members:?}");
    }
}

#[test]
fn a_chain_begins_with_what_its_name_says() {
    let config = stack(&KEYS);
    let first = |group: &str| members(&config, group).remove(0);
    assert_eq!(first("groq-llama-3.1-8b"), "groq/llama-3.1-8b-instant");
    assert_eq!(first("openai-gpt-4o"), "openai/gpt-4o");
    assert_eq!(first("claude-code-glm-4.7"), "claude-code-zai/sonnet");
    for (name, group) in config.groups.iter().filter(|(name, _)| name.contains('-') && *name != "image-gen") {
        assert_eq!((group.order, group.strategy), (Order::AsWritten, Strategy::Priority), "{name}");
    }
}

#[test]
fn both_names_of_claude_code_mean_the_same() {
    let config = stack(&KEYS);
    let names: Vec<&String> = config.groups.keys().filter(|name| name.starts_with("claude-code-")).collect();
    assert_eq!(names.len(), 6, "{names:?}");
    for name in names {
        let newer = name.replace("claude-code-", "claudebox-");
        assert_eq!(members(&config, name), members(&config, &newer), "{name}");
    }
}

#[test]
fn the_five_groups_are_by_tier_or_media() {
    let config = stack(&KEYS);
    let order = |group: &str| config.groups[group].order;
    assert_eq!([order("fast"), order("smart"), order("vision")], [Order::Tier; 3]);
    assert_eq!([order("image-gen"), order("transcription")], [Order::Media; 2]);
}

#[test]
fn the_whole_stack_is_sound() {
    for env in [&KEYS[..], &[]] {
        load("conf/aigate.yaml", AIGATE, env).unwrap_or_else(|problems| panic!("{}", shown(&problems)));
    }
    let settings =
        [("RATELIMIT_API", "10/min"), ("TRUSTED_PROXY", "172.16.0.0/12"), ("REAL_IP", "x-forwarded-for")];
    load("conf/aigate.yaml", AIGATE, &settings).unwrap_or_else(|problems| panic!("{}", shown(&problems)));
}

#[test]
fn the_examples_about_nginx_are_sound() {
    let folder = tempfile::tempdir().unwrap();
    let own = rcgen::generate_simple_self_signed(vec!["www.example.com".to_owned()]).unwrap();
    let written = [("tls/site.crt", own.cert.pem()), ("tls/site.key", own.signing_key.serialize_pem())];
    let page = text("conf/NGINX.md");
    let examples: Vec<&str> =
        page.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert_eq!(examples.len(), 2);
    for example in examples {
        let mut example = example.to_owned();
        for (name, pem) in &written {
            let file = folder.path().join(name.replace('/', "-"));
            fs::write(&file, pem).unwrap();
            example = example.replace(name, file.to_str().unwrap());
        }
        load("conf/NGINX.md", &example, &[("ADMIN_PASSWORD", "an-example")])
            .unwrap_or_else(|problems| panic!("{}\n{example}", shown(&problems)));
    }
}
