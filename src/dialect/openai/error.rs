//! OpenAI's error envelope (vendors.md §1.5), as an answer and as an event inside a stream.

use serde::Serialize;

/// What goes into `{"error":{…}}`.
#[derive(Clone, Debug, Serialize)]
pub struct ErrorBody<'a> {
    pub message: &'a str,
    #[serde(rename = "type")]
    pub kind: &'a str,
    pub param: Option<&'a str>,
    pub code: Option<&'a str>,
}

#[derive(Serialize)]
struct Envelope<'a> {
    error: &'a ErrorBody<'a>,
}

impl ErrorBody<'_> {
    /// The body of an error answer.
    pub fn to_json(&self) -> Vec<u8> {
        // A struct of strings cannot fail to serialise; an empty body would still be an answer.
        serde_json::to_vec(&Envelope { error: self }).unwrap_or_default()
    }

    /// The event that tells a client its stream broke off. No `[DONE]` follows: the end must not look like one.
    pub fn to_event(&self) -> Vec<u8> {
        let mut event = b"data: ".to_vec();
        event.extend_from_slice(&self.to_json());
        event.extend_from_slice(b"\n\n");
        event
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_every_field_the_clients_read() {
        let error = ErrorBody { message: "no \"x\"", kind: "server_error", param: None, code: None };
        let text = String::from_utf8(error.to_event()).unwrap();
        assert_eq!(
            text,
            "data: {\"error\":{\"message\":\"no \\\"x\\\"\",\"type\":\"server_error\",\"param\":null,\"code\":null}}\n\n"
        );
    }
}
