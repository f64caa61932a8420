//! A provider whose streams a test sends by hand: nothing comes before the test wants it.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;
use futures_util::stream;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::mpsc::unbounded_channel;

const DEADLINE: Duration = Duration::from_secs(20);

/// Every chat request opens a stream. It lives in the runtime of the test.
pub struct Hand {
    base_url: String,
    opened: UnboundedReceiver<LiveStream>,
}

/// One open stream; dropping it ends the body properly.
pub struct LiveStream(UnboundedSender<Bytes>);

impl Hand {
    pub async fn start() -> Hand {
        let (open, opened) = unbounded_channel();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        let router = Router::new().route("/v1/chat/completions", post(begin)).with_state(open);
        tokio::spawn(axum::serve(listener, router).into_future());
        Hand { base_url, opened }
    }

    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The next stream a request opens; panics after 20 s.
    pub async fn opened(&mut self) -> LiveStream {
        let next = tokio::time::timeout(DEADLINE, self.opened.recv()).await;
        next.expect("nobody asked").expect("the provider is gone")
    }
}

impl LiveStream {
    /// Sends one event with this payload. Whether anybody still listens is not told.
    pub fn send(&self, payload: &str) {
        self.0.send(Bytes::from(format!("data: {payload}\n\n"))).ok();
    }
}

async fn begin(State(open): State<UnboundedSender<LiveStream>>) -> Response {
    let (send, events) = unbounded_channel();
    open.send(LiveStream(send)).ok();
    let body = stream::unfold(events, async |mut events| {
        let event = events.recv().await?;
        Some((Ok::<Bytes, Infallible>(event), events))
    });
    ([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(body)).into_response()
}
