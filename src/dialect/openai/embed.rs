//! Embeddings as OpenAI's clients ask for them and read them (vendors.md §1.7).

use crate::dialect::bad_request::BadRequest;
use crate::dialect::bad_request::misread;
use crate::dialect::bad_request::missing;
use crate::dialect::bad_request::wrong;
use crate::dialect::hub::EmbedRequest;
use crate::dialect::hub::EmbedResponse;
use crate::dialect::openai::fields;
use crate::dialect::side::Unsayable;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Why a request for embeddings cannot be asked of a provider that speaks another dialect.
#[derive(Debug, PartialEq, Eq)]
pub enum NoTexts {
    /// Nobody could serve it.
    Bad(BadRequest),
    /// It brings tokens, which mean something only to models of one vendor.
    Tokens(Unsayable),
}

/// Reads a request.
///
/// # Errors
/// [`NoTexts`] names the field.
pub fn read(body: &[u8]) -> Result<EmbedRequest<'_>, NoTexts> {
    let said: Said<'_> = serde_json::from_slice(body).map_err(|e| NoTexts::Bad(misread(&e, &FIELDS)))?;
    let input = said.input.ok_or_else(|| NoTexts::Bad(missing("input")))?;
    Ok(EmbedRequest {
        model: text(said.model, "model")?.ok_or_else(|| NoTexts::Bad(missing("model")))?,
        inputs: inputs(input)?,
        dimensions: dimensions(said.dimensions)?,
        base64: is_base64(said.encoding_format)?,
        input_type: text(said.input_type, "input_type")?,
        user: text(said.user, "user")?,
    })
}

/// The body of an answer. `model` is the one that answered; `estimate` stands in for the tokens of the texts where
/// the vendor did not count them.
pub fn write(response: &EmbedResponse, model: &str, base64: bool, estimate: u64) -> Vec<u8> {
    let data = response.vectors.iter().enumerate().map(|(index, vector)| Embedding {
        object: "embedding",
        index,
        embedding: if base64 { Vector::Base64(packed(vector)) } else { Vector::Numbers(vector) },
    });
    let tokens = response.usage.map_or(estimate, |usage| usage.input);
    let list = List {
        object: "list",
        data: data.collect(),
        model,
        usage: Used { prompt_tokens: tokens, total_tokens: tokens },
    };
    // Strings and finite numbers cannot fail to serialise.
    serde_json::to_vec(&list).unwrap_or_default()
}

const FIELDS: [&str; 6] = ["model", "input", "dimensions", "encoding_format", "input_type", "user"];

#[derive(Deserialize)]
struct Said<'a> {
    #[serde(borrow)]
    model: Option<&'a RawValue>,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
    #[serde(borrow)]
    dimensions: Option<&'a RawValue>,
    #[serde(borrow)]
    encoding_format: Option<&'a RawValue>,
    #[serde(borrow)]
    input_type: Option<&'a RawValue>,
    #[serde(borrow)]
    user: Option<&'a RawValue>,
}

fn inputs(input: &RawValue) -> Result<Vec<Cow<'_, str>>, NoTexts> {
    if let Some(text) = fields::text(input) {
        return Ok(vec![text]);
    }
    let list = fields::elements(input).ok_or_else(|| NoTexts::Bad(wrong("input", "a string or an array")))?;
    let first = list.first().ok_or_else(|| NoTexts::Bad(wrong("input", "an array that is not empty")))?;
    if !fields::is_string(first) {
        return Err(NoTexts::Tokens(Unsayable {
            message: "this model takes texts, not tokens, as `input`; send strings".to_owned(),
            param: "input",
        }));
    }
    let texts: Option<Vec<_>> = list.into_iter().map(fields::text).collect();
    texts.ok_or_else(|| NoTexts::Bad(wrong("input", "an array of strings only")))
}

fn dimensions(said: Option<&RawValue>) -> Result<Option<u64>, NoTexts> {
    let number = said.map(|raw| raw.get().parse::<u64>().ok().filter(|number| *number > 0));
    match number {
        Some(None) => Err(NoTexts::Bad(wrong("dimensions", "a whole number above 0"))),
        Some(number) => Ok(number),
        None => Ok(None),
    }
}

fn is_base64(said: Option<&RawValue>) -> Result<bool, NoTexts> {
    match text(said, "encoding_format")?.as_deref() {
        None | Some("float") => Ok(false),
        Some("base64") => Ok(true),
        Some(_) => Err(NoTexts::Bad(wrong("encoding_format", "`float` or `base64`"))),
    }
}

fn text<'a>(said: Option<&'a RawValue>, field: &'static str) -> Result<Option<Cow<'a, str>>, NoTexts> {
    said.map(|raw| fields::text(raw).ok_or_else(|| NoTexts::Bad(wrong(field, "a string")))).transpose()
}

#[derive(Serialize)]
struct List<'a> {
    object: &'static str,
    data: Vec<Embedding<'a>>,
    model: &'a str,
    usage: Used,
}

#[derive(Serialize)]
struct Embedding<'a> {
    object: &'static str,
    index: usize,
    embedding: Vector<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Vector<'a> {
    Numbers(&'a [f32]),
    Base64(String),
}

#[derive(Serialize)]
struct Used {
    prompt_tokens: u64,
    total_tokens: u64,
}

/// Base64 of the numbers, each in four bytes with the smallest first.
fn packed(vector: &[f32]) -> String {
    let bytes: Vec<u8> = vector.iter().flat_map(|number| number.to_le_bytes()).collect();
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::usage::Usage;
    use serde_json::json;

    #[test]
    fn every_field_of_a_request_is_read() {
        let body = r#"{"model":"m","input":["a","b\n"],"dimensions":8,"encoding_format":"base64",
            "input_type":"search_query","user":"u","unknown":1}"#;
        let request = EmbedRequest {
            model: "m".into(),
            inputs: vec!["a".into(), "b\n".into()],
            dimensions: Some(8),
            base64: true,
            input_type: Some("search_query".into()),
            user: Some("u".into()),
        };
        assert_eq!(read(body.as_bytes()), Ok(request));
        let plain = EmbedRequest { model: "m".into(), inputs: vec!["a".into()], ..EmbedRequest::default() };
        assert_eq!(read(br#"{"model":"m","input":"a","dimensions":null,"user":null}"#), Ok(plain));
    }

    #[test]
    fn a_bad_field_is_named() {
        let table = [
            (r#"{"input":"a"}"#, "model"),
            (r#"{"model":3,"input":"a"}"#, "model"),
            (r#"{"model":"m"}"#, "input"),
            (r#"{"model":"m","input":3}"#, "input"),
            (r#"{"model":"m","input":[]}"#, "input"),
            (r#"{"model":"m","input":["a",3]}"#, "input"),
            (r#"{"model":"m","input":"a","input":"b"}"#, "input"),
            (r#"{"model":"m","input":"a","dimensions":0}"#, "dimensions"),
            (r#"{"model":"m","input":"a","dimensions":1.5}"#, "dimensions"),
            (r#"{"model":"m","input":"a","encoding_format":"hex"}"#, "encoding_format"),
        ];
        for (body, field) in table {
            match read(body.as_bytes()) {
                Err(NoTexts::Bad(bad)) => assert_eq!(bad.param, Some(field), "{body}"),
                other => panic!("{body}: {other:?}"),
            }
        }
    }

    #[test]
    fn tokens_mean_nothing_to_another_vendor() {
        for body in [r#"{"model":"m","input":[1,2]}"#, r#"{"model":"m","input":[[1,2],[3]]}"#] {
            assert!(matches!(read(body.as_bytes()), Err(NoTexts::Tokens(why)) if why.param == "input"));
        }
    }

    #[test]
    fn vectors_are_written_as_numbers_or_packed() {
        let usage = Some(Usage { input: 7, ..Usage::default() });
        let response = EmbedResponse { vectors: vec![vec![1.0, -2.0], vec![0.1, 0.5]], usage };
        let body: serde_json::Value = serde_json::from_slice(&write(&response, "m", false, 99)).unwrap();
        let expected = json!({"object": "list", "model": "m", "data": [
            {"object": "embedding", "index": 0, "embedding": [1.0, -2.0]},
            {"object": "embedding", "index": 1, "embedding": [0.1, 0.5]},
        ], "usage": {"prompt_tokens": 7, "total_tokens": 7}});
        assert_eq!(body, expected);
        let uncounted = EmbedResponse { usage: None, ..response };
        let body: serde_json::Value = serde_json::from_slice(&write(&uncounted, "m", true, 99)).unwrap();
        assert_eq!(body["data"][0]["embedding"], "AACAPwAAAMA=");
        assert_eq!(body["usage"]["total_tokens"], 99);
    }
}
