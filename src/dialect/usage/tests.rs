//! What is read of a usage object, and what makes it worthless.

use super::*;
use proptest::prelude::*;
use serde_json::Value;
use serde_json::json;

#[test]
fn every_count_is_read() {
    let raw = r#"{"prompt_tokens":12,"completion_tokens":9,"total_tokens":21,
        "prompt_tokens_details":{"cached_tokens":4,"cache_write_tokens":2,"audio_tokens":0},
        "completion_tokens_details":{"reasoning_tokens":3,"text_tokens":6},"cost":0.001}"#;
    let usage = Usage { input: 12, cached: 4, cache_write: 2, output: 9, reasoning: 3 };
    assert_eq!(Usage::from_openai(raw), Some(usage));
    assert_eq!(usage.total(), 21);
}

#[test]
fn what_is_missing_or_null_counts_as_nothing() {
    let raw = r#"{"prompt_tokens":7,"completion_tokens":null,"prompt_tokens_details":null}"#;
    assert_eq!(Usage::from_openai(raw), Some(Usage { input: 7, ..Usage::default() }));
    assert_eq!(Usage::from_openai(" {}"), Some(Usage::default()));
}

#[test]
fn the_newer_words_for_tokens_are_read_and_seconds_are_none() {
    let raw =
        r#"{"input_tokens":3,"output_tokens":4,"total_tokens":7,"input_tokens_details":{"image_tokens":1}}"#;
    assert_eq!(Usage::from_openai(raw), Some(Usage { input: 3, output: 4, ..Usage::default() }));
    assert_eq!(Usage::from_openai(r#"{"type":"duration","seconds":9}"#), None);
}

#[test]
fn deepseek_has_its_own_word_for_cached() {
    let raw = r#"{"prompt_tokens":10,"completion_tokens":1,"prompt_cache_hit_tokens":6,"prompt_cache_miss_tokens":4}"#;
    assert_eq!(Usage::from_openai(raw).map(|u| u.cached), Some(6));
}

#[test]
fn reasoning_counted_beside_the_completion_is_part_of_the_output() {
    let raw = r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":22,
        "completion_tokens_details":{"reasoning_tokens":7}}"#;
    assert_eq!(Usage::from_openai(raw).map(|u| (u.output, u.reasoning)), Some((12, 7)));
}

#[test]
fn a_wrong_type_makes_the_whole_worthless() {
    let wrong = [
        r#"{"prompt_tokens":"12"}"#,
        r#"{"prompt_tokens":-1}"#,
        r#"{"prompt_tokens":1.5}"#,
        r#"{"prompt_tokens_details":[]}"#,
        "[1,2,3]",
        "null",
        "{",
    ];
    for raw in wrong {
        assert_eq!(Usage::from_openai(raw), None, "{raw}");
    }
}

/// Objects of counts, most of them right.
fn counts(names: &'static [&'static str], inner: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    let count = prop_oneof![
        12 => (0..9999u64).prop_map(Value::from),
        2 => Just(Value::Null),
        2 => inner,
        1 => prop::sample::select(vec![json!(u64::MAX), json!(-1), json!(1.5), json!(1e30), json!("7"), json!(true), json!([{}])]),
    ];
    let members = prop::collection::btree_map(prop::sample::select(names), count, 0..6);
    members
        .prop_map(|members| members.into_iter().map(|(name, count)| (name.to_owned(), count)).collect())
        .boxed()
}

fn told() -> BoxedStrategy<Value> {
    const DETAILS: &[&str] = &["cached_tokens", "cache_write_tokens", "reasoning_tokens", "audio_tokens"];
    const NAMES: &[&str] = &[
        "prompt_tokens",
        "completion_tokens",
        "total_tokens",
        "prompt_cache_hit_tokens",
        "prompt_tokens_details",
        "completion_tokens_details",
        "cost",
    ];
    counts(NAMES, counts(DETAILS, Just(Value::Null).boxed()))
}

/// The same from a tree.
fn of_tree(told: &Value) -> Option<Usage> {
    let count = |place: &Value, name: &str| match &place[name] {
        Value::Null => Some(None),
        count => count.as_u64().map(Some),
    };
    let (sent, made) = (&told["prompt_tokens_details"], &told["completion_tokens_details"]);
    let is_right = |details: &Value| details.is_object() || details.is_null();
    if !is_right(sent) || !is_right(made) {
        return None;
    }
    // Both stand in one table, and the prompt's come last.
    let detail = |name| Some((count(made, name)?, count(sent, name)?, sent.get(name).is_some()));
    let last = |(made, sent, is_sent): (Option<u64>, Option<u64>, bool)| if is_sent { sent } else { made };
    let (cached, written) = (last(detail("cached_tokens")?), last(detail("cache_write_tokens")?));
    let reasoning = last(detail("reasoning_tokens")?).unwrap_or(0);
    let (input, answer) =
        (count(told, "prompt_tokens")?.unwrap_or(0), count(told, "completion_tokens")?.unwrap_or(0));
    let (total, hit) = (count(told, "total_tokens")?, count(told, "prompt_cache_hit_tokens")?);
    let both = answer.saturating_add(reasoning);
    Some(Usage {
        input,
        cached: cached.or(hit).unwrap_or(0),
        cache_write: written.unwrap_or(0),
        output: if total == Some(input.saturating_add(both)) { both } else { answer },
        reasoning,
    })
}

proptest! {
    #[test]
    fn usage_is_read_as_from_a_tree_and_nothing_behind_it(told in told(), pretty: bool) {
        let raw = if pretty { serde_json::to_string_pretty(&told) } else { serde_json::to_string(&told) };
        let raw = raw.unwrap();
        prop_assert_eq!(Usage::from_openai(&raw), of_tree(&told));
        let behind = format!("{raw} 1");
        prop_assert_eq!(Usage::from_openai(&behind), None);
        let mut json = Reader::new(&behind);
        prop_assert_eq!(Usage::read(&mut json), Ok(of_tree(&told)));
        prop_assert_eq!(json.value(), Ok("1"));
    }
}
