//! How words are drawn: OpenAI's numbers within the bounds of Cohere's (vendors.md §8.1).

use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Dropped;
use crate::dialect::side::Target;
use serde::Serialize;
use std::borrow::Cow;

/// Most stop sequences that are taken.
const MOST_STOPS: usize = 5;
/// Most words that are looked at.
const MOST_K: u64 = 500;
/// What `p` may be; 1 would mean the same as the most.
const P: (f64, f64) = (0.01, 0.99);

#[derive(Serialize)]
pub struct Sampling<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    k: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop_sequences: &'a [Cow<'a, str>],
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<bool>,
}

/// The numbers of a request. A number that is too large becomes the largest; one that cannot be told is left out.
pub fn of<'a>(request: &'a ChatRequest<'_>, target: &Target<'_>, dropped: &mut Dropped) -> Sampling<'a> {
    let said = &request.sampling;
    let seed = said.seed.and_then(|seed| u64::try_from(seed).ok());
    dropped.note_if(seed.is_none() && said.seed.is_some(), "seed");
    dropped.note_if(request.stop.len() > MOST_STOPS, "stop");
    let mut penalty = |said: Option<f64>, name: &'static str| {
        let known = said.filter(|penalty| *penalty >= 0.0);
        dropped.note_if(known.is_none() && said.is_some(), name);
        known.map(|penalty| penalty.min(1.0))
    };
    Sampling {
        temperature: said.temperature.map(|heat| heat.min(target.traits.max_temperature)),
        p: said.top_p.map(|p| p.clamp(P.0, P.1)),
        k: said.top_k.map(|k| k.min(MOST_K)),
        seed,
        frequency_penalty: penalty(said.frequency_penalty, "frequency_penalty"),
        presence_penalty: penalty(said.presence_penalty, "presence_penalty"),
        max_tokens: request.max_output.map(|most| most.min(target.traits.max_output.unwrap_or(u64::MAX))),
        stop_sequences: request.stop.get(..MOST_STOPS).unwrap_or(&request.stop),
        logprobs: said.logprobs,
    }
}
