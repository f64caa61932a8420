//! Which requests are the same, and which are not.

use super::*;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::fmt::Write;

fn key(body: &str) -> Option<CacheKey> {
    cache_key("tenant", "chat", "m", body.as_bytes())
}

fn assert_same(a: &str, b: &str) {
    assert!(key(a).is_some(), "{a} has no key");
    assert_eq!(key(a), key(b), "{a} and {b} are the same request");
}

fn assert_differ(a: &str, b: &str) {
    assert!(key(a).is_some() && key(b).is_some(), "{a} or {b} has no key");
    assert_ne!(key(a), key(b), "{a} and {b} are two requests");
}

#[test]
fn how_a_body_is_written_does_not_matter() {
    assert_same(r#"{"a":1,"b":{"c":2,"d":[1,2]}}"#, " {\n\"b\" : {\"d\":[ 1,2 ],\"c\":2}, \"a\":1 }\r\n");
    assert_same(r#"{"a":"é/\n"}"#, r#"{"\u0061":"\u00e9\/\u000a"}"#);
}

#[test]
fn how_an_answer_is_delivered_and_the_name_in_the_body_do_not_matter() {
    let long = r#"{"model":"alias","stream":true,"stream_options":{"include_usage":true},"messages":[]}"#;
    assert_same(long, r#"{"messages":[]}"#);
    assert_differ(r#"{"a":{"stream":true}}"#, r#"{"a":{}}"#);
}

#[test]
fn scope_operation_and_model_each_count() {
    let body = b"{}".as_slice();
    let base = cache_key("ab", "c", "d", body);
    for (scope, operation, model) in [("a", "bc", "d"), ("ab", "", "cd"), ("ab", "c", "e"), ("x", "c", "d")] {
        assert_ne!(cache_key(scope, operation, model, body), base, "{scope}|{operation}|{model}");
    }
}

#[test]
fn values_of_different_kinds_never_meet() {
    let values = [
        "1", "\"1\"", "1.0", "-1", "true", "\"true\"", "null", "\"null\"", "\"\"", "[]", "{}", "[1]",
        "[[1]]", "0", "false",
    ];
    for (at, a) in values.iter().enumerate() {
        for b in &values[at + 1..] {
            assert_differ(&format!("{{\"a\":{a}}}"), &format!("{{\"a\":{b}}}"));
        }
    }
    assert_differ(r#"{"a":null}"#, "{}");
    assert_differ(r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#);
    assert_differ(r#"{"a":["b","c"]}"#, r#"{"a":["bc"]}"#);
    assert_differ(r#"{"a":{"b":1},"c":2}"#, r#"{"a":{"b":1,"c":2}}"#);
}

#[test]
fn seeds_that_differ_in_the_last_bit_are_told_apart() {
    assert_differ(r#"{"seed":18446744073709551615}"#, r#"{"seed":18446744073709551614}"#);
    assert_differ(r#"{"seed":-9223372036854775808}"#, r#"{"seed":-9223372036854775807}"#);
}

#[test]
fn what_cannot_be_told_apart_safely_has_no_key() {
    let deep = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
    assert!(key(&deep(64)).is_some(), "64 levels are allowed");
    let deeper = deep(65);
    let bad = [
        deeper.as_str(),
        "",
        "[]",
        "\"{}\"",
        "null",
        "{} {}",
        "{\"a\":",
        r#"{"a":1,"b":2,"a":1}"#,
        r#"{"m":[{"a":1,"\u0061":2}]}"#,
        r#"{"model":"a","model":"b"}"#,
        r#"{"seed":18446744073709551616}"#,
        r#"{"seed":-9223372036854775809}"#,
        r#"{"a":1e400}"#,
        r#"{"a":"\ud800"}"#,
    ];
    for body in bad {
        assert_eq!(key(body), None, "{body}");
    }
    assert_eq!(cache_key("s", "o", "m", b"{\"a\":\"\xff\"}"), None);
}

#[test]
fn a_temperature_of_zero_or_a_seed_asks_for_the_same_answer() {
    for body in [r#"{"temperature":0}"#, r#"{"temperature":0.0,"seed":null}"#, r#"{"seed":7}"#] {
        assert!(is_deterministic(body.as_bytes()), "{body}");
    }
    for body in ["{}", r#"{"temperature":0.1}"#, r#"{"temperature":null,"seed":null}"#, "x"] {
        assert!(!is_deterministic(body.as_bytes()), "{body}");
    }
}

proptest! {
    #[test]
    fn shuffled_keys_and_white_space_keep_the_key(body in body(), seed in any::<u64>()) {
        let written = shuffled(&body, &mut { seed });
        prop_assert_eq!(key(&written), key(&body.to_string()));
        prop_assert!(key(&written).is_some());
    }

    #[test]
    fn changing_any_value_changes_the_key(body in body(), other in leaf(), at in any::<prop::sample::Index>()) {
        let mut changed = body.clone();
        let mut places = Vec::new();
        leaves(&mut changed, &mut places);
        prop_assume!(!places.is_empty());
        let place = at.index(places.len());
        prop_assume!(*places[place] != other);
        *places[place] = other;
        prop_assert_ne!(key(&changed.to_string()), key(&body.to_string()));
    }
}

/// Numbers are quarters, so that reading them back is exact.
fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i32>().prop_map(|n| json!(f64::from(n) / 4.0)),
        "\\PC{0,8}".prop_map(Value::from),
    ]
}

fn body() -> impl Strategy<Value = Value> {
    let value = leaf().prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("[a-e]{1,2}", inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    prop::collection::btree_map("[a-z]{1,3}", value, 0..6)
        .prop_map(|map| Value::Object(map.into_iter().collect()))
}

fn leaves<'v>(value: &'v mut Value, found: &mut Vec<&'v mut Value>) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(|v| leaves(v, found)),
        Value::Object(map) => map.values_mut().for_each(|v| leaves(v, found)),
        leaf => found.push(leaf),
    }
}

fn shuffled(value: &Value, seed: &mut u64) -> String {
    match value {
        Value::Array(list) => {
            let items: Vec<String> = list.iter().map(|v| shuffled(v, seed)).collect();
            format!("[{}{}]", items.join(&format!("{},", space(seed))), space(seed))
        }
        Value::Object(map) => shuffled_object(map, seed),
        leaf => leaf.to_string(),
    }
}

fn shuffled_object(map: &Map<String, Value>, seed: &mut u64) -> String {
    let mut entries: Vec<_> = map.iter().map(|entry| (next(seed), entry)).collect();
    entries.sort_by_key(|(order, _)| *order);
    let mut out = String::from("{");
    for (n, (_, (key, value))) in entries.into_iter().enumerate() {
        let comma = if n > 0 { "," } else { "" };
        let written = shuffled(value, seed);
        write!(out, "{comma}{}{}:{}{written}", space(seed), json!(key), space(seed))
            .expect("a string takes all");
    }
    out + "}"
}

fn space(seed: &mut u64) -> &'static str {
    ["", " ", "\n", "\t "][(next(seed) % 4) as usize]
}

fn next(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
}
