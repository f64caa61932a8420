//! Where a model is asked (vendors.md §5.1).

use std::fmt::Write;

/// Collections of models that may stand before a name; the first is meant where none does.
const COLLECTIONS: [&str; 2] = ["models", "tunedModels"];

/// The path of a model's method, behind the base URL.
pub(super) fn of(model: &str, method: &str) -> String {
    let (collection, name) = parts(model);
    let mut path = format!("/{collection}/");
    name.bytes().for_each(|byte| push(byte, &mut path));
    path.push(':');
    path.push_str(method);
    path
}

/// A model's full name, as bodies give it.
pub(super) fn full_name(model: &str) -> String {
    let (collection, name) = parts(model);
    format!("{collection}/{name}")
}

fn parts(model: &str) -> (&'static str, &str) {
    let named = COLLECTIONS.iter().find_map(|collection| {
        let name = model.strip_prefix(collection)?.strip_prefix('/')?;
        Some((*collection, name))
    });
    named.unwrap_or((COLLECTIONS[0], model))
}

/// The name is the client's: it must not become another path, or a query.
fn push(byte: u8, path: &mut String) {
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => path.push(char::from(byte)),
        // Writing to a string cannot fail.
        _ => drop(write!(path, "%{byte:02X}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_named_with_or_without_its_collection() {
        assert_eq!(of("gemini-3.8-flash", "generateContent"), "/models/gemini-3.8-flash:generateContent");
        assert_eq!(of("models/gemini-3.8-flash", "x"), "/models/gemini-3.8-flash:x");
        assert_eq!(of("tunedModels/mine", "x"), "/tunedModels/mine:x");
        assert_eq!(full_name("m"), "models/m");
        assert_eq!(full_name("models/m"), "models/m");
    }

    #[test]
    fn a_name_stays_a_name() {
        assert_eq!(of("../secret?a=b#c ü", "x"), "/models/..%2Fsecret%3Fa%3Db%23c%20%C3%BC:x");
    }
}
