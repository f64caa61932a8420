//! The request's way out on a connection: head and body in as few writes as can be.

use crate::clock;
use crate::upstream::Broken;
use crate::upstream::Wire;
use crate::upstream::request::Request;
use crate::upstream::wire::Line;
use bytes::Bytes;
use pingora::ErrorType;
use pingora::protocols::Stream;
use pingora::protocols::http::client::HttpSession;
use pingora::protocols::http::v1::client::HttpSession as Http1Session;
use std::pin::pin;
use std::time::Duration;
use std::time::Instant;
use tokio::io::AsyncWriteExt;

/// A body is written in slices, so that the write timeout means progress and not the whole.
const SLICE: usize = 64 * 1024;
/// Up to here a body goes out in one write with its head: a packet costs more than all else that is done for a
/// small request. Copying more would cost as much as a second write.
const IN_ONE: usize = 16 * 1024;
/// How long a write may take where the peer says nothing.
const PATIENCE: Duration = Duration::from_millis(500);

const SENDING: &str = "sending the request";

impl Wire {
    /// Sends a whole request.
    ///
    /// # Errors
    /// [`Broken::Timeout`] at the `deadline` or when nothing can be written for too long,
    /// [`Broken::Reset`] when the connection ends. The provider may have answered nevertheless.
    pub async fn send(&mut self, request: &Request<'_>, deadline: Instant) -> Result<(), Broken> {
        let sent = tokio::time::timeout_at(deadline.into(), self.send_all(request)).await;
        sent.unwrap_or(Err(Broken::Timeout(SENDING)))?;
        self.sent = true;
        Ok(())
    }

    /// Sends a request whose head is written already, on a connection of HTTP/1.
    ///
    /// # Errors
    /// As [`Wire::send`], with the time that a write may take for a deadline.
    pub async fn send_written(&mut self, head: Vec<u8>, body: &Bytes) -> Result<(), Broken> {
        let Line::Silent(stream) = std::mem::replace(&mut self.line, Line::Closed) else {
            return Err(Broken::Timeout("using a connection twice"));
        };
        self.send_http1(stream, head, body.clone()).await?;
        self.sent = true;
        Ok(())
    }

    async fn send_all(&mut self, request: &Request<'_>) -> Result<(), Broken> {
        match std::mem::replace(&mut self.line, Line::Closed) {
            Line::Silent(stream) => self.send_http1(stream, request.http1_head(), request.body.clone()).await,
            Line::Http(session) => match *session {
                HttpSession::H1(session) => {
                    let head = request.http1_head();
                    self.send_http1(session.into_inner(), head, request.body.clone()).await
                }
                session @ (HttpSession::H2(_) | HttpSession::Custom(_)) => {
                    self.line = Line::Http(Box::new(session));
                    self.send_http2(request).await
                }
            },
            Line::Http1(_) | Line::Closed => Err(Broken::Timeout("using a connection twice")),
        }
    }

    /// Head and body in as few writes as can be. The session is made when there is something to read.
    async fn send_http1(
        &mut self,
        mut stream: Stream,
        mut first: Vec<u8>,
        mut rest: Bytes,
    ) -> Result<(), Broken> {
        first.extend_from_slice(&rest.split_to(rest.len().min(IN_ONE)));
        let mut sent = self.write(&mut stream, &first).await;
        while sent.is_ok() && !rest.is_empty() {
            let slice = rest.split_to(rest.len().min(SLICE));
            sent = self.write(&mut stream, &slice).await;
        }
        self.line = Line::Http1(Box::new(Http1Session::new_with_options(stream, &*self.peer)));
        sent
    }

    async fn write(&self, stream: &mut Stream, bytes: &[u8]) -> Result<(), Broken> {
        let written = pin!(async {
            stream.write_all(bytes).await?;
            stream.flush().await
        });
        let patience = self.peer.options.write_timeout.unwrap_or(PATIENCE);
        match clock::in_time(patience, written).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(cause)) => {
                Err(Broken::Reset(pingora::Error::because(ErrorType::WriteError, SENDING, cause)))
            }
            Err(_) => Err(Broken::Timeout(SENDING)),
        }
    }

    async fn send_http2(&mut self, request: &Request<'_>) -> Result<(), Broken> {
        let Line::Http(session) = &mut self.line else {
            return Err(Broken::Timeout("using a closed connection"));
        };
        session.set_write_timeout(self.peer.options.write_timeout);
        session.write_request_header(Box::new(request.http2_head()?)).await.map_err(sending)?;
        let mut rest = request.body.clone();
        while rest.len() > SLICE {
            session.write_request_body(rest.split_to(SLICE), false).await.map_err(sending)?;
        }
        session.write_request_body(rest, true).await.map_err(sending)?;
        session.finish_request_body().await.map_err(sending)
    }
}

fn sending(error: Box<pingora::Error>) -> Broken {
    match error.etype() {
        ErrorType::WriteTimedout => Broken::Timeout(SENDING),
        _ => Broken::Reset(error),
    }
}
