//! Refusals of requests whose head cannot be read: no phase ever sees them, so they get their words here.

use crate::dialect::openai::error::ErrorBody;
use crate::id;
use memchr::memmem;

/// Stands in every answer that Pingora makes up by itself, and in none of ours.
const NOT_OURS: &[u8] = b"\r\nServer: Pingora\r\n";
/// Where it stands at the latest.
const SEARCHED: usize = 200;

const UNREADABLE: &str = "the head of the request is not valid HTTP/1.1; check its headers, above all Host, Content-Length and Transfer-Encoding";

/// The answer to a head that does not come to its end.
pub fn too_slow() -> Vec<u8> {
    answer("408 Request Timeout", "the request head arrived too slowly; send it again")
}

/// Our words in place of a bare refusal of Pingora's; `None` for every other answer.
pub fn in_our_words(written: &[u8]) -> Option<Vec<u8>> {
    let status = written.strip_prefix(b"HTTP/1.1 ")?;
    let (status, message) = match status.get(..3)? {
        b"400" => ("400 Bad Request", UNREADABLE),
        b"405" => ("405 Method Not Allowed", "CONNECT is not served; this is no forward proxy"),
        _ => return None,
    };
    memmem::find(&written[..written.len().min(SEARCHED)], NOT_OURS)?;
    Some(answer(status, message))
}

fn answer(status: &str, message: &str) -> Vec<u8> {
    let body = ErrorBody { message, kind: "invalid_request_error", param: None, code: None }.to_json();
    let (id, length) = (id::random("req_"), body.len());
    let head = format!(
        "HTTP/1.1 {status}\r\nx-request-id: {id}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    [head.into_bytes(), body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pingoras_own_refusals_are_put_into_other_words() {
        let bare = "HTTP/1.1 400 Bad Request\r\nServer: Pingora\r\nContent-Length: 0\r\n\r\n";
        let ours = String::from_utf8(in_our_words(bare.as_bytes()).unwrap()).unwrap();
        assert!(ours.starts_with("HTTP/1.1 400 ") && ours.contains("x-request-id: req_"), "{ours}");
        for other in [
            "HTTP/1.1 400 Bad Request\r\nx-request-id: a\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nServer: Pingora\r\n\r\n",
            "{\"text\":\"\r\nServer: Pingora\r\n\"}",
        ] {
            assert_eq!(in_our_words(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn an_answer_says_its_own_length() {
        let text = String::from_utf8(too_slow()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}", body.len())), "{head}");
        assert!(serde_json::from_str::<serde_json::Value>(body).is_ok());
    }
}
