//! The body of a change, read field by field; what nobody asked for is refused by name.

use crate::admin::refuse::Refusal;
use serde_json::Map;
use serde_json::Value;

/// Longest name of a tenant, a key or an admin, in bytes.
const LONGEST_NAME: usize = 200;

/// Fields that have not been taken yet.
pub struct Fields(Map<String, Value>);

impl Fields {
    /// An empty body is an empty object.
    ///
    /// # Errors
    /// What is no JSON object.
    pub fn read(body: &[u8]) -> Result<Fields, Refusal> {
        if body.trim_ascii().is_empty() {
            return Ok(Fields(Map::new()));
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(fields)) => Ok(Fields(fields)),
            Ok(_) => Err(Refusal::malformed("the body must be a JSON object".to_owned())),
            Err(error) => Err(Refusal::malformed(format!("the body is no JSON: {error}"))),
        }
    }

    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    /// A name that people read: no control signs, nothing in front or behind.
    pub fn name(&mut self) -> Result<Option<String>, Refusal> {
        let Some(name) = self.text("name")? else { return Ok(None) };
        let fits = !name.is_empty()
            && name.len() <= LONGEST_NAME
            && name.trim() == name
            && !name.chars().any(char::is_control);
        match fits {
            true => Ok(Some(name)),
            false => Err(Refusal::field(
                "name",
                format!("must have 1 to {LONGEST_NAME} bytes, no control signs and no space around it"),
            )),
        }
    }

    pub fn required_name(&mut self) -> Result<String, Refusal> {
        self.name()?.ok_or_else(|| Refusal::field("name", "is needed".to_owned()))
    }

    pub fn text(&mut self, name: &'static str) -> Result<Option<String>, Refusal> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Refusal::field(name, "must be a string".to_owned())),
        }
    }

    /// What is left: settings.
    pub fn rest(self) -> Map<String, Value> {
        self.0
    }

    /// # Errors
    /// Names what is left, for which there is no use.
    pub fn nothing_else(self) -> Result<(), Refusal> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => Err(Refusal::field(name, "is not a field of this request".to_owned())),
        }
    }
}
