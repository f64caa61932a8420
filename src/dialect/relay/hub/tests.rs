//! A stream that is translated on its way.

use super::*;
use crate::dialect::side::Opening;

const WORD: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n";
const STOP: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const DONE: &str = "data: [DONE]\n\n";

/// What an OpenAI provider's stream is to a client of `client`, and how it ended.
fn told(client: Dialect, stream: &str) -> (String, End) {
    let writer = client.client_side().writer(Opening::default());
    let wishes = Wishes { usage: false, choices: 1, keep: 0 };
    let mut relay = HubRelay::new(Dialect::OpenAi, Some(writer), wishes, String::new());
    relay.feed(Bytes::copy_from_slice(stream.as_bytes()));
    let end = relay.end();
    (String::from_utf8(relay.take().to_vec()).unwrap(), end)
}

#[test]
fn an_end_before_the_first_content_ends_nothing() {
    for client in [Dialect::OpenAi, Dialect::Anthropic, Dialect::Responses] {
        let expected = told(client, &[WORD, STOP, DONE].concat());
        assert_eq!(expected.1, End::Complete);
        assert_eq!(told(client, &[DONE, WORD, STOP, DONE].concat()), expected, "{client:?}");
        assert_eq!(told(client, DONE), (String::new(), End::Cut), "{client:?}");
    }
}

#[test]
fn a_name_that_every_event_would_repeat_is_bounded() {
    let name = "m".repeat(2000);
    let stream =
        WORD.replace("{\"choices\"", &format!("{{\"id\":\"{name}\",\"model\":\"{name}\",\"choices\""));
    let (written, end) = told(Dialect::OpenAi, &[stream.as_str(), WORD, STOP, DONE].concat());
    assert_eq!(end, End::Complete);
    assert!(!written.contains(&name) && written.contains("\"content\":\"a\""));
}
