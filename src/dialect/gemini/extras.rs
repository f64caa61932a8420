//! What clients say beside the common fields: sound and pictures in answers, safety, caches.

use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::Effort;
use crate::dialect::hub::Reasoning;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The extras that there are words for.
#[derive(Default)]
pub(super) struct Extras<'a> {
    /// In capitals.
    pub(super) modalities: Vec<String>,
    pub(super) voice: Option<Cow<'a, str>>,
    pub(super) image_config: Option<&'a RawValue>,
    pub(super) safety_settings: Option<&'a RawValue>,
    pub(super) cached_content: Option<&'a RawValue>,
    /// Said in the vendor's own words.
    pub(super) reasoning: Option<Reasoning<'a>>,
}

/// OpenAI's `audio`.
#[derive(Deserialize)]
struct Audio<'a> {
    #[serde(borrow)]
    voice: Cow<'a, str>,
    format: Option<String>,
}

/// `extra_body` of the vendor's OpenAI-compatible endpoint (vendors.md §5.8).
#[derive(Deserialize)]
struct ExtraBody<'a> {
    #[serde(borrow)]
    google: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Google<'a> {
    thinking_config: Option<Thinking>,
    #[serde(borrow)]
    cached_content: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Thinking {
    include_thoughts: Option<bool>,
    /// -1 leaves it to the model.
    thinking_budget: Option<i64>,
    thinking_level: Option<String>,
}

/// The extras of `request`; what is not known, or cannot be read, is noted.
pub(super) fn read<'a>(request: &'a ChatRequest<'_>, dropped: &mut Dropped) -> Extras<'a> {
    let mut extras = Extras::default();
    for (name, raw) in &request.extras {
        if extras.take(name, raw, dropped).is_none() {
            dropped.note(&**name);
        }
    }
    extras
}

impl<'a> Extras<'a> {
    fn take(&mut self, name: &str, raw: &'a RawValue, dropped: &mut Dropped) -> Option<()> {
        match name {
            "modalities" => {
                let words: Vec<String> = serde_json::from_str(raw.get()).ok()?;
                self.modalities = words.iter().map(|word| word.to_ascii_uppercase()).collect();
            }
            "audio" => {
                let audio: Audio<'a> = serde_json::from_str(raw.get()).ok()?;
                // Sound comes in one format only.
                dropped.note_if(audio.format.is_some_and(|format| format != "pcm16"), "audio.format");
                self.voice = Some(audio.voice);
            }
            "image_config" => self.image_config = Some(raw),
            "safety_settings" | "safetySettings" => self.safety_settings = Some(raw),
            "cached_content" | "cachedContent" => self.cached_content = Some(raw),
            "extra_body" => {
                let body: ExtraBody<'a> = serde_json::from_str(raw.get()).ok()?;
                self.google(body.google?)?;
            }
            "google" => self.google(raw)?,
            // Usage comes with every stream.
            "stream_options" => {}
            _ => return None,
        }
        Some(())
    }

    fn google(&mut self, raw: &'a RawValue) -> Option<()> {
        let google: Google<'a> = serde_json::from_str(raw.get()).ok()?;
        self.cached_content = google.cached_content.or(self.cached_content);
        if let Some(thinking) = google.thinking_config {
            self.reasoning = Some(Reasoning {
                effort: thinking.thinking_level.and_then(|word| Effort::of_word(&word.to_ascii_lowercase())),
                budget: thinking.thinking_budget.and_then(|tokens| tokens.try_into().ok()),
                show: thinking.include_thoughts,
                summary: None,
            });
        }
        Some(())
    }
}
