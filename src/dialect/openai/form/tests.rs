//! Forms as clients write them, and what is no form.

use super::*;
use proptest::prelude::*;

const KIND: &[u8] = b"multipart/form-data; boundary=x";

fn read(body: &[u8]) -> Result<Form, BadRequest> {
    Form::read(KIND, body)
}

fn values(body: &[u8]) -> Vec<(String, bool, Vec<u8>)> {
    let form = read(body).unwrap();
    form.parts.into_iter().map(|part| (part.name, part.is_file, body[part.value].to_vec())).collect()
}

fn part(head: &str, value: &str) -> String {
    format!("--x\r\n{head}\r\n\r\n{value}\r\n")
}

fn field(name: &str, value: &str) -> String {
    part(&format!("Content-Disposition: form-data; name=\"{name}\""), value)
}

#[test]
fn fields_and_files_are_told_apart() {
    let file =
        "content-type: audio/wav\r\ncontent-disposition:form-data;filename=\"a;\\\"b.wav\" ; name=file";
    let body = [&field("model", "whisper-1"), &part(file, "\r\n--y\r\n\0\u{fffd}"), "--x--\r\n"].concat();
    let expected = [
        ("model".to_owned(), false, b"whisper-1".to_vec()),
        ("file".to_owned(), true, "\r\n--y\r\n\0\u{fffd}".as_bytes().to_vec()),
    ];
    assert_eq!(values(body.as_bytes()), expected);
}

#[test]
fn what_clients_may_write_is_read() {
    for (why, body) in [
        ("words before the first part", format!("hello\r\n{}--x--", field("a", "1"))),
        ("words behind the last", format!("{}--x--\r\nbye\r\n--x\r\n", field("a", "1"))),
        ("spaces behind a boundary", field("a", "1").replacen("--x", "--x \t", 1) + "--x--"),
        ("a name with an escape", field("\\a", "1") + "--x--"),
        ("a name without quotes", part("Content-Disposition: form-data; name=a", "1") + "--x--"),
    ] {
        assert_eq!(values(body.as_bytes()), [("a".to_owned(), false, b"1".to_vec())], "{why}");
    }
    let empty = "--x\r\nContent-Disposition: form-data; name=a\r\n\r\n--x--";
    assert_eq!(values(empty.as_bytes()), [("a".to_owned(), false, Vec::new())], "an empty value");
    assert_eq!(values((field("a", "") + "--x--").as_bytes()), [("a".to_owned(), false, Vec::new())]);
    assert!(values(b"--x--").is_empty(), "an empty form");
}

#[test]
fn a_boundary_is_read_from_the_content_type() {
    let boundary = |kind: &str| Form::read(kind.as_bytes(), b"--a b--").map(|form| form.boundary);
    for kind in [
        "multipart/form-data; boundary=\"a b\"",
        "Multipart/Form-Data;charset=utf-8; BOUNDARY=\"a b\"",
        "multipart/form-data; boundary = a b ; charset=utf-8",
    ] {
        assert!(is_form(kind.as_bytes()));
        assert_eq!(boundary(kind).as_deref(), Ok("a b"), "{kind}");
    }
    for kind in [
        "multipart/form-data",
        "multipart/form-data; charset=utf-8",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"a",
        "multipart/form-data; boundary=\"a \"",
        "multipart/form-data; boundary=\"a\" b",
        "multipart/form-data; boundary=a; boundary=b",
        "multipart/form-data; boundary=\u{e4}",
    ] {
        assert!(boundary(kind).is_err(), "{kind}");
    }
    assert!(!is_form(b"application/json"));
    assert!(!is_form(b"multipart/form-data-x; boundary=a"));
    assert_eq!(Form::read(Form::content_type("a b").as_bytes(), b"--a b--").unwrap().boundary, "a b");
}

#[test]
fn what_is_no_form_says_why() {
    let named = "Content-Disposition: form-data; name=\"a\"";
    for (body, why) in [
        (String::new(), "boundary is not in it"),
        ("{\"model\":\"m\"}".to_owned(), "boundary is not in it"),
        (field("a", "1"), "ends before its closing boundary"),
        (field("a", "1") + "--x", "something stands behind a boundary"),
        (field("a", "1").replace("\r\n", "\n") + "--x--", "something stands behind a boundary"),
        ("--x\r\nContent-Disp".to_owned(), "head of a part does not end"),
        (part(&format!("{named}\r\nx-long: {}", "y".repeat(MAX_HEAD)), "1"), "head of a part does not end"),
        (part("Content-Type: text/plain", "1") + "--x--", "`name`"),
        (part("Content-Disposition: form-data", "1") + "--x--", "`name`"),
        (part("Content-Disposition: attachment; name=a", "1") + "--x--", "`name`"),
        (part("no colon", "1") + "--x--", "broken head"),
        (part("Content-Disposition: form-data; name=\"a", "1") + "--x--", "parameter of a head is broken"),
        (field("a", "1\r\n--xy\r\n2") + "--x--", "something stands behind a boundary"),
        (field("a", "1").repeat(MAX_PARTS + 1) + "--x--", "more than 256 parts"),
    ] {
        let error = read(body.as_bytes()).unwrap_err();
        assert!(error.message.contains(why), "{error} instead of {why}: {}", &body[..body.len().min(100)]);
        assert!(error.message.starts_with("the request body is not a valid form: "));
    }
}

#[test]
fn what_two_readers_could_name_differently_is_refused() {
    for head in [
        "Content-Disposition: form-data; name=\"a\"; name=\"model\"",
        "Content-Disposition: form-data; name=\"a\"; name*=UTF-8''model",
        "Content-Disposition: form-data; name=\"a\"\r\ncontent-disposition: form-data; name=\"model\"",
        "Content-Disposition: form-data; name=\"a\";\r\n name=\"model\"",
    ] {
        assert!(read((part(head, "1") + "--x--").as_bytes()).is_err(), "{head}");
    }
}

proptest! {
    #[test]
    fn any_value_comes_back_and_no_bytes_make_it_panic(
        value in proptest::collection::vec(any::<u8>(), 0..300),
        cut in 0usize..500,
    ) {
        let head = b"--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n";
        let body = [&head[..], &value, b"\r\n--x--\r\n"].concat();
        if !value.windows(5).any(|w| w == b"\r\n--x") {
            prop_assert_eq!(&values(&body)[0].2, &value);
        }
        let _ = read(&body[..cut.min(body.len())]);
        let _ = read(&value);
        let _ = read(&[b"--x", &value[..]].concat());
    }
}
