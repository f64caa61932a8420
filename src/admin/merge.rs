//! Settings as they will be: those that are stored, with what a change says in their place.

use serde_json::Map;
use serde_json::Value;

/// Stored settings as an object.
pub fn object(settings: &str) -> Map<String, Value> {
    serde_json::from_str(settings).unwrap_or_default()
}

/// Each section that the change names is replaced whole; `null` takes it out.
pub fn merged(settings: &str, change: &Map<String, Value>) -> String {
    let mut all = object(settings);
    for (name, value) in change {
        match value {
            Value::Null => drop(all.remove(name)),
            value => drop(all.insert(name.clone(), value.clone())),
        }
    }
    Value::Object(all).to_string()
}

/// What is new: a section that is `null` is left out.
pub fn fresh(settings: &Map<String, Value>) -> String {
    merged("{}", settings)
}

/// Settings beside the fields of a row.
pub fn beside(mut fields: Value, settings: &str) -> Value {
    if let Value::Object(fields) = &mut fields {
        for (name, value) in object(settings) {
            fields.entry(name).or_insert(value);
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_change_replaces_whole_sections() {
        let change = json!({ "limits": { "requests": "1/s" }, "models": null }).as_object().cloned().unwrap();
        let now = r#"{"models":["a"],"limits":{"tokens":"5/s"},"failover":false}"#;
        let merged: Value = serde_json::from_str(&merged(now, &change)).unwrap();
        assert_eq!(merged, json!({ "limits": { "requests": "1/s" }, "failover": false }));
        assert_eq!(fresh(&change), r#"{"limits":{"requests":"1/s"}}"#);
    }

    #[test]
    fn settings_never_hide_a_field_of_the_row() {
        let shown = beside(json!({ "id": "tn_1" }), r#"{"id":"x","tags":["a"]}"#);
        assert_eq!(shown, json!({ "id": "tn_1", "tags": ["a"] }));
    }
}
