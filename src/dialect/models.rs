//! Lists of models, in every shape vendors give them.

use serde::Deserialize;

/// The ids in `{"data":[{"id"}]}`, in a bare array of those (Together), or in `{"models":[{"name"}]}` (Cohere, Gemini,
/// Ollama). `None` where the body is no list.
pub fn listed(body: &[u8]) -> Option<Vec<String>> {
    let entries = match body.trim_ascii_start().first()? {
        b'[' => serde_json::from_slice::<Vec<Entry>>(body).ok()?,
        _ => {
            let list = serde_json::from_slice::<List>(body).ok()?;
            list.data.or(list.models)?
        }
    };
    Some(entries.into_iter().filter_map(Entry::id).collect())
}

#[derive(Deserialize)]
struct List {
    data: Option<Vec<Entry>>,
    models: Option<Vec<Entry>>,
}

/// OpenRouter gives both, and its `name` is one for people.
#[derive(Deserialize)]
struct Entry {
    id: Option<String>,
    name: Option<String>,
}

impl Entry {
    /// Google puts the collection in front of the id.
    fn id(self) -> Option<String> {
        let id = self.id.or(self.name)?;
        Some(id.strip_prefix("models/").map(str::to_owned).unwrap_or(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_in_every_shape() {
        for body in [
            r#"{"object":"list","data":[{"id":"a"}]}"#,
            r#"{"data":[{"id":"a","name":"The A"}]}"#,
            r#"[{"id":"a"}]"#,
            r#"{"models":[{"name":"models/a"}]}"#,
            r#" {"models":[{"name":"a","model":"a","details":{}},{"digest":"x"}],"next_page_token":null}"#,
        ] {
            assert_eq!(listed(body.as_bytes()), Some(vec!["a".to_owned()]), "{body}");
        }
    }

    #[test]
    fn what_is_no_list_is_none() {
        for body in ["<html>", "", "{}", r#"{"data":{}}"#, r#"{"error":"x"}"#, "[1]"] {
            assert_eq!(listed(body.as_bytes()), None, "{body}");
        }
    }
}
