//! What a scripted vendor does with one request: a list of steps, put together like sentences.

use crate::support::chat;
use crate::support::request::Request;
use serde_json::Value;
use std::time::Duration;

/// One thing a vendor does. After the last one it closes the connection.
#[derive(Clone, Debug)]
pub enum Step {
    Bytes(Vec<u8>),
    Pause(Duration),
    /// Until the peer closes.
    Hang,
    /// An orderly end of the connection (FIN).
    Close,
    /// A rude end of the connection (RST).
    Reset,
    /// Serves the next request on the same connection.
    KeepAlive,
}

/// The steps, in order. `Hang`, `Close`, `Reset` and `KeepAlive` are final: what follows is not played.
#[derive(Clone, Debug, Default)]
pub struct Reply(pub Vec<Step>);

impl Reply {
    pub fn json(status: u16, body: Value) -> Reply {
        Reply::json_with(status, &[], body)
    }

    pub fn json_with(status: u16, headers: &[(&str, &str)], body: Value) -> Reply {
        let body = body.to_string();
        let length = body.len().to_string();
        let own = [("content-type", "application/json"), ("content-length", length.as_str())];
        Reply::head(status, &[&own, headers].concat()).bytes(body).then(Step::KeepAlive)
    }

    /// A whole chat completion with usage 5 + 7.
    pub fn chat(text: &str) -> Reply {
        Reply::json(200, chat::completion(text))
    }

    /// A good answer in the form that was asked for, with usage 5 + 7.
    pub fn answer(request: &Request, text: &str) -> Reply {
        match request.json()["stream"] == true {
            true => Reply::stream(&[
                &chat::chunk(text),
                &chat::finish_chunk(),
                &chat::usage_chunk(5, 7),
                chat::DONE,
            ]),
            false => Reply::chat(text),
        }
    }

    /// A whole event stream with these payloads, as they are: `[DONE]` has to be among them.
    pub fn stream(events: &[&str]) -> Reply {
        Reply::events(events).end()
    }

    /// An event stream that is closed without an end after these payloads.
    pub fn stream_cut(events: &[&str]) -> Reply {
        Reply::events(events).then(Step::Close)
    }

    /// These bytes and a closed connection.
    pub fn raw(bytes: impl AsRef<[u8]>) -> Reply {
        Reply::default().bytes(bytes)
    }

    /// Takes the request and never says a word.
    pub fn silent() -> Reply {
        Reply(vec![Step::Hang])
    }

    /// The head of a chunked event stream; go on with [`Reply::event`] and finish with [`Reply::end`].
    pub fn sse_head() -> Reply {
        Reply::head(200, &[("content-type", "text/event-stream"), ("transfer-encoding", "chunked")])
    }

    /// A response head with exactly these headers.
    pub fn head(status: u16, headers: &[(&str, &str)]) -> Reply {
        let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        Reply::raw(format!("HTTP/1.1 {status} Scripted\r\n{lines}\r\n"))
    }

    /// Goes on with one more step.
    pub fn then(mut self, step: Step) -> Reply {
        self.0.push(step);
        self
    }

    pub fn bytes(self, bytes: impl AsRef<[u8]>) -> Reply {
        self.then(Step::Bytes(bytes.as_ref().to_vec()))
    }

    /// One HTTP chunk, whatever it holds: an event, half of one, a comment.
    pub fn chunk(self, bytes: impl AsRef<[u8]>) -> Reply {
        let bytes = bytes.as_ref();
        let framed = [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
        self.bytes(framed)
    }

    /// One event with this payload, as one HTTP chunk.
    pub fn event(self, payload: &str) -> Reply {
        self.chunk(format!("data: {payload}\n\n"))
    }

    pub fn pause(self, length: Duration) -> Reply {
        self.then(Step::Pause(length))
    }

    /// The same, after a pause.
    pub fn pausing_first(mut self, length: Duration) -> Reply {
        self.0.insert(0, Step::Pause(length));
        self
    }

    /// The proper end of a chunked body.
    pub fn end(self) -> Reply {
        self.bytes("0\r\n\r\n").then(Step::KeepAlive)
    }

    fn events(events: &[&str]) -> Reply {
        events.iter().fold(Reply::sse_head(), |reply, event| reply.event(event))
    }
}
