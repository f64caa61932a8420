//! The fields of a request, whether they are the members of an object or the parts of a form.

use crate::dialect::bad_request::BadRequest;
use crate::dialect::bad_request::not_json;
use crate::dialect::bad_request::twice;
use crate::dialect::bad_request::wrong;
use crate::dialect::openai::form::Form;
use serde::Deserialize;
use serde::de::DeserializeSeed;
use serde::de::Deserializer;
use serde::de::IgnoredAny;
use serde::de::MapAccess;
use serde::de::Visitor;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

/// What a request gives.
pub struct Given<'a> {
    fields: Vec<Field<'a>>,
    /// Bytes that are no file.
    pub words: usize,
    /// Of a form.
    pub boundary: Option<String>,
}

pub struct Field<'a> {
    name: Cow<'a, str>,
    value: Value<'a>,
    at: Range<usize>,
}

enum Value<'a> {
    /// As it is written.
    Json(&'a str),
    Text(Cow<'a, str>),
    File,
}

impl Field<'_> {
    /// The JSON it is written in, if it is.
    pub fn json(&self) -> Option<&str> {
        match &self.value {
            Value::Json(written) => Some(written),
            Value::Text(_) | Value::File => None,
        }
    }
}

impl<'a> Given<'a> {
    /// The members of an object that `is_wanted`.
    ///
    /// # Errors
    /// It is no object.
    pub fn of_json(body: &'a [u8], is_wanted: fn(&str) -> bool) -> Result<Given<'a>, BadRequest> {
        let text = std::str::from_utf8(body)
            .map_err(|e| not_json(format!("invalid UTF-8 at byte {}", e.valid_up_to())))?;
        if !text.trim_ascii_start().starts_with('{') {
            return Err(not_json("it must be a JSON object".to_owned()));
        }
        let mut json = serde_json::Deserializer::from_str(text);
        let members = Members(is_wanted).deserialize(&mut json).and_then(|found| json.end().map(|()| found));
        let members = members.map_err(|e| not_json(e.to_string()))?;
        let field = |(Name(name), value): (Name<'a>, &'a RawValue)| {
            let start = value.get().as_ptr() as usize - text.as_ptr() as usize;
            Field { name, value: Value::Json(value.get()), at: start..start + value.get().len() }
        };
        Ok(Given { fields: members.into_iter().map(field).collect(), words: body.len(), boundary: None })
    }

    /// The parts of a form.
    pub fn of_form(form: Form, body: &'a [u8]) -> Given<'a> {
        let mut words = 0;
        let mut fields = Vec::with_capacity(form.parts.len());
        for part in form.parts {
            let value = match part.is_file {
                true => Value::File,
                false => {
                    words += part.value.len();
                    Value::Text(String::from_utf8_lossy(&body[part.value.clone()]))
                }
            };
            fields.push(Field { name: Cow::Owned(part.name), value, at: part.value });
        }
        Given { fields, words, boundary: Some(form.boundary) }
    }

    /// # Errors
    /// One of `names` is given twice.
    pub fn has_once(&self, names: &[&'static str]) -> Result<(), BadRequest> {
        let count = |name: &str| self.fields.iter().filter(|field| field.name == name).count();
        match names.iter().find(|name| count(name) > 1) {
            Some(name) => Err(twice(name)),
            None => Ok(()),
        }
    }

    /// A field that is not null.
    pub fn field(&self, name: &str) -> Option<&Field<'a>> {
        self.fields.iter().find(|field| field.name == name && field.json() != Some("null"))
    }

    /// Where a field's value stands, null or not.
    pub fn place(&self, name: &str) -> Option<Range<usize>> {
        self.fields.iter().find(|field| field.name == name).map(|field| field.at.clone())
    }

    /// A field that is a text, as it is meant.
    pub fn text(&self, name: &str) -> Option<String> {
        match &self.field(name)?.value {
            Value::Json(written) => serde_json::from_str(written).ok(),
            Value::Text(text) => Some(text.clone().into_owned()),
            Value::File => None,
        }
    }

    /// A switch, off where it is not given.
    ///
    /// # Errors
    /// It is something else.
    pub fn flag(&self, name: &'static str) -> Result<bool, BadRequest> {
        match self.field(name).map(|field| &field.value) {
            None | Some(Value::Json("false")) => Ok(false),
            Some(Value::Json("true")) => Ok(true),
            Some(Value::Text(text)) => match text.as_ref() {
                // What programs without JSON write for it.
                "true" | "True" | "1" => Ok(true),
                "false" | "False" | "0" | "" => Ok(false),
                _ => Err(wrong(name, "true or false")),
            },
            Some(Value::Json(_) | Value::File) => Err(wrong(name, "true or false")),
        }
    }

    /// A number, 1 where it is not given.
    ///
    /// # Errors
    /// It is something else.
    pub fn count(&self, name: &'static str) -> Result<u64, BadRequest> {
        let number = match self.field(name).map(|field| &field.value) {
            None => Some(1),
            Some(Value::Json(text)) => text.parse().ok(),
            Some(Value::Text(text)) => text.trim_ascii().parse().ok(),
            Some(Value::File) => None,
        };
        number.ok_or_else(|| wrong(name, "a whole number"))
    }
}

/// Reads the members of an object whose names are wanted: it may have any number of others.
struct Members(fn(&str) -> bool);

/// A member's name; serde borrows it where it is written without escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

type Member<'a> = (Name<'a>, &'a RawValue);

impl<'de> DeserializeSeed<'de> for Members {
    type Value = Vec<Member<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Members {
    type Value = Vec<Member<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = map.next_key::<Name<'de>>()? {
            match self.0(&name.0) {
                true => members.push((name, map.next_value()?)),
                false => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(members)
    }
}
