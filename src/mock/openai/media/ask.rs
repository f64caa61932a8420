//! A request that is JSON or a form, read and checked.

use crate::mock::ask;
use crate::mock::refusal::Refusal;
use axum::extract::FromRequest;
use axum::extract::Multipart;
use axum::extract::Request;
use axum::extract::multipart::MultipartError;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use serde_json::Map;
use serde_json::Value;

/// What a provider understood.
pub struct Asked {
    pub model: String,
    /// The members of an object, or the fields of a form as texts.
    fields: Map<String, Value>,
    /// In order, by the names of their fields.
    files: Vec<(String, Bytes)>,
}

impl Asked {
    pub async fn read(request: Request) -> Result<Asked, Refusal> {
        let kind = request.headers().get(CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
        let mut asked = Asked { model: String::new(), fields: Map::new(), files: Vec::new() };
        match kind.starts_with(b"multipart/form-data") {
            true => {
                let form = Multipart::from_request(request, &()).await;
                let form = form.map_err(|error| Refusal::unreadable(error.body_text()))?;
                asked.fill(form).await.map_err(|error| Refusal::unreadable(error.body_text()))?;
            }
            false => {
                let body = Bytes::from_request(request, &()).await;
                let body = body.map_err(|rejection| Refusal::unreadable(rejection.body_text()))?;
                asked.fields = ask::read(&body)?;
            }
        }
        asked.model = asked.text("model").unwrap_or("omni-moderation-latest").to_owned();
        Ok(asked)
    }

    async fn fill(&mut self, mut form: Multipart) -> Result<(), MultipartError> {
        while let Some(part) = form.next_field().await? {
            let name = part.name().unwrap_or_default().to_owned();
            match part.file_name().is_some() {
                true => self.files.push((name, part.bytes().await?)),
                false => drop(self.fields.insert(name, part.text().await?.into())),
            }
        }
        Ok(())
    }

    pub fn value(&self, name: &'static str) -> Result<&Value, Refusal> {
        self.fields.get(name).filter(|value| !value.is_null()).ok_or_else(|| Refusal::missing(name))
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Value::as_str)
    }

    pub fn needed(&self, name: &'static str) -> Result<&str, Refusal> {
        self.text(name).ok_or_else(|| Refusal::missing(name))
    }

    /// A number, also where a form spells it.
    pub fn number(&self, name: &str) -> Option<usize> {
        let value = self.fields.get(name)?;
        value.as_u64().and_then(|number| number.try_into().ok()).or_else(|| value.as_str()?.parse().ok())
    }

    /// A switch, also where a form spells it.
    pub fn flag(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(|value| *value == true || *value == "true")
    }

    /// The files whose fields are called so, with or without brackets.
    pub fn files(&self, name: &str) -> impl Iterator<Item = &Bytes> {
        let called = move |field: &str| field.split('[').next() == Some(name);
        self.files.iter().filter(move |(field, _)| called(field)).map(|(_, file)| file)
    }
}
