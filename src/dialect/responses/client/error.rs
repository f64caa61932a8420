//! Errors: OpenAI's envelope as an answer (vendors.md §1.5), flat as an event (§11.3).

use crate::dialect::responses::json::Object;
use crate::dialect::side::ClientError;

/// The body of an error answer.
pub fn body(error: &ClientError<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut envelope = Object::open(&mut out);
    let mut object = Object::open(envelope.nest("error"));
    object.put("message", error.message).put("type", error.kind);
    object.put("param", &error.param).put("code", &error.code);
    object.close();
    envelope.close();
    out
}

/// The event that says that a stream broke off, where nothing is known of the events before it.
pub fn event(error: &ClientError<'_>) -> Vec<u8> {
    let mut out = b"event: error\ndata: ".to_vec();
    write_event(error, 0, &mut out);
    out.extend_from_slice(b"\n\n");
    out
}

fn write_event(error: &ClientError<'_>, sequence: u64, out: &mut Vec<u8>) {
    let mut object = Object::of(out, "error");
    object.put("sequence_number", &sequence).put("code", &error.code.unwrap_or(error.kind));
    object.put("message", error.message).put("param", &error.param);
    object.close();
}
