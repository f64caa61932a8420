//! Temperature and its kin, as far as the model takes them (vendors.md §4.3, §4.4).

use crate::dialect::hub;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::ModelTraits;

/// The dialect's own bound; OpenAI's is 2.
const HOTTEST: f64 = 1.0;

/// What is left of it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Sampling {
    pub(super) temperature: Option<f64>,
    pub(super) top_p: Option<f64>,
    pub(super) top_k: Option<u64>,
}

/// What is to be sent; `thinks`: the model is told to think on this request.
pub(super) fn choose(
    asked: &hub::Sampling<'_>,
    traits: &ModelTraits,
    thinks: bool,
    dropped: &mut Dropped,
) -> Sampling {
    note_the_unsaid(asked, dropped);
    let allowed = traits.sampling && !(thinks && traits.sampling_needs_no_reasoning);
    let hottest = traits.max_temperature.min(HOTTEST);
    let temperature = asked.temperature.filter(|_| allowed).map(|degrees| degrees.clamp(0.0, hottest));
    // Some models refuse both together, and the temperature is what people set first.
    let top_p = asked.top_p.filter(|_| allowed && temperature.is_none());
    let top_k = asked.top_k.filter(|_| allowed);
    // 1 is what they do anyway.
    dropped
        .note_if(temperature.is_none() && asked.temperature.is_some_and(|asked| asked != 1.0), "temperature");
    dropped.note_if(top_p.is_none() && asked.top_p.is_some_and(|asked| asked != 1.0), "top_p");
    dropped.note_if(top_k.is_none() && asked.top_k.is_some(), "top_k");
    Sampling { temperature, top_p, top_k }
}

fn note_the_unsaid(asked: &hub::Sampling<'_>, dropped: &mut Dropped) {
    let is_set = |penalty: Option<f64>| penalty.is_some_and(|penalty| penalty != 0.0);
    dropped.note_if(asked.seed.is_some(), "seed");
    dropped.note_if(is_set(asked.frequency_penalty), "frequency_penalty");
    dropped.note_if(is_set(asked.presence_penalty), "presence_penalty");
    dropped.note_if(asked.logit_bias.is_some(), "logit_bias");
    dropped.note_if(asked.logprobs == Some(true), "logprobs");
    dropped.note_if(asked.top_logprobs.is_some(), "top_logprobs");
}
