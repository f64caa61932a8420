//! A chat request as a certain model takes it: what it refuses is left out, the rest keeps its bytes.

use crate::dialect::hub::Dropped;
use crate::dialect::hub::Effort;
use crate::dialect::hub::MaxTokensName;
use crate::dialect::hub::ModelTraits;
use crate::dialect::openai::fields::Fields;
use crate::dialect::operation::Operation;
use std::borrow::Cow;

const SAMPLING: [&str; 3] = ["temperature", "top_p", "top_k"];
const MAX: (&str, &str) = ("max_tokens", "max_completion_tokens");

/// `body` as a model with `traits` takes it; `None` where it may stay as it is.
pub fn adapted(
    operation: Operation,
    body: &[u8],
    traits: &ModelTraits,
    dropped: &mut Dropped,
) -> Option<Vec<u8>> {
    if operation != Operation::ChatCompletions || traits.takes_all() {
        return None;
    }
    let mut fields: Fields<'_> = serde_json::from_slice(body).ok()?;
    let effort = fields.find("reasoning_effort").and_then(|raw| Effort::of_word(raw.get().trim_matches('"')));
    let reasons = traits.reasons(effort);
    fields.0.retain(|(name, value)| {
        let refused = traits.refuses(name, reasons) || is_refused_sampling(name, traits, reasons);
        dropped.note_if(refused && value.get() != "null", name.as_ref());
        !refused
    });
    rename_limit(&mut fields, traits.max_tokens_name);
    Some(written(&fields, traits))
}

fn is_refused_sampling(name: &str, traits: &ModelTraits, reasons: bool) -> bool {
    let takes = traits.sampling && !(traits.sampling_needs_no_reasoning && reasons);
    !takes && SAMPLING.contains(&name)
}

/// The limit under the name the model knows. Where both are given the newer one counts.
fn rename_limit(fields: &mut Fields<'_>, name: MaxTokensName) {
    let (from, to) = match name {
        MaxTokensName::Either => return,
        MaxTokensName::MaxCompletionTokens => MAX,
        MaxTokensName::MaxTokens => (MAX.1, MAX.0),
    };
    if fields.find(MAX.1).is_some() {
        fields.0.retain(|(name, _)| name != MAX.0);
    }
    for (name, _) in fields.0.iter_mut().filter(|(name, _)| name == from) {
        *name = Cow::Borrowed(to);
    }
}

fn written(fields: &Fields<'_>, traits: &ModelTraits) -> Vec<u8> {
    let mut out = vec![b'{'];
    for (name, value) in &fields.0 {
        if out.len() > 1 {
            out.push(b',');
        }
        // A string can always be written.
        out.extend(serde_json::to_vec(name).unwrap_or_default());
        out.push(b':');
        out.extend_from_slice(limited(name, value.get(), traits).as_bytes());
    }
    out.push(b'}');
    out
}

/// A value within what the model knows.
fn limited<'v>(name: &str, value: &'v str, traits: &ModelTraits) -> Cow<'v, str> {
    match name {
        "reasoning_effort" => {
            let asked = Effort::of_word(value.trim_matches('"'));
            let nearest = asked.and_then(|effort| effort.nearest(traits.efforts));
            nearest.map_or(Cow::Borrowed(value), |effort| format!("\"{}\"", effort.word()).into())
        }
        "temperature" => match value.parse::<f64>() {
            Ok(asked) if asked > traits.max_temperature => traits.max_temperature.to_string().into(),
            Ok(_) | Err(_) => Cow::Borrowed(value),
        },
        _ => Cow::Borrowed(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adapt(body: &str, traits: &ModelTraits) -> (Option<String>, Vec<String>) {
        let mut dropped = Dropped::default();
        let adapted = adapted(Operation::ChatCompletions, body.as_bytes(), traits, &mut dropped);
        (adapted.map(|bytes| String::from_utf8(bytes).unwrap()), dropped.names().to_vec())
    }

    const REASONER: ModelTraits = ModelTraits {
        sampling_needs_no_reasoning: true,
        efforts: &[Effort::None, Effort::Low, Effort::High],
        default_effort: Some(Effort::High),
        max_tokens_name: MaxTokensName::MaxCompletionTokens,
        refuses: &["stop"],
        refuses_reasoning: &["logprobs"],
        ..ModelTraits::UNKNOWN
    };

    #[test]
    fn a_model_that_takes_everything_gets_the_clients_bytes() {
        assert_eq!(adapt(r#"{"temperature":2,"max_tokens":3}"#, &ModelTraits::UNKNOWN), (None, vec![]));
    }

    #[test]
    fn what_is_refused_is_left_out_and_the_rest_keeps_its_bytes() {
        let body = r#"{"model":"m","x":{ "y" : 1.50 },"max_tokens":9,"stop":["a"],"temperature":1,"logprobs":true,"reasoning_effort":"max"}"#;
        let (adapted, dropped) = adapt(body, &REASONER);
        let expected =
            r#"{"model":"m","x":{ "y" : 1.50 },"max_completion_tokens":9,"reasoning_effort":"high"}"#;
        assert_eq!(adapted.as_deref(), Some(expected));
        assert_eq!(dropped, ["stop", "temperature", "logprobs"]);
    }

    #[test]
    fn without_reasoning_more_may_be_said() {
        let body = r#"{"temperature":1,"logprobs":true,"reasoning_effort":"none"}"#;
        assert_eq!(adapt(body, &REASONER), (Some(body.to_owned()), vec![]));
    }

    #[test]
    fn the_newer_limit_counts_where_both_are_given() {
        let body = r#"{"max_tokens":1,"max_completion_tokens":2}"#;
        assert_eq!(adapt(body, &REASONER).0.as_deref(), Some(r#"{"max_completion_tokens":2}"#));
        let older = ModelTraits { max_tokens_name: MaxTokensName::MaxTokens, ..ModelTraits::UNKNOWN };
        assert_eq!(adapt(body, &older).0.as_deref(), Some(r#"{"max_tokens":2}"#));
    }
}
