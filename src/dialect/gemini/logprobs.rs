//! How sure a model was of its words, in OpenAI's shape (vendors.md §1.3, §5.3).

use serde::Deserialize;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::value::to_raw_value;
use std::borrow::Cow;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told<'a> {
    #[serde(borrow)]
    chosen_candidates: Vec<Word<'a>>,
    #[serde(borrow)]
    top_candidates: Option<Vec<Likely<'a>>>,
}

/// What might have been said in one place.
#[derive(Deserialize)]
struct Likely<'a> {
    #[serde(borrow)]
    candidates: Option<Vec<Word<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Word<'a> {
    #[serde(borrow, default)]
    token: Cow<'a, str>,
    log_probability: Option<f64>,
}

#[derive(Serialize)]
struct Logprobs<'a> {
    content: Vec<Token<'a>>,
    refusal: (),
}

#[derive(Serialize)]
struct Token<'a> {
    #[serde(flatten)]
    scored: Scored<'a>,
    top_logprobs: Vec<Scored<'a>>,
}

#[derive(Serialize)]
struct Scored<'a> {
    token: &'a str,
    logprob: f64,
    bytes: &'a [u8],
}

/// `logprobsResult` in OpenAI's shape; `None` where it cannot be read.
pub(super) fn read(raw: &str) -> Option<Box<RawValue>> {
    let told: Told<'_> = serde_json::from_str(raw).ok()?;
    let places = told.top_candidates.unwrap_or_default();
    let content = told.chosen_candidates.iter().enumerate().map(|(place, word)| {
        let likely = places.get(place).and_then(|likely| likely.candidates.as_deref()).unwrap_or_default();
        Token { scored: scored(word), top_logprobs: likely.iter().map(scored).collect() }
    });
    to_raw_value(&Logprobs { content: content.collect(), refusal: () }).ok()
}

fn scored<'a>(word: &'a Word<'_>) -> Scored<'a> {
    Scored {
        token: &word.token,
        // The certain is sometimes left out.
        logprob: word.log_probability.unwrap_or(0.0),
        bytes: word.token.as_bytes(),
    }
}
