//! A kept-alive connection that asks for event streams and hands out their bytes as they arrive.

use crate::chunked::Decoder;
use anyhow::Context;
use anyhow::ensure;
use std::net::SocketAddr;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const END_OF_HEAD: &[u8] = b"\r\n\r\n";

pub struct Connection {
    stream: TcpStream,
    /// Read but not yet looked at.
    unread: Vec<u8>,
    decoder: Decoder,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("`{address}` refused"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, unread: Vec::with_capacity(4096), decoder: Decoder::default() })
    }

    /// Sends a request and reads the head of its answer.
    pub async fn ask(&mut self, request: &[u8]) -> anyhow::Result<()> {
        self.stream.write_all(request).await?;
        self.unread.clear();
        self.decoder = Decoder::default();
        let end = loop {
            if let Some(at) = memchr::memmem::find(&self.unread, END_OF_HEAD) {
                break at + END_OF_HEAD.len();
            }
            self.fill().await?;
        };
        let head = String::from_utf8_lossy(&self.unread[..end]).to_ascii_lowercase();
        ensure!(head.starts_with("http/1.1 200"), "the answer was {head}");
        ensure!(head.contains("transfer-encoding: chunked"), "the stream is not chunked: {head}");
        self.unread.drain(..end);
        Ok(())
    }

    /// Appends the next bytes of the body; false at its end.
    pub async fn next(&mut self, body: &mut Vec<u8>) -> anyhow::Result<bool> {
        if self.decoder.ended() {
            return Ok(false);
        }
        if self.unread.is_empty() {
            self.fill().await?;
        }
        self.decoder.feed(&self.unread, body);
        self.unread.clear();
        Ok(true)
    }

    async fn fill(&mut self) -> anyhow::Result<()> {
        let read = self.stream.read_buf(&mut self.unread).await?;
        ensure!(read > 0, "the connection was closed in the middle of an answer");
        Ok(())
    }
}
