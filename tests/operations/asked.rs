//! One request of each operation, and what a provider says to it.

use crate::support::Reply;
use serde_json::json;

/// A request of a client.
pub struct Asked {
    pub path: &'static str,
    pub kind: &'static str,
    pub body: Vec<u8>,
}

pub const JSON: &str = "application/json";
const FORM: &str = "multipart/form-data; boundary=----edge=7";

impl Asked {
    pub fn json(path: &'static str, body: &str) -> Asked {
        Asked { path, kind: JSON, body: body.as_bytes().to_vec() }
    }

    /// A form with these fields, and one file under the last name.
    pub fn form(path: &'static str, fields: &[(&str, &str)], file: &str, content: &[u8]) -> Asked {
        let mut body = Vec::new();
        for (name, value) in fields {
            let head = format!("------edge=7\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(value.as_bytes());
            body.extend_from_slice(b"\r\n");
        }
        let head = format!(
            "------edge=7\r\nContent-Disposition: form-data; name=\"{file}\"; filename=\"a \\\"b\\\".wav\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n------edge=7--\r\n");
        Asked { path, kind: FORM, body }
    }
}

/// Bytes that no text would be: every one there is, ends of lines, and what looks like a boundary.
pub fn file() -> Vec<u8> {
    let every = (0..=255).cycle().take(3000);
    every.chain(*b"\r\n\r\n------edge\r\n--\r\nmodel\r\n").collect()
}

/// A request for a model of this name.
pub struct Case {
    pub name: &'static str,
    pub asked: fn(&str) -> Asked,
    pub answer: fn() -> Reply,
}

pub const CASES: &[Case] = &[
    Case {
        name: "image generation",
        asked: |model| {
            let body = r#"{ "n":1, "model" : "MODEL" ,"prompt":"a \u00e9 model","x_unknown":1.50 }"#;
            Asked::json("/v1/images/generations", &body.replace("MODEL", model))
        },
        answer: || Reply::json(200, json!({ "created": 1, "data": [{ "b64_json": "eA==" }] })),
    },
    Case {
        name: "image edit",
        asked: |model| {
            let fields = [("prompt", "model"), ("model", model), ("n", "1")];
            Asked::form("/v1/images/edits", &fields, "image[]", &file())
        },
        answer: || Reply::json(200, json!({ "created": 1, "data": [{ "b64_json": "eA==" }] })),
    },
    Case {
        name: "transcription",
        asked: |model| {
            Asked::form(
                "/v1/audio/transcriptions",
                &[("model", model), ("temperature", "0")],
                "file",
                &file(),
            )
        },
        answer: || Reply::json(200, json!({ "text": "hello" })),
    },
    Case {
        name: "translation",
        asked: |model| Asked::form("/audio/translations", &[("model", model)], "file", &file()),
        answer: || Reply::json(200, json!({ "text": "hello" })),
    },
    Case {
        name: "speech",
        asked: |model| {
            let body = r#"{"model":"MODEL","voice":"alloy","input":"model"}"#;
            Asked::json("/v1/audio/speech", &body.replace("MODEL", model))
        },
        answer: || {
            let head = [("content-type", "audio/mpeg"), ("transfer-encoding", "chunked")];
            Reply::head(200, &head).chunk("ID3 some").chunk(" sound").end()
        },
    },
    Case {
        name: "moderation",
        asked: |model| {
            Asked::json("/v1/moderations", &r#"{"input":["a"],"model":"MODEL"}"#.replace("MODEL", model))
        },
        answer: || Reply::json(200, json!({ "id": "m", "model": "x", "results": [] })),
    },
    Case {
        name: "rerank",
        asked: |model| {
            let body = r#"{"model":"MODEL","query":"a","documents":["a",{"text":"b"}],"top_n":1}"#;
            Asked::json("/v1/rerank", &body.replace("MODEL", model))
        },
        answer: || Reply::json(200, json!({ "results": [{ "index": 0, "relevance_score": 0.5 }] })),
    },
];
