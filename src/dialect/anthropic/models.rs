//! Lists of models as Anthropic's clients read them (vendors.md §10.4).

use serde::Serialize;

/// When a model was made is not known here; clients only need a time.
const MADE: &str = "1970-01-01T00:00:00Z";

#[derive(Serialize)]
struct List<'a> {
    data: Vec<Model<'a>>,
    has_more: bool,
    first_id: Option<&'a str>,
    last_id: Option<&'a str>,
}

#[derive(Serialize)]
struct Model<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: &'a str,
    display_name: &'a str,
    created_at: &'static str,
    max_input_tokens: Option<u64>,
    max_tokens: Option<u64>,
    lifecycle: &'static str,
}

/// All of them on one page.
pub fn list<'a>(names: impl Iterator<Item = &'a str>) -> Vec<u8> {
    let data: Vec<_> = names.map(model).collect();
    let (first_id, last_id) = (data.first().map(|m| m.id), data.last().map(|m| m.id));
    // Strings can always be written.
    serde_json::to_vec(&List { data, has_more: false, first_id, last_id }).unwrap_or_default()
}

/// One of them.
pub fn one(name: &str) -> Vec<u8> {
    serde_json::to_vec(&model(name)).unwrap_or_default()
}

fn model(id: &str) -> Model<'_> {
    Model {
        kind: "model",
        id,
        display_name: id,
        created_at: MADE,
        max_input_tokens: None,
        max_tokens: None,
        lifecycle: "active",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn a_list_tells_its_ends() {
        let read = |bytes: Vec<u8>| serde_json::from_slice::<Value>(&bytes).unwrap();
        let page = read(list(["a", "b"].into_iter()));
        assert_eq!((&page["first_id"], &page["last_id"]), (&"a".into(), &"b".into()));
        assert_eq!(page["data"][1], read(one("b")));
        assert!(read(list([].into_iter()))["first_id"].is_null());
    }
}
