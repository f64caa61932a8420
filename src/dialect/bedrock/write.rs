//! A chat becomes the body of a Converse request.

use crate::dialect::bedrock::fields;
use crate::dialect::bedrock::fields::Mind;
use crate::dialect::bedrock::tools;
use crate::dialect::bedrock::turns::Turns;
use crate::dialect::bedrock::wire::Block;
use crate::dialect::bedrock::wire::Body;
use crate::dialect::bedrock::wire::Tool;
use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Dropped;
use crate::dialect::side::Target;
use crate::dialect::side::Unsayable;

/// How many cache marks the models take.
const MARKS: usize = 4;
/// Fields of Converse itself that a client may name.
const OWN: [&str; 3] = ["guardrailConfig", "performanceConfig", "requestMetadata"];

/// # Errors
/// [`Unsayable`] for what Converse or the model has no words for.
pub fn write(
    request: &ChatRequest<'_>,
    target: &Target<'_>,
    dropped: &mut Dropped,
) -> Result<Vec<u8>, Unsayable> {
    let traits = target.traits;
    let mut turns = Turns::of(request, target, dropped)?;
    turns.system.extend(fields::plea(request, traits, dropped).map(|plea| Block::Text(plea.into())));
    let mut mind = Mind::of(request, traits, turns.has_lost_thoughts(), dropped);
    let [guardrail_config, performance_config, request_metadata] = OWN.map(|name| fields::own(request, name));
    let mut body = Body {
        inference_config: fields::inference(request, traits, &mind, dropped),
        tool_config: tools::config(request, target, mind.thinks, dropped),
        output_config: fields::output(request, traits, &mind),
        additional_model_request_fields: fields::additional(request, traits, &mut mind, dropped),
        service_tier: fields::tier(request, dropped),
        system: std::mem::take(&mut turns.system),
        messages: turns.messages(),
        guardrail_config,
        performance_config,
        request_metadata,
    };
    bound_marks(&mut body, dropped);
    note_unsaid(request, dropped);
    serde_json::to_vec(&body).map_err(|_| Unsayable {
        message: "a number in the request cannot be written as JSON".to_owned(),
        param: "messages",
    })
}

/// Takes away the first marks where there are too many: a later one covers more of the prompt.
fn bound_marks(body: &mut Body<'_>, dropped: &mut Dropped) {
    let is_mark = |block: &Block<'_>| matches!(block, Block::CachePoint(_));
    let is_tools_mark = |tool: &Tool<'_>| matches!(tool, Tool::CachePoint(_));
    let tools = body.tool_config.iter().flat_map(|config| &config.tools).filter(|tool| is_tools_mark(tool));
    let said = body.messages.iter().flat_map(|message| &message.content);
    let blocks = body.system.iter().chain(said).filter(|block| is_mark(block));
    let mut surplus = (tools.count() + blocks.count()).saturating_sub(MARKS);
    dropped.note_if(surplus > 0, "cache_control");
    let mut stays = |is_mark: bool| {
        let goes = is_mark && surplus > 0;
        surplus -= usize::from(goes);
        !goes
    };
    body.tool_config.iter_mut().for_each(|config| config.tools.retain(|tool| stays(is_tools_mark(tool))));
    body.system.retain(|block| stays(is_mark(block)));
    body.messages.iter_mut().for_each(|message| message.content.retain(|block| stays(is_mark(block))));
}

/// What Converse has no field for.
fn note_unsaid(request: &ChatRequest<'_>, dropped: &mut Dropped) {
    let sampling = &request.sampling;
    dropped.note_if(sampling.choices.is_some_and(|n| n > 1), "n");
    dropped.note_if(sampling.seed.is_some(), "seed");
    dropped.note_if(sampling.frequency_penalty.is_some_and(|p| p != 0.0), "frequency_penalty");
    dropped.note_if(sampling.presence_penalty.is_some_and(|p| p != 0.0), "presence_penalty");
    dropped.note_if(sampling.logit_bias.is_some(), "logit_bias");
    dropped.note_if(sampling.logprobs == Some(true), "logprobs");
    dropped.note_if(sampling.top_logprobs.is_some(), "top_logprobs");
    dropped.note_if(request.user.is_some(), "user");
    dropped.note_if(request.verbosity.is_some(), "verbosity");
    dropped.note_if(request.prompt_cache_key.is_some(), "prompt_cache_key");
    dropped.note_if(request.web_search.is_some(), "web_search_options");
    for (name, _) in request.extras.iter().filter(|(name, _)| !OWN.contains(&name.as_ref())) {
        dropped.note(name.as_ref());
    }
}
