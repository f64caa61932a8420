//! What we know of each vendor before a user says anything: presets as data, and how a secret is attached.

pub mod detect;
pub mod models;
pub mod presets;
mod serves;
pub mod sign;

use crate::dialect::Dialect;
use crate::dialect::hub::ModelTraits;
use crate::dialect::operation::Operation;
use std::fmt;

/// How a provider's key travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyHeader {
    /// `Authorization: Bearer <key>`
    Bearer,
    /// A header of its own that carries the bare key.
    Named(&'static str),
    /// AWS: every request is signed for this service with a key of two or three parts ([`sign::Credentials`]); a key
    /// that is not of parts travels as [`KeyHeader::Bearer`].
    SigV4 { service: &'static str },
}

/// Variables besides `<KIND>_…` that say where a provider is; the first that is set counts.
#[derive(Clone, Copy, Debug)]
pub struct PlaceEnv {
    pub base_url: &'static [&'static str],
    pub region: &'static [&'static str],
    pub api_version: &'static [&'static str],
}

/// What a provider costs its user; members of a group are ordered by it (free first).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    Free,
    Flat,
    Paid,
    Local,
}

/// What a model is good for, coarsely: the other providers' stand-in for it is of the same class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    Small,
    Large,
    Reasoning,
    Embedding,
}

/// A vendor as data. Adding one that speaks a known dialect is one entry in [`presets::PRESETS`].
#[derive(Debug)]
pub struct Preset {
    /// `kind` in the configuration, and the provider's default name.
    pub kind: &'static str,
    /// Other spellings of `kind`, as in `hf/` for `huggingface`.
    pub also: &'static [&'static str],
    /// Empty where every user has their own (`vllm`, `openai_compatible`).
    pub base_url: &'static str,
    /// What stands behind the host where a user's base URL has no path: addresses are often given without it.
    pub usual_path: &'static str,
    /// Endings of a user's base URL that lead to other doors of the same server; they are taken off.
    pub other_paths: &'static [&'static str],
    /// Stands for `{region}` in `base_url` unless another one is set; empty for vendors without.
    pub region: &'static str,
    pub place_env: PlaceEnv,
    /// Environment variables that carry a key, first match wins; `_1`…`_n` may follow each.
    pub key_env: &'static [&'static str],
    /// Environment variables whose values joined by `:` are a key; the first two have to be set. They are set for other
    /// ends too, so they turn no provider on.
    pub key_parts_env: &'static [&'static str],
    /// Whether the vendor serves nobody without a key.
    pub needs_key: bool,
    pub key_header: KeyHeader,
    pub dialect: Dialect,
    pub tier: Tier,
    /// Whether `stream_options.include_usage` is understood (Mistral refuses it).
    pub stream_options: bool,
    /// Whether it serves OpenAI's Responses API as well.
    pub responses: bool,
    /// Has a list of models that says what it may be asked for; active checks ask for it.
    pub lists_models: bool,
    /// Headers that go with every request.
    pub headers: &'static [(&'static str, &'static str)],
    /// What its models take and refuse, where nothing else is known of one.
    pub traits: ModelTraits,
    /// What is known of single models: a part of their name, and their traits. The first that fits counts.
    pub model_traits: &'static [(&'static str, ModelTraits)],
    /// What it serves besides chats, text completions and embeddings, in OpenAI's dialect, and where that is behind
    /// the base URL.
    pub serves: &'static [(Operation, &'static str)],
    /// One model per class, asked for when the model that was named is not offered here.
    pub models: &'static [(Class, &'static str)],
}

impl Preset {
    /// What a model of this vendor takes and refuses.
    pub fn traits(&self, model: &str) -> &ModelTraits {
        let known = self.model_traits.iter().find(|(part, _)| model.contains(part));
        known.map_or(&self.traits, |(_, traits)| traits)
    }

    /// Where this vendor performs an operation, behind the base URL; `None` if it does not.
    pub fn path(&self, operation: Operation) -> Option<&'static str> {
        match operation.is_passed_on() {
            false => Some(operation.path()),
            true => self.serves.iter().find(|(served, _)| *served == operation).map(|(_, path)| *path),
        }
    }

    /// This vendor's stand-in of a class, if it has one.
    pub fn model(&self, class: Class) -> Option<&'static str> {
        self.models.iter().find(|(c, _)| *c == class).map(|(_, model)| *model)
    }
}

impl Tier {
    pub const ALL: [Tier; 4] = [Tier::Free, Tier::Flat, Tier::Paid, Tier::Local];

    pub fn word(self) -> &'static str {
        match self {
            Tier::Free => "free",
            Tier::Flat => "flat",
            Tier::Paid => "paid",
            Tier::Local => "local",
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Class {
    pub const ALL: [Class; 4] = [Class::Small, Class::Large, Class::Reasoning, Class::Embedding];

    pub fn word(self) -> &'static str {
        match self {
            Class::Small => "small",
            Class::Large => "large",
            Class::Reasoning => "reasoning",
            Class::Embedding => "embedding",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
