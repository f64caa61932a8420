//! Clouds, which have doors of their own to other vendors' models (vendors.md §8).

use crate::dialect::Dialect;
use crate::dialect::hub::ModelTraits;
use crate::provider::Class::{Large, Reasoning, Small};
use crate::provider::KeyHeader;
use crate::provider::PlaceEnv;
use crate::provider::Preset;
use crate::provider::models;
use crate::provider::presets::COMMON;
use crate::provider::serves::{EDITS, IMAGES, SPEECH, TRANSCRIPTIONS, TRANSLATIONS};

pub(super) const AZURE: Preset = Preset {
    kind: "azure",
    also: &["azure_openai"],
    usual_path: "/openai/v1",
    place_env: PlaceEnv {
        base_url: &["AZURE_OPENAI_ENDPOINT"],
        region: &[],
        api_version: &["AZURE_OPENAI_API_VERSION", "OPENAI_API_VERSION"],
    },
    key_env: &["AZURE_OPENAI_API_KEY"],
    key_header: KeyHeader::Named("api-key"),
    responses: true,
    traits: ModelTraits::UNKNOWN,
    // Users name what they deploy, and most name it after its model.
    model_traits: models::openai::MODELS,
    serves: &[IMAGES, EDITS, TRANSCRIPTIONS, TRANSLATIONS, SPEECH],
    // It lists what could be deployed, and not what is.
    lists_models: false,
    ..COMMON
};

pub(super) const BEDROCK: Preset = Preset {
    kind: "bedrock",
    base_url: "https://bedrock-runtime.{region}.amazonaws.com",
    region: "us-east-1",
    place_env: PlaceEnv { base_url: &[], region: &["AWS_REGION", "AWS_DEFAULT_REGION"], api_version: &[] },
    key_env: &["AWS_BEARER_TOKEN_BEDROCK"],
    key_parts_env: &["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"],
    key_header: KeyHeader::SigV4 { service: "bedrock" },
    dialect: Dialect::Bedrock,
    lists_models: false,
    traits: models::bedrock::ANY,
    model_traits: models::bedrock::MODELS,
    models: &[
        (Small, "us.anthropic.claude-haiku-4-5-20251001-v1:0"),
        (Large, "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        (Reasoning, "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
    ],
    ..COMMON
};
