//! A scripted vendor that speaks HTTP/2 only: with prior knowledge, or behind TLS by ALPN.

use crate::support::chat;
use crate::support::request::Request;
use crate::support::stand::Diary;
use crate::support::stand::Stand;
use crate::support::tls::Identity;
use bytes::Bytes;
use h2::Reason;
use h2::RecvStream;
use h2::SendStream;
use h2::server::SendResponse;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::net::TcpListener;
use tokio::net::TcpStream;

/// What it does with one request.
#[derive(Clone, Debug)]
pub enum Act {
    /// A good answer in the form that was asked for.
    Answer(String),
    /// The same after a while.
    Later(Duration, String),
    /// A status with an empty JSON object, before the body has been read.
    Early(u16),
    /// Resets the stream before any answer.
    Refuse(Reason),
    /// Streams one event and resets the stream.
    Tear(String),
    /// Streams one event and no more.
    Stall(String),
    /// Ends the connection without a word.
    HangUp,
}

type Script = Arc<dyn Fn(usize, &Request) -> Act + Send + Sync>;

/// A running vendor; it lives on a thread of its own. Dropping it closes its connections.
pub struct H2Vendor {
    base_url: String,
    diary: Arc<Diary<Reason>>,
    identity: Option<Identity>,
    _stand: Stand,
}

impl H2Vendor {
    /// Without TLS.
    pub fn start(script: impl Fn(usize, &Request) -> Act + Send + Sync + 'static) -> H2Vendor {
        H2Vendor::with(None, Arc::new(script))
    }

    /// Behind TLS, with a certificate that [`H2Vendor::ca_pem`] vouches for.
    pub fn start_tls(script: impl Fn(usize, &Request) -> Act + Send + Sync + 'static) -> H2Vendor {
        H2Vendor::with(Some(Identity::new(b"h2")), Arc::new(script))
    }

    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    pub fn ca_pem(&self) -> &Path {
        &self.identity.as_ref().expect("not behind TLS").ca
    }

    pub fn requests(&self) -> Vec<Request> {
        self.diary.requests()
    }

    /// Why streams were reset by the peer.
    pub fn resets(&self) -> Vec<Reason> {
        self.diary.ends()
    }

    fn with(identity: Option<Identity>, script: Script) -> H2Vendor {
        let origin = if identity.is_some() { "https://localhost" } else { "http://127.0.0.1" };
        let door = identity.as_ref().map(|identity| identity.door.clone());
        let diary = Arc::new(Diary::default());
        let written = diary.clone();
        let stand = Stand::open(|listener| accept(listener, door, script, written));
        H2Vendor { base_url: stand.url(origin), diary, identity, _stand: stand }
    }
}

async fn accept(
    listener: TcpListener,
    door: Option<tokio_rustls::TlsAcceptor>,
    script: Script,
    diary: Arc<Diary<Reason>>,
) {
    for connection in 0.. {
        let Ok((socket, _)) = listener.accept().await else { continue };
        let (door, script, diary) = (door.clone(), script.clone(), diary.clone());
        tokio::spawn(async move {
            let socket: TcpStream = socket;
            socket.set_nodelay(true).unwrap();
            match door {
                None => attend(connection, socket, script, diary).await,
                Some(door) => {
                    if let Ok(line) = door.accept(socket).await {
                        attend(connection, line, script, diary).await;
                    }
                }
            }
        });
    }
}

async fn attend<L>(connection: usize, line: L, script: Script, diary: Arc<Diary<Reason>>)
where
    L: AsyncRead + AsyncWrite + Unpin,
{
    let Ok(mut peer) = h2::server::handshake(line).await else { return };
    let (hang_up, mut hung_up) = tokio::sync::mpsc::channel::<()>(1);
    loop {
        let (request, respond) = tokio::select! {
            next = peer.accept() => match next {
                Some(Ok(next)) => next,
                Some(Err(_)) | None => return,
            },
            _ = hung_up.recv() => return,
        };
        let (script, diary, hang_up) = (script.clone(), diary.clone(), hang_up.clone());
        tokio::spawn(async move {
            let (parts, mut body) = request.into_parts();
            let mut request = read_head(connection, &parts);
            let number = diary.begin(&request);
            let act = script(number, &request);
            if !matches!(act, Act::Early(_)) {
                request.body = read_body(&mut body).await;
                diary.complete(number, &request.body);
            }
            if matches!(act, Act::HangUp) {
                hang_up.send(()).await.ok();
                // A stream that is let go of would be reset first, which is a word.
                return std::future::pending().await;
            }
            if let Some(reason) = perform(act, &request, respond).await {
                diary.end(reason);
            }
        });
    }
}

fn read_head(connection: usize, parts: &http::request::Parts) -> Request {
    let field = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let mut headers: Vec<_> = parts.headers.iter().map(field).collect();
    headers.push((":scheme".to_owned(), parts.uri.scheme_str().unwrap_or_default().to_owned()));
    headers.push((":authority".to_owned(), parts.uri.authority().map(|a| a.to_string()).unwrap_or_default()));
    let (method, path) = (parts.method.to_string(), parts.uri.path().to_owned());
    Request { method, path, headers, body: Vec::new(), at: Instant::now(), connection }
}

async fn read_body(body: &mut RecvStream) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(Ok(piece)) = body.data().await {
        body.flow_control().release_capacity(piece.len()).unwrap();
        all.extend_from_slice(&piece);
    }
    all
}

/// Returns why the peer reset the stream, if it did.
async fn perform(act: Act, request: &Request, mut respond: SendResponse<Bytes>) -> Option<Reason> {
    match act {
        Act::Answer(text) => answer(request, &text, respond).await,
        Act::Later(pause, text) => {
            tokio::select! {
                () = tokio::time::sleep(pause) => answer(request, &text, respond).await,
                reset = std::future::poll_fn(|context| respond.poll_reset(context)) => reset.ok(),
            }
        }
        Act::Early(status) => {
            let mut stream = respond.send_response(head(status, "application/json"), false).unwrap();
            stream.send_data("{}".into(), true).unwrap();
            None
        }
        Act::Refuse(reason) => {
            respond.send_reset(reason);
            None
        }
        Act::Tear(text) => {
            let mut stream = begin(&mut respond, &text);
            // The event must have left before the reset, which overtakes what is still queued.
            tokio::time::sleep(Duration::from_millis(200)).await;
            stream.send_reset(Reason::INTERNAL_ERROR);
            None
        }
        Act::Stall(text) => {
            let mut stream = begin(&mut respond, &text);
            std::future::poll_fn(|context| stream.poll_reset(context)).await.ok()
        }
        Act::HangUp => None,
    }
}

fn head(status: u16, kind: &str) -> http::Response<()> {
    http::Response::builder().status(status).header("content-type", kind).body(()).unwrap()
}

fn begin(respond: &mut SendResponse<Bytes>, text: &str) -> SendStream<Bytes> {
    let mut stream = respond.send_response(head(200, "text/event-stream"), false).unwrap();
    stream.send_data(event(&chat::chunk(text)), false).unwrap();
    stream
}

async fn answer(request: &Request, text: &str, mut respond: SendResponse<Bytes>) -> Option<Reason> {
    if request.json()["stream"] == true {
        let mut stream = begin(&mut respond, text);
        for payload in [chat::finish_chunk(), chat::usage_chunk(5, 7)] {
            stream.send_data(event(&payload), false).ok()?;
        }
        stream.send_data(event(chat::DONE), true).ok()?;
    } else {
        let mut stream = respond.send_response(head(200, "application/json"), false).ok()?;
        stream.send_data(chat::completion(text).to_string().into(), true).ok()?;
    }
    None
}

fn event(payload: &str) -> Bytes {
    format!("data: {payload}\n\n").into()
}
