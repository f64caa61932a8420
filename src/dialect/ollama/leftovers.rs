//! What a client may say that Ollama has no words for, and the few words of Ollama's own that it may use.

use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Dropped;
use crate::dialect::ollama::options;

/// Words of Ollama's own that stand beside the options.
const OWN: [&str; 3] = ["keep_alive", "truncate", "shift"];

/// Service tiers that ask for nothing special.
const USUAL_TIERS: [&str; 2] = ["auto", "default"];

/// Notes all that is left out, save what its place in the request decides.
pub fn note(request: &ChatRequest<'_>, dropped: &mut Dropped) {
    let sampling = &request.sampling;
    let special_tier = request.service_tier.as_deref().is_some_and(|tier| !USUAL_TIERS.contains(&tier));
    for (said, name) in [
        (sampling.choices.is_some_and(|n| n > 1), "n"),
        (sampling.logit_bias.is_some(), "logit_bias"),
        (request.parallel_tool_calls == Some(false), "parallel_tool_calls"),
        (special_tier, "service_tier"),
        (request.user.is_some(), "user"),
        (request.verbosity.is_some(), "verbosity"),
        (request.prompt_cache_key.is_some(), "prompt_cache_key"),
        (request.web_search.is_some(), "web_search_options"),
        (request.messages.iter().any(|message| message.name.is_some()), "name"),
    ] {
        dropped.note_if(said, name);
    }
    for (name, value) in &request.extras {
        let known = OWN.contains(&name.as_ref()) || options::is_one(name);
        dropped.note_if(!known && value.get() != "null", name.as_ref());
    }
}
