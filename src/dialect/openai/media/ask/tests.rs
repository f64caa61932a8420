//! Requests as clients write them, and what is refused by name.

use super::*;
use Operation::{
    AudioTranslations, ChatCompletions, ImageEdits, ImageGenerations, Moderations, Rerank, Speech,
    Transcriptions,
};

const JSON: &[u8] = b"application/json; charset=utf-8";
const FORM: &[u8] = b"multipart/form-data; boundary=\"b b\"";

fn json(operation: Operation, body: &str) -> Result<Shape, BadRequest> {
    read(operation, JSON, body.as_bytes())
}

/// A form with these fields and a file under the last name.
fn form_of(fields: &[(&str, &str)], file: &str) -> Vec<u8> {
    let field = |(name, value): &(&str, &str)| {
        format!("--b b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let fields: String = fields.iter().map(field).collect();
    let head = format!("--b b\r\nContent-Disposition: form-data; name=\"{file}\"; filename=\"f\"\r\n\r\n");
    [fields.as_bytes(), head.as_bytes(), b"\0\xff\r\n--b\r\n", b"\r\n--b b--\r\n"].concat()
}

fn form(operation: Operation, fields: &[(&str, &str)], file: &str) -> Result<Shape, BadRequest> {
    read(operation, FORM, &form_of(fields, file))
}

#[test]
fn each_operation_says_what_it_lacks() {
    for (operation, body, param) in [
        (ImageGenerations, r#"{"model":"m"}"#, "prompt"),
        (ImageGenerations, r#"{"model":"m","prompt":["x"]}"#, "prompt"),
        (ImageGenerations, r#"{"prompt":"x"}"#, "model"),
        (ImageGenerations, r#"{"model":"m","prompt":"x","n":"2"}"#, "n"),
        (ImageGenerations, r#"{"model":"m","prompt":"x","stream":"yes"}"#, "stream"),
        (ImageGenerations, r#"{"model":"m","prompt":"x","model":"n"}"#, "model"),
        (ImageGenerations, r#"{"model":null,"prompt":"x","model":"n"}"#, "model"),
        (ImageGenerations, r#"{"model":["m"],"prompt":"x"}"#, "model"),
        (ImageGenerations, r#"{"model":"","prompt":"x"}"#, "model"),
        (ImageEdits, r#"{"model":"m","prompt":"x"}"#, "image"),
        (Transcriptions, r#"{"model":"m"}"#, "file"),
        (Speech, r#"{"model":"m","input":["x"]}"#, "input"),
        (Moderations, r#"{"input":[ ]}"#, "input"),
        (Moderations, r#"{"input":{}}"#, "input"),
        (Moderations, r#"{"model":7,"input":"x"}"#, "model"),
        (Rerank, r#"{"model":"m","documents":["x"]}"#, "query"),
        (Rerank, r#"{"model":"m","query":"x","documents":"y"}"#, "documents"),
        (Rerank, r#"{"model":"m","query":"x","documents":[]}"#, "documents"),
        (Rerank, r#"{"model":"m","query":"x","documents":null}"#, "documents"),
    ] {
        let error = json(operation, body).unwrap_err();
        assert_eq!(error.param, Some(param), "{operation:?} {body}: {error}");
        assert!(error.message.contains(param), "{error}");
    }
    for body in ["", "[]", "{\"model\":\"m\"", "{\"model\":\"m\"}}"] {
        assert!(json(Rerank, body).unwrap_err().message.contains("not valid JSON"), "{body}");
    }
}

#[test]
fn a_form_says_what_it_lacks() {
    for (operation, fields, file, param) in [
        (Transcriptions, &[("model", "m")][..], "sound", "file"),
        (Transcriptions, &[], "file", "model"),
        (Transcriptions, &[("model", "")], "file", "model"),
        (Transcriptions, &[("model", "m"), ("file", "x")], "model", "model"),
        (Transcriptions, &[("file", "x")], "model", "model"),
        (Transcriptions, &[("model", "m"), ("stream", "yes")], "file", "stream"),
        (Transcriptions, &[("model", "a"), ("model", "b")], "file", "model"),
        (ImageEdits, &[("model", "m")], "image", "prompt"),
        (ImageEdits, &[("model", "m"), ("prompt", "x")], "mask", "image"),
        (ImageEdits, &[("model", "m"), ("prompt", "x"), ("n", "two")], "image", "n"),
    ] {
        let error = form(operation, fields, file).unwrap_err();
        assert_eq!(error.param, Some(param), "{operation:?} {fields:?} {file}: {error}");
    }
}

#[test]
fn only_the_model_changes_in_a_form() {
    let fields = [("model", "whisper-1"), ("prompt", "model whisper-1"), ("temperature", "0")];
    let body = form_of(&fields, "file");
    let shape = read(Transcriptions, FORM, &body).unwrap();
    let sent = shape.body_for(&body, "large \"v3\"", true);
    let expected = form_of(&[("model", "large \"v3\""), fields[1], fields[2]], "file");
    assert_eq!(sent, expected);
    assert_eq!(shape.boundary.as_deref(), Some("b b"));
    assert_eq!(shape.words, "whisper-1model whisper-10".len(), "files have no words");
}

#[test]
fn a_stream_is_asked_for_in_each_operations_own_way() {
    let stream = |operation, body: &str| json(operation, body).unwrap().stream;
    assert!(stream(ImageGenerations, r#"{"model":"m","prompt":"x","stream":true}"#));
    assert!(!stream(ImageGenerations, r#"{"model":"m","prompt":"x","stream":null}"#));
    assert!(stream(Speech, r#"{"model":"m","input":"x","stream_format":"sse"}"#));
    assert!(!stream(Speech, r#"{"model":"m","input":"x","stream_format":"audio","stream":true}"#));
    for (word, on) in [("true", true), ("True", true), ("1", true), ("false", false), ("", false)] {
        let shape = form(Transcriptions, &[("model", "m"), ("stream", word)], "file").unwrap();
        assert_eq!(shape.stream, on, "{word}");
    }
    let body = r#"{"model":"m","prompt":"x","stream":true}"#;
    let sent = json(ImageGenerations, body).unwrap().body_for(body.as_bytes(), "m", true);
    assert_eq!(sent, body.as_bytes(), "nothing is asked for that only chats have");
}

#[test]
fn the_form_of_the_answer_is_known() {
    for (word, expected) in [
        ("json", Expected::Json),
        ("verbose_json", Expected::Json),
        ("srt", Expected::Text),
        ("vtt", Expected::Text),
        ("text", Expected::Text),
    ] {
        let fields = [("model", "m"), ("response_format", word)];
        assert_eq!(form(Transcriptions, &fields, "file").unwrap().expected, expected, "{word}");
        assert_eq!(form(AudioTranslations, &fields, "file").unwrap().expected, expected, "{word}");
    }
    assert_eq!(json(Speech, r#"{"model":"m","input":"x"}"#).unwrap().expected, Expected::Audio);
    let image = r#"{"model":"m","prompt":"x","n":3,"response_format":"url"}"#;
    let shape = json(ImageGenerations, image).unwrap();
    assert_eq!((shape.expected, shape.choices), (Expected::Json, 3));
}

#[test]
fn a_moderation_without_a_model_is_asked_for_the_vendors_own() {
    let sent = |body: &str| {
        let shape = json(Moderations, body).unwrap();
        assert_eq!(shape.model, "omni-moderation-latest");
        String::from_utf8(shape.body_for(body.as_bytes(), "m", true)).unwrap()
    };
    assert_eq!(sent(r#" { "input":"x"}"#), r#" {"model":"m", "input":"x"}"#);
    assert_eq!(sent(r#"{"model":null,"input":["x"]}"#), r#"{"model":"m","input":["x"]}"#);
}

#[test]
fn the_content_type_tells_forms_from_json() {
    let chat = br#"{"model":"m","messages":[{"role":"user"}]}"#;
    assert_eq!(read(ChatCompletions, b"text/plain", chat).unwrap().model, "m", "as before");
    let speech = br#"{"model":"m","input":"x"}"#;
    assert_eq!(read(Speech, b"", speech).unwrap().model, "m");
    let sound = br#"{"model":"m","url":"https://example.com/a.wav"}"#;
    assert_eq!(read(Transcriptions, JSON, sound).unwrap().model, "m");
    for (operation, kind, wanted) in [
        (Speech, FORM, "application/json"),
        (Transcriptions, b"application/x-www-form-urlencoded", "multipart/form-data"),
        (Transcriptions, b"", "multipart/form-data"),
    ] {
        let error = read(operation, kind, speech).unwrap_err();
        assert!(error.message.contains(wanted), "{error}");
    }
    assert!(read(Transcriptions, FORM, speech).unwrap_err().message.contains("not a valid form"));
}
