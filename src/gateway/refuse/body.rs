//! Refusals of bodies that did not arrive as they should.

use crate::gateway::refuse::Refusal;
use std::time::Duration;

pub fn too_large(limit: usize) -> Refusal {
    Refusal::new(
        413,
        "body_too_large",
        format!("the request body is larger than {limit} bytes; send less, or raise `limits.body`"),
    )
}

pub fn too_slow(patience: Duration) -> Refusal {
    Refusal::new(
        408,
        "body_too_slow",
        format!("the request body did not arrive within {patience:?}; send it again"),
    )
}

pub fn broken_body() -> Refusal {
    Refusal::new(
        400,
        "broken_body",
        "the request body is not framed as its headers say; check Content-Length or the chunks",
    )
}

pub fn not_encoded() -> Refusal {
    let message =
        "the request body is not in the form that Content-Encoding says; send it again, or without it";
    Refusal::new(400, "broken_encoding", message).code("request_body_encoding_invalid")
}

pub fn unknown_encoding() -> Refusal {
    let message = "this Content-Encoding is not known; send gzip, deflate or zstd, or the body as it is";
    Refusal::new(415, "unknown_encoding", message).code("request_body_encoding_unsupported")
}
