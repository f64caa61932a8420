//! `generationConfig`: how an answer is to be made.

use crate::dialect::gemini::extras::Extras;
use crate::dialect::gemini::thinking;
use crate::dialect::gemini::thinking::ThinkingConfig;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::Format;
use crate::dialect::hub::ModelTraits;
use serde::Serialize;
use serde_json::value::RawValue;

/// The most stop sequences that are taken.
const MAX_STOPS: usize = 5;
/// Seeds are numbers of 32 bits; the rest of a longer one is cut off, always in the same way.
const SEED_BITS: i64 = 0x7fff_ffff;

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Settings<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    candidate_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stop_sequences: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_mime_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_json_schema: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    response_logprobs: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<u64>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    response_modalities: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    speech_config: Option<SpeechConfig<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_config: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_config: Option<ThinkingConfig>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SpeechConfig<'a> {
    voice_config: VoiceConfig<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VoiceConfig<'a> {
    prebuilt_voice_config: Voice<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Voice<'a> {
    voice_name: &'a str,
}

/// What `request` and its `extras` ask for.
pub(super) fn write<'a>(
    request: &'a ChatRequest<'_>,
    traits: &ModelTraits,
    extras: &'a Extras<'_>,
    dropped: &mut Dropped,
) -> Settings<'a> {
    let mut settings = Settings::default();
    settings.sample(request, traits, dropped);
    settings.shape(request, traits, dropped);
    let prebuilt_voice_config = extras.voice.as_deref().map(|voice_name| Voice { voice_name });
    settings.speech_config = prebuilt_voice_config
        .map(|prebuilt_voice_config| SpeechConfig { voice_config: VoiceConfig { prebuilt_voice_config } });
    settings.response_modalities = &extras.modalities;
    settings.image_config = extras.image_config;
    let reasoning = extras.reasoning.as_ref().or(request.reasoning.as_ref());
    settings.thinking_config = reasoning.and_then(|reasoning| thinking::write(reasoning, traits, dropped));
    settings
}

impl<'a> Settings<'a> {
    fn sample(&mut self, request: &ChatRequest<'_>, traits: &ModelTraits, dropped: &mut Dropped) {
        let sampling = &request.sampling;
        let mut keep = Keep { traits, dropped };
        self.temperature = keep.sampled(sampling.temperature, "temperature");
        self.temperature = self.temperature.map(|heat| heat.min(traits.max_temperature));
        self.top_p = keep.sampled(sampling.top_p, "top_p");
        self.top_k = keep.sampled(sampling.top_k, "top_k");
        self.presence_penalty = keep.taken(sampling.presence_penalty, "presence_penalty");
        self.frequency_penalty = keep.taken(sampling.frequency_penalty, "frequency_penalty");
        self.seed = keep.taken(sampling.seed, "seed").map(short);
        // One is what comes anyhow, and some models do not know the word.
        self.candidate_count = keep.taken(sampling.choices.filter(|count| *count != 1), "n");
        self.response_logprobs = keep.taken(sampling.logprobs, "logprobs").unwrap_or(false);
        self.logprobs = keep.taken(sampling.top_logprobs, "top_logprobs");
        self.logprobs = self.logprobs.filter(|count| self.response_logprobs && *count > 0);
        dropped.note_if(sampling.logit_bias.is_some(), "logit_bias");
    }

    fn shape(&mut self, request: &'a ChatRequest<'_>, traits: &ModelTraits, dropped: &mut Dropped) {
        let most = traits.max_output.unwrap_or(u64::MAX);
        self.max_output_tokens = request.max_output.map(|tokens| tokens.min(most));
        dropped.note_if(request.stop.len() > MAX_STOPS, "stop");
        self.stop_sequences = request.stop.iter().take(MAX_STOPS).map(AsRef::as_ref).collect();
        let (wants_json, schema) = match &request.format {
            None | Some(Format::Text) => (false, None),
            Some(Format::JsonObject) => (true, None),
            Some(Format::JsonSchema { schema, .. }) => (true, *schema),
        };
        dropped.note_if(schema.is_some() && !traits.json_schema, "response_format");
        self.response_mime_type = wants_json.then_some("application/json");
        self.response_json_schema = schema.filter(|_| traits.json_schema);
    }
}

struct Keep<'t> {
    traits: &'t ModelTraits,
    dropped: &'t mut Dropped,
}

impl Keep<'_> {
    fn sampled<T>(&mut self, value: Option<T>, field: &'static str) -> Option<T> {
        match self.traits.sampling {
            true => self.taken(value, field),
            false => self.leave(value, field),
        }
    }

    fn taken<T>(&mut self, value: Option<T>, field: &'static str) -> Option<T> {
        // These models think whether they are told to or not.
        match self.traits.refuses(field, true) {
            true => self.leave(value, field),
            false => value,
        }
    }

    fn leave<T>(&mut self, value: Option<T>, field: &'static str) -> Option<T> {
        self.dropped.note_if(value.is_some(), field);
        None
    }
}

fn short(seed: i64) -> i64 {
    if i32::try_from(seed).is_ok() { seed } else { seed & SEED_BITS }
}
