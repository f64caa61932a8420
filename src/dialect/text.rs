//! JSON strings that are borrowed where they hold no escapes, and other small readings that dialects share.

use serde::Deserialize;
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A string. Unlike `Option<Cow<str>>` an `Option<Str>` borrows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Str<'a>(#[serde(borrow)] pub Cow<'a, str>);

impl<'a> From<Str<'a>> for Cow<'a, str> {
    fn from(text: Str<'a>) -> Cow<'a, str> {
        text.0
    }
}

/// What a JSON string says; `None` if `raw` is no string.
pub fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    serde_json::from_str::<Str<'_>>(raw.get()).ok().map(|text| text.0)
}

/// A JSON string appended to `out`.
pub fn quote(text: &str, out: &mut Vec<u8>) {
    // Writing a string to memory cannot fail.
    let _ = serde_json::to_writer(out, text);
}

/// A number appended to `out`.
pub fn number(number: u64, out: &mut Vec<u8>) {
    // As above.
    let _ = serde_json::to_writer(out, &number);
}

/// The media type and the base64 of a `data:` URL (RFC 2397); `None` for every other.
pub fn data_url(url: &str) -> Option<(&str, &str)> {
    let (head, data) = url.strip_prefix("data:")?.split_once(',')?;
    let kind = head.strip_suffix(";base64")?;
    Some((kind.split(';').next().unwrap_or(kind), data))
}

/// A model's or vendor's id as one of another form: its own prefix goes, `prefix` comes.
pub fn id_with(prefix: &str, id: &str) -> String {
    const PREFIXES: [&str; 6] = ["chatcmpl-", "msg_", "resp_", "toolu_", "call_", "fc_"];
    let bare = PREFIXES.iter().find_map(|known| id.strip_prefix(known)).unwrap_or(id);
    let clean = bare.chars().filter(|sign| sign.is_ascii_alphanumeric() || matches!(sign, '_' | '-'));
    let mut out = prefix.to_owned();
    out.extend(clean);
    out
}

/// Adds a text below what is there.
pub fn append_line<'a>(text: &mut Cow<'a, str>, more: Cow<'a, str>) {
    if text.is_empty() {
        *text = more;
    } else if !more.is_empty() {
        let text = text.to_mut();
        text.push('\n');
        text.push_str(&more);
    }
}

/// The JSON text of a tool's arguments as an object: empty is `{}`, and what is no object is wrapped in one.
pub fn object(arguments: &str) -> Cow<'_, str> {
    if arguments.trim().is_empty() {
        return Cow::Borrowed("{}");
    }
    let is_object = arguments.trim_start().starts_with('{')
        && serde_json::from_str::<serde::de::IgnoredAny>(arguments).is_ok();
    match is_object {
        true => Cow::Borrowed(arguments),
        false => {
            let mut wrapped = b"{\"_raw\":".to_vec();
            quote(arguments, &mut wrapped);
            wrapped.push(b'}');
            String::from_utf8(wrapped).map_or(Cow::Borrowed("{}"), Cow::Owned)
        }
    }
}

/// The JSON text `json` without the white space between its words, which some vendors lay it out with.
pub fn compact(json: &str) -> Cow<'_, str> {
    let mut outside = true;
    let mut escaped = false;
    let is_kept = |sign: &char| {
        let kept = !outside || !sign.is_ascii_whitespace();
        match sign {
            '"' if !escaped => outside = !outside,
            _ => {}
        }
        escaped = *sign == '\\' && !escaped;
        kept
    };
    let kept: String = json.chars().filter(is_kept).collect();
    match kept.len() == json.len() {
        true => Cow::Borrowed(json),
        false => Cow::Owned(kept),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_goes_where_it_says_nothing() {
        let laid_out = "{\n  \"a b\": [1, \"\\\" { \", 2.5 ],\t\"ü\": {}\r\n}";
        assert_eq!(compact(laid_out), r#"{"a b":[1,"\" { ",2.5],"ü":{}}"#);
        assert!(matches!(compact(r#"{"a":"b c"}"#), Cow::Borrowed(_)));
        assert_eq!(compact(r#"{"a": "\\"}"#), r#"{"a":"\\"}"#);
    }

    #[test]
    fn a_data_url_tells_its_kind() {
        assert_eq!(data_url("data:image/png;base64,QUI="), Some(("image/png", "QUI=")));
        assert_eq!(data_url("data:text/plain;charset=utf-8;base64,QUI="), Some(("text/plain", "QUI=")));
        assert_eq!(data_url("https://a.test/b.png"), None);
        assert_eq!(data_url("data:text/plain,hi"), None);
    }

    #[test]
    fn ids_take_the_form_of_their_dialect() {
        assert_eq!(id_with("call_", "toolu_01A"), "call_01A");
        assert_eq!(id_with("toolu_", "call_1"), "toolu_1");
        assert_eq!(id_with("chatcmpl-", "msg_9 \"x"), "chatcmpl-9x");
    }

    #[test]
    fn arguments_are_always_an_object() {
        assert_eq!(object(""), "{}");
        assert_eq!(object("{\"a\": 1}"), "{\"a\": 1}");
        assert_eq!(object("{\"a\""), "{\"_raw\":\"{\\\"a\\\"\"}");
        assert_eq!(object("[1]"), "{\"_raw\":\"[1]\"}");
    }
}
