//! Predictions, word for word.

mod questions;
mod replies;

use super::PROVIDER;
use crate::dialect::hub::ModelTraits;
use crate::dialect::side::Fetched;
use crate::dialect::side::ProviderSide;
use crate::dialect::side::Target;
use std::sync::LazyLock;

static NOTHING: LazyLock<Fetched> = LazyLock::new(Fetched::new);

/// A model with a prompt and a system prompt.
const LLAMA: ModelTraits = ModelTraits {
    efforts: &[],
    refuses: &["messages", "seed", "verbosity", "image", "image_input"],
    ..ModelTraits::UNKNOWN
};

fn target<'a>(model: &'a str, traits: &'a ModelTraits) -> Target<'a> {
    Target { model, traits, fetched: &NOTHING, stream_options: true }
}

#[test]
fn models_versions_and_deployments_have_paths_of_their_own() {
    let version = "5c7d".repeat(16);
    let path = |model: &str| PROVIDER.path(model, false);
    assert_eq!(path("meta/meta-llama-3-70b-instruct"), "/models/meta/meta-llama-3-70b-instruct/predictions");
    assert_eq!(path("deployments/me/mine"), "/deployments/me/mine/predictions");
    assert_eq!(path(&format!("me/mine:{version}")), "/predictions");
    assert_eq!(path(&version), "/predictions");
    assert_eq!(path("a b/../?c"), "/models/a%20b/../%3Fc/predictions");
}
