//! The scanner beside serde_json: the same texts pass, in the same pieces.

use crate::dialect::scan::plain::plain;
use crate::dialect::scan::*;
use proptest::prelude::*;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

fn names_and_values(text: &str) -> Result<Vec<(String, &str)>, BadJson> {
    members(text).map(|member| member.map(|(name, value)| (name.into_owned(), value))).collect()
}

/// What serde_json makes of `text` as a value inside a list; the last of equal names counts there.
fn judged(text: &str) -> bool {
    let list = format!("[{text}]");
    let ours = elements(&list).collect::<Result<Vec<_>, _>>();
    let theirs = serde_json::from_str::<Vec<&RawValue>>(&list);
    match (&ours, &theirs) {
        (Ok(ours), Ok(theirs)) => {
            assert_eq!(*ours, theirs.iter().map(|raw| raw.get()).collect::<Vec<_>>(), "{list}");
        }
        (ours, theirs) => assert_eq!(ours.is_ok(), theirs.is_ok(), "{list}: {ours:?} {theirs:?}"),
    }
    ours.is_ok()
}

#[test]
fn members_come_in_order_with_their_names_read() {
    let text = r#" { "a" : [1, {"b":"]}"}] , "m\u006fdel":"x\"y" ,"":-1.5e+3,"a":null } "#;
    let seen = names_and_values(text).unwrap();
    let seen: Vec<(&str, &str)> = seen.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let expected = [("a", r#"[1, {"b":"]}"}]"#), ("model", r#""x\"y""#), ("", "-1.5e+3"), ("a", "null")];
    assert_eq!(seen, expected);
    assert_eq!(names_and_values("{ }"), Ok(vec![]));
    assert_eq!(elements(" [ ] ").count(), 0);
}

#[test]
fn what_is_no_json_is_refused_where_it_stops_being_it() {
    for (text, at) in [
        ("", 0),
        ("[]", 0),
        ("{", 1),
        ("{}x", 2),
        (r#"{"a"}"#, 4),
        (r#"{"a":}"#, 5),
        (r#"{"a":1,}"#, 7),
        (r#"{"a":1 "b":2}"#, 7),
        (r#"{"a":[1}"#, 7),
        (r#"{"a":[1,]}"#, 8),
        (r#"{"a":{"b":1]}"#, 11),
        (r#"{"a":"b"#, 7),
        (r#"{"a":"\x"}"#, 7),
        ("{\"a\":\"\n\"}", 6),
        (r#"{"a":01}"#, 6),
        (r#"{"a":nul}"#, 5),
    ] {
        let mut members = members(text);
        let bad = members.find_map(Result::err);
        assert_eq!(bad, Some(BadJson { at }), "{text}");
        assert!(members.next().is_none(), "{text}");
    }
}

#[test]
fn what_is_no_string_says_nothing() {
    for written in ["1", "null", "[]", "{\"a\":\"b\"}", "\"\\ud800\""] {
        assert_eq!(said_in(written), None, "{written}");
    }
    assert!(matches!(said_in("\"é\""), Some(Cow::Borrowed("é"))));
    assert!(matches!(said_in("\"\\u00e9\""), Some(Cow::Owned(text)) if text == "é"));
}

#[test]
fn nesting_has_no_bound_and_is_checked_at_every_depth() {
    for depth in [1, 62, 63, 64, 65, 126, 127, 128, 129, 1000] {
        let open: String = (0..depth).map(|level| if level % 3 == 0 { "[" } else { "{\"a\":" }).collect();
        let close: String = (0..depth).rev().map(|level| if level % 3 == 0 { ']' } else { '}' }).collect();
        let text = format!("[{open}1{close}]");
        assert_eq!(elements(&text).collect::<Vec<_>>(), [Ok(&text[1..text.len() - 1])], "{depth}");
        for wrong in [0, depth / 2, depth - 1] {
            let mut close = close.clone().into_bytes();
            close[wrong] = if close[wrong] == b']' { b'}' } else { b']' };
            let text = format!("[{open}1{}]", String::from_utf8(close).unwrap());
            assert!(elements(&text).next().unwrap().is_err(), "{depth} {wrong}");
        }
    }
}

#[test]
fn a_special_sign_is_found_wherever_it_stands_and_whatever_stands_around_it() {
    for length in (0..40).chain(90..100) {
        assert_eq!(plain(&vec![0xff; length], 0), length);
        for special in [0, 0x1f, b'"', b'\\'] {
            for at in 0..length {
                for other in [b' ', b'!', b'#', b'[', b']', 0x7f, 0x80, 0xa2, 0xdc, 0xff] {
                    let mut bytes = vec![other; length];
                    bytes[at] = special;
                    bytes[length - 1] = special;
                    assert_eq!(plain(&bytes, 0), at, "{special} among {other} in {length}");
                    assert_eq!(plain(&bytes, at), at);
                }
            }
        }
    }
}

#[test]
fn every_byte_is_special_or_not_alike_among_others_and_alone() {
    for byte in 0..=u8::MAX {
        let special = byte < b' ' || byte == b'"' || byte == b'\\';
        let end = usize::from(!special);
        assert_eq!(plain(&[byte], 0), end, "{byte}");
        assert_eq!(plain(&[byte, b'"', 0, 0, 0, 0, 0, 0], 0), end, "{byte}");
    }
}

/// JSON that often is none: pieces of it in any order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\"a\"",
        "\"a\":",
        "\"\\u00e9\":",
        "\\",
        "\\u12",
        "\\ud800",
        "\\n",
        "é",
        " ",
        "\n      ",
        "\t",
        "\u{b}",
        "\u{1}",
        "0",
        "1",
        "-",
        "-1",
        ".5",
        "e",
        "E+7",
        "1.0e-3",
        "true",
        "false",
        "null",
        "nul",
        "\u{7f}",
    ]);
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// JSON, written with or without space.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|members| members.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

/// A string that is long in places, as it is written.
fn written() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        ".{0,12}",
        (0..90usize).prop_map(|length| "é".repeat(length)),
        (0..90usize).prop_map(|length| "a".repeat(length)),
        prop::sample::select(vec![
            "\\",
            "\"",
            "\\\"",
            "\\n",
            "\\u00e9",
            "\\ud83d\\ude00",
            "\\ud800",
            "\u{1f}",
            "\n"
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

proptest! {
    #[test]
    fn a_string_of_any_length_is_judged_and_read_as_serde_does_it(text in written(), behind in "[ \t\n]{0,9}") {
        let list = format!("[{text}{behind}]");
        let theirs: Option<Vec<&RawValue>> = serde_json::from_str(&list).ok();
        let ours: Option<Vec<&str>> = elements(&list).map(Result::ok).collect();
        prop_assert_eq!(&ours, &theirs.map(|raws| raws.into_iter().map(RawValue::get).collect()));
        for written in ours.unwrap_or_default() {
            let said = serde_json::from_str::<String>(written).ok();
            prop_assert_eq!(said_in(written).map(Cow::into_owned), said.clone());
            let mut slot = None;
            let filled = Reader::new(written).fill_text(&mut slot);
            prop_assert_eq!((filled.is_ok(), slot.as_deref()), (said.is_some(), said.as_deref()));
            let object = format!("{{{written}:{written}}}");
            let name = said.clone().unwrap_or_default();
            prop_assert_eq!(names_and_values(&object), Ok(vec![(name, written)]));
        }
    }

    #[test]
    fn what_is_skipped_is_what_would_have_been_read(text in pieces()) {
        let list = format!("[{text}]");
        let (mut read, mut skipped) = (Reader::new(&list), Reader::new(&list));
        let value = read.value();
        prop_assert_eq!(skipped.skip(), value.map(|_| ()));
        if value.is_ok() {
            prop_assert_eq!(skipped.end(), read.end());
        }
    }

    #[test]
    fn any_text_is_judged_as_serde_judges_it(text in pieces()) {
        judged(&text);
        let as_object = format!("{{\"k\":{text}}}");
        let theirs = serde_json::from_str::<BTreeMap<String, &RawValue>>(&as_object);
        // serde reads every name of a map, and refuses one that is half a surrogate pair.
        if !text.contains("\\ud800") {
            prop_assert_eq!(names_and_values(&as_object).is_ok(), theirs.is_ok());
        }
    }

    #[test]
    fn any_json_passes_in_its_pieces_and_no_part_of_it_does(value in json(), pretty: bool, cut: prop::sample::Index) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
        let text = text.unwrap();
        prop_assert!(judged(&text));
        let cut = cut.index(text.len());
        if text.is_char_boundary(cut) {
            judged(&text[..cut]);
            judged(&format!("{}{}", &text[..cut], &text[cut + text[cut..].chars().next().map_or(0, char::len_utf8)..]));
        }
        if value.is_object() {
            let theirs: BTreeMap<String, &RawValue> = serde_json::from_str(&text).unwrap();
            let theirs = theirs.into_iter().map(|(name, raw)| (name, raw.get())).collect::<Vec<_>>();
            let mut ours = names_and_values(&text).unwrap();
            ours.sort();
            prop_assert_eq!(ours, theirs);
        }
    }
}
