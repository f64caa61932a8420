//! Converse, word for word: what is asked, what is read, and what may go wrong on the way.

mod questions;
mod replies;

use super::PROVIDER;
use crate::dialect::hub::ModelTraits;
use crate::dialect::hub::ThinkingStyle;
use crate::dialect::side::Fetched;
use crate::dialect::side::ProviderSide;
use crate::dialect::side::Target;
use std::sync::LazyLock;

static NOTHING: LazyLock<Fetched> = LazyLock::new(Fetched::new);

/// A model that thinks by a budget, and fetches nothing.
const CLAUDE: ModelTraits = ModelTraits {
    max_temperature: 1.0,
    thinking: ThinkingStyle::Budget { least: 1024, zero: true },
    sampling_needs_no_reasoning: true,
    image_urls: false,
    mid_system: false,
    max_output: Some(64_000),
    ..ModelTraits::UNKNOWN
};

fn target(traits: &ModelTraits) -> Target<'_> {
    Target { model: "anthropic.claude-x-v1:0", traits, fetched: &NOTHING, stream_options: true }
}

#[test]
fn the_name_of_a_model_is_one_segment_of_the_path() {
    let path = PROVIDER.path("us.anthropic.claude-sonnet-4-5-20250929-v1:0", false);
    assert_eq!(path, "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse");
    assert_eq!(PROVIDER.path("a", true), "/model/a/converse-stream");
    assert_eq!(PROVIDER.path("arn:aws:x/y", true), "/model/arn%3Aaws%3Ax%2Fy/converse-stream");
}
