//! The `options` of a request: everything that steers how a model draws its words.

use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Dropped;
use crate::dialect::side::Target;
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Options by their names. The length of the context is set only where the client says it: a larger one than the
/// machine has room for would push the model out of its graphics card.
pub type Options<'a> = BTreeMap<Cow<'a, str>, Setting<'a>>;

/// One option.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Setting<'a> {
    Number(f64),
    Count(u64),
    Seed(i64),
    Texts(&'a [Cow<'a, str>]),
    /// As the client wrote it.
    Own(&'a RawValue),
}

/// Where a client may give all of Ollama's options at once.
const ALL: &str = "options";

/// Options that clients give beside OpenAI's.
const OWN: [&str; 5] = ["num_ctx", "min_p", "typical_p", "repeat_penalty", "repeat_last_n"];

/// Whether a field of the client's request becomes part of the options.
pub fn is_one(name: &str) -> bool {
    name == ALL || OWN.contains(&name)
}

/// The options of a request; what the hub knows of wins over what the client gives in Ollama's words.
pub fn of<'a>(request: &'a ChatRequest<'_>, target: &Target<'_>, dropped: &mut Dropped) -> Options<'a> {
    let mut options = own(request, dropped);
    let sampling = &request.sampling;
    let limit = target.traits.max_output.unwrap_or(u64::MAX);
    let stop = Some(request.stop.as_slice()).filter(|stop| !stop.is_empty());
    let said = [
        ("num_predict", request.max_output.map(|tokens| Setting::Count(tokens.min(limit)))),
        ("temperature", sampling.temperature.map(Setting::Number)),
        ("top_p", sampling.top_p.map(Setting::Number)),
        ("top_k", sampling.top_k.map(Setting::Count)),
        ("seed", sampling.seed.map(Setting::Seed)),
        ("frequency_penalty", sampling.frequency_penalty.map(Setting::Number)),
        ("presence_penalty", sampling.presence_penalty.map(Setting::Number)),
        ("stop", stop.map(Setting::Texts)),
    ];
    options.extend(said.into_iter().filter_map(|(name, setting)| Some((Cow::Borrowed(name), setting?))));
    options
}

fn own<'a>(request: &ChatRequest<'a>, dropped: &mut Dropped) -> Options<'a> {
    let mut options = Options::new();
    if let Some(all) = request.extra(ALL) {
        match serde_json::from_str::<BTreeMap<String, &'a RawValue>>(all.get()) {
            Ok(all) => {
                options.extend(all.into_iter().map(|(name, raw)| (Cow::Owned(name), Setting::Own(raw))));
            }
            Err(_) => dropped.note(ALL),
        }
    }
    for name in OWN {
        if let Some(raw) = request.extra(name) {
            options.insert(Cow::Borrowed(name), Setting::Own(raw));
        }
    }
    options
}
