//! The scanner of JSON beside serde_json: the same texts pass, in the same pieces.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use tollgate::dialect::scan::elements;
use tollgate::dialect::scan::members;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    as_list(text);
    as_list(&format!("[{text}]"));
    as_object(text);
    as_object(&format!("{{\"a\":{text}}}"));
});

fn as_list(text: &str) {
    let ours: Option<Vec<&str>> = elements(text).map(Result::ok).collect();
    let theirs: Option<Vec<&RawValue>> = serde_json::from_str(text).ok();
    let theirs = theirs.map(|raws| raws.into_iter().map(RawValue::get).collect());
    assert_eq!(ours, theirs, "{text}");
}

/// As maps: which of two equal names counts is the reader's business.
fn as_object(text: &str) {
    let ours: Option<Vec<_>> = members(text).map(Result::ok).collect();
    let ours =
        ours.map(|members| members.into_iter().map(|(name, value)| (name.into_owned(), value)).collect());
    let theirs: Option<BTreeMap<String, &RawValue>> = serde_json::from_str(text).ok();
    let theirs = theirs.map(|members| members.into_iter().map(|(name, raw)| (name, raw.get())).collect());
    // serde refuses a name that is half a surrogate pair; ours is empty then.
    let is_half = |ours: &BTreeMap<String, &str>| theirs.is_none() && ours.contains_key("");
    assert!(ours == theirs || ours.as_ref().is_some_and(is_half), "{text}: {ours:?} {theirs:?}");
}
