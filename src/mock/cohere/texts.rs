//! What is done with texts alone: vectors and ranking (vendors.md §9).

use crate::mock::ask::read;
use crate::mock::behaviour::Behaviour;
use crate::mock::cohere::known;
use crate::mock::cohere::known::invalid;
use crate::mock::embedding;
use crate::mock::embedding::direction;
use crate::mock::refusal::Refusal;
use crate::mock::reply::tokens;
use serde::Deserialize;
use serde_json::Value;
use serde_json::json;

/// Most texts in one request.
const MOST_TEXTS: usize = 96;
const PURPOSES: [&str; 4] = ["search_document", "search_query", "classification", "clustering"];

#[derive(Deserialize)]
struct Embed {
    model: Option<String>,
    texts: Option<Vec<String>>,
    input_type: Option<String>,
    embedding_types: Option<Vec<String>>,
    output_dimension: Option<usize>,
}

#[derive(Deserialize)]
struct Rerank {
    model: Option<String>,
    query: Option<String>,
    documents: Option<Vec<String>>,
    top_n: Option<usize>,
}

/// Vectors, as floats.
pub fn embed(body: &[u8], behaviour: &Behaviour) -> Result<Value, Refusal> {
    known::only(body, &known::EMBED)?;
    let body: Embed = read(body)?;
    offered(body.model, behaviour)?;
    let texts = body.texts.ok_or_else(|| Refusal::missing("texts"))?;
    if texts.len() > MOST_TEXTS {
        return Err(invalid("invalid request: total number of texts must be at most 96"));
    }
    if !body.input_type.is_some_and(|purpose| PURPOSES.contains(&purpose.as_str())) {
        return Err(invalid("invalid request: valid input_type must be provided with the provided model"));
    }
    if body.embedding_types.is_none_or(|types| types != ["float"]) {
        return Err(invalid("the simulated provider has embedding_types `float` only"));
    }
    let dimensions = body.output_dimension.unwrap_or(embedding::DIMENSIONS);
    let vectors: Vec<_> = texts.iter().map(|text| direction(text, dimensions)).collect();
    let counted: usize = texts.iter().map(|text| tokens(text)).sum();
    Ok(json!({ "id": "mock", "embeddings": { "float": vectors }, "texts": texts,
        "meta": { "api_version": { "version": "2" }, "billed_units": { "input_tokens": counted } } }))
}

/// The documents, those first that share most words with the query.
pub fn rerank(body: &[u8], behaviour: &Behaviour) -> Result<Value, Refusal> {
    known::only(body, &known::RERANK)?;
    let body: Rerank = read(body)?;
    offered(body.model, behaviour)?;
    let query = body.query.ok_or_else(|| Refusal::missing("query"))?;
    let documents = body.documents.filter(|documents| !documents.is_empty());
    let documents =
        documents.ok_or_else(|| invalid("invalid request: list of documents must not be empty"))?;
    let wanted = direction(&query, embedding::DIMENSIONS);
    let likeness = |text: &String| -> f32 {
        let axes = direction(text, embedding::DIMENSIONS);
        axes.iter().zip(&wanted).map(|(one, other)| one * other).sum::<f32>().clamp(0.0, 1.0)
    };
    let mut ranked: Vec<_> = documents.iter().map(likeness).enumerate().collect();
    ranked.sort_by(|one, other| other.1.total_cmp(&one.1));
    ranked.truncate(body.top_n.unwrap_or(usize::MAX));
    let results: Vec<_> =
        ranked.iter().map(|(index, score)| json!({ "index": index, "relevance_score": score })).collect();
    Ok(json!({ "id": "mock", "results": results, "meta": { "billed_units": { "search_units": 1 } } }))
}

fn offered(model: Option<String>, behaviour: &Behaviour) -> Result<(), Refusal> {
    let model = model.ok_or_else(|| Refusal::missing("model"))?;
    if behaviour.offers(&model) { Ok(()) } else { Err(Refusal::unknown_model(&model)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_that_shares_most_words_comes_first() {
        let body = json!({ "model": "m", "query": "quiet river", "top_n": 2,
            "documents": ["maple cloud", "the quiet river", "a river"] });
        let ranked = rerank(body.to_string().as_bytes(), &Behaviour::default()).unwrap();
        let order: Vec<_> = ranked["results"].as_array().unwrap().iter().map(|one| &one["index"]).collect();
        assert_eq!(order, [1, 2]);
    }

    #[test]
    fn what_cohere_refuses_is_refused() {
        let refused = |answer: fn(&[u8], &Behaviour) -> Result<Value, Refusal>, body: Value| {
            answer(body.to_string().as_bytes(), &Behaviour::default()).is_err()
        };
        let good = json!({ "model": "m", "texts": ["a"], "input_type": "search_query", "embedding_types": ["float"] });
        assert!(!refused(embed, good.clone()));
        for name in ["model", "texts", "input_type", "embedding_types"] {
            let mut body = good.clone();
            body.as_object_mut().unwrap().remove(name);
            assert!(refused(embed, body), "without {name}");
        }
        assert!(refused(embed, json!({ "model": "m", "input": "a" })));
        let objects = json!({ "model": "m", "query": "q", "documents": [{ "text": "a" }] });
        assert!(refused(rerank, objects));
        assert!(refused(
            rerank,
            json!({ "model": "m", "query": "q", "documents": ["a"], "return_documents": true })
        ));
    }
}
