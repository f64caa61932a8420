//! Ranking: clients ask for it in the form of Cohere's first version, which took more (vendors.md §9).

use crate::dialect::hub::Dropped;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::value::to_raw_value;
use std::collections::BTreeMap;

/// All that version 2 takes.
const KNOWN: [&str; 6] = ["model", "query", "documents", "top_n", "max_tokens_per_doc", "priority"];

/// A document that is more than its text.
#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    text: &'a RawValue,
}

/// The body in the form of version 2; `None` where it is no object.
pub fn adapted(body: &[u8], dropped: &mut Dropped) -> Option<Vec<u8>> {
    let mut said = serde_json::from_slice::<BTreeMap<String, &RawValue>>(body).ok()?;
    said.retain(|name, value| {
        let known = KNOWN.contains(&name.as_str());
        dropped.note_if(!known && !matches!(value.get(), "null" | "false"), name.as_str());
        known
    });
    let texts = said.get("documents").and_then(|documents| texts(documents));
    if let Some(texts) = &texts {
        said.insert("documents".to_owned(), texts);
    }
    serde_json::to_vec(&said).ok()
}

/// What is neither text nor holds one stays as it is, to be refused by who knows best.
fn texts(documents: &RawValue) -> Option<Box<RawValue>> {
    let documents: Vec<&RawValue> = serde_json::from_str(documents.get()).ok()?;
    let texts: Vec<&RawValue> =
        documents.into_iter().map(|document| text(document).unwrap_or(document)).collect();
    to_raw_value(&texts).ok()
}

fn text(document: &RawValue) -> Option<&RawValue> {
    // serde would also take an array for a struct, field by field.
    document
        .get()
        .starts_with('{')
        .then(|| serde_json::from_str::<Document<'_>>(document.get()).ok())
        .flatten()
        .map(|known| known.text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use serde_json::json;

    #[test]
    fn documents_become_texts_and_what_is_unknown_is_named() {
        let body = json!({ "model": "rerank-v4.0", "query": "q\n", "top_n": 2, "return_documents": true,
            "max_chunks_per_doc": null, "documents": ["a", { "text": "b \"c\"", "id": 1 }, { "title": "d" }, 3] });
        let mut dropped = Dropped::default();
        let adapted = adapted(body.to_string().as_bytes(), &mut dropped).unwrap();
        let adapted: Value = serde_json::from_slice(&adapted).unwrap();
        let documents = json!(["a", "b \"c\"", { "title": "d" }, 3]);
        let expected = json!({ "model": "rerank-v4.0", "query": "q\n", "top_n": 2, "documents": documents });
        assert_eq!(adapted, expected);
        assert_eq!(dropped.names(), ["return_documents"]);
    }

    #[test]
    fn what_is_no_object_is_left_alone() {
        for body in ["", "[]", "3", "{"] {
            assert_eq!(adapted(body.as_bytes(), &mut Dropped::default()), None, "{body}");
        }
    }
}
