//! JSON Schemas as Anthropic takes them: objects closed, keywords it does not know left out (vendors.md §4.4).

use crate::dialect::anthropic::json;
use crate::dialect::anthropic::json::Object;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// How deep a schema is looked into; what lies deeper stays as it is.
const DEEPEST: usize = 64;

/// What the grammar behind structured answers cannot hold a model to.
const UNKNOWN: &[&str] = &[
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "patternProperties",
    "propertyNames",
    "minProperties",
    "maxProperties",
    "maxItems",
    "uniqueItems",
    "contains",
    "minContains",
    "maxContains",
    "if",
    "then",
    "else",
    "not",
    "dependentRequired",
    "dependentSchemas",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// A schema that a model can be held to.
pub(super) fn closed(schema: &RawValue) -> Cow<'static, RawValue> {
    let mut out = Vec::with_capacity(schema.get().len() + 64);
    rewrite(schema, 0, &mut out);
    json::owned(out)
}

/// The schema of a tool's arguments: always an object.
pub(super) fn of_tool<'a>(parameters: Option<&'a RawValue>, strict: bool) -> Cow<'a, RawValue> {
    let typed = match parameters.and_then(|raw| Some((raw, Object::read(raw)?))) {
        Some((raw, object)) if object.find("type").is_some() => Cow::Borrowed(raw),
        Some((_, object)) => typed(&object),
        None => json::owned(br#"{"type":"object","properties":{}}"#.to_vec()),
    };
    if strict { closed(&typed) } else { typed }
}

fn typed(object: &Object<'_>) -> Cow<'static, RawValue> {
    let mut out = br#"{"type":"object""#.to_vec();
    for (key, value) in &object.0 {
        name(key, false, &mut out);
        out.extend_from_slice(value.get().as_bytes());
    }
    out.push(b'}');
    json::owned(out)
}

fn rewrite(schema: &RawValue, depth: usize, out: &mut Vec<u8>) {
    match Object::read(schema).filter(|_| depth < DEEPEST) {
        Some(object) => rewrite_object(&object, depth, out),
        None => out.extend_from_slice(schema.get().as_bytes()),
    }
}

fn rewrite_object(object: &Object<'_>, depth: usize, out: &mut Vec<u8>) {
    let closes = is_object(object);
    let known = object.0.iter().filter(|(key, value)| {
        let open = closes && key == "additionalProperties";
        let twice = key == "oneOf" && object.find("anyOf").is_some();
        !(open || twice || UNKNOWN.contains(&key.as_ref()) || (key == "minItems" && !is_few(value)))
    });
    out.push(b'{');
    let mut first = true;
    for (key, value) in known {
        name(if key == "oneOf" { "anyOf" } else { key }, std::mem::take(&mut first), out);
        match key.as_ref() {
            "properties" | "$defs" | "definitions" => rewrite_each(value, depth + 1, out),
            "anyOf" | "oneOf" | "allOf" | "prefixItems" => rewrite_list(value, depth + 1, out),
            "items" => rewrite(value, depth + 1, out),
            _ => out.extend_from_slice(value.get().as_bytes()),
        }
    }
    if closes {
        name("additionalProperties", first, out);
        out.extend_from_slice(b"false");
    }
    out.push(b'}');
}

/// The schemas of an object whose keys are names.
fn rewrite_each(named: &RawValue, depth: usize, out: &mut Vec<u8>) {
    let Some(object) = Object::read(named) else { return out.extend_from_slice(named.get().as_bytes()) };
    out.push(b'{');
    for (at, (key, value)) in object.0.iter().enumerate() {
        name(key, at == 0, out);
        rewrite(value, depth, out);
    }
    out.push(b'}');
}

fn rewrite_list(list: &RawValue, depth: usize, out: &mut Vec<u8>) {
    let schemas: Option<Vec<&RawValue>> = serde_json::from_str(list.get()).ok();
    let Some(schemas) = schemas else { return out.extend_from_slice(list.get().as_bytes()) };
    out.push(b'[');
    for (at, schema) in schemas.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        rewrite(schema, depth, out);
    }
    out.push(b']');
}

fn name(key: &str, first: bool, out: &mut Vec<u8>) {
    if !first {
        out.push(b',');
    }
    json::put(out, key);
    out.push(b':');
}

fn is_object(object: &Object<'_>) -> bool {
    object.find("properties").is_some()
        || object.find("type").is_some_and(|kind| kind.get().contains("\"object\""))
}

fn is_few(value: &RawValue) -> bool {
    matches!(value.get(), "0" | "1")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> &RawValue {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn objects_are_closed_and_unknown_keywords_left_out_in_the_given_order() {
        let schema = r#"{"type":"object","properties":{"why":{"type":"string","maxLength":9},
            "pattern":{"type":"array","minItems":2,"items":{"properties":{"n":{"minimum":1}}}},
            "either":{"oneOf":[{"type":"object","additionalProperties":true},{"type":"null"}]}},
            "required":["why"]}"#;
        let expected = r#"{"type":"object","properties":{"why":{"type":"string"},"#.to_owned()
            + r#""pattern":{"type":"array","items":{"properties":{"n":{}},"additionalProperties":false}},"#
            + r#""either":{"anyOf":[{"type":"object","additionalProperties":false},{"type":"null"}]}},"#
            + r#""required":["why"],"additionalProperties":false}"#;
        assert_eq!(closed(raw(schema)).get(), expected);
    }

    #[test]
    fn a_schema_nested_without_end_is_cut_off_not_followed() {
        let deep = format!("{}{{}}{}", r#"{"items":"#.repeat(10_000), "}".repeat(10_000));
        assert_eq!(closed(raw(&deep)).get(), deep);
    }

    #[test]
    fn arguments_are_always_an_object() {
        assert_eq!(of_tool(None, false).get(), r#"{"type":"object","properties":{}}"#);
        assert_eq!(of_tool(Some(raw("true")), false).get(), r#"{"type":"object","properties":{}}"#);
        assert_eq!(of_tool(Some(raw("{}")), false).get(), r#"{"type":"object"}"#);
        let open = r#"{"type":"object","minProperties":1}"#;
        assert_eq!(of_tool(Some(raw(open)), false).get(), open);
        assert_eq!(of_tool(Some(raw(open)), true).get(), r#"{"type":"object","additionalProperties":false}"#);
    }
}
