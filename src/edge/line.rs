//! A connection before its first request: as Pingora hands it over, or with the client a proxy speaks for.

use async_trait::async_trait;
use bytes::Bytes;
use pingora::protocols::GetSocketDigest;
use pingora::protocols::Peek;
use pingora::protocols::SocketDigest;
use pingora::protocols::Stream;
use pingora::protocols::l4::socket::SocketAddr as Address;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::io::ReadBuf;

/// What a stream says of itself, and how it is closed: both like the one it is put around (`inner`, `inner_mut`).
macro_rules! like_inner {
    ($outer:ty) => {
        #[async_trait::async_trait]
        impl pingora::protocols::Shutdown for $outer {
            async fn shutdown(&mut self) {
                self.inner_mut().shutdown().await;
            }
        }

        impl pingora::protocols::UniqueID for $outer {
            fn id(&self) -> pingora::protocols::UniqueIDType {
                self.inner().id()
            }
        }

        impl pingora::protocols::Ssl for $outer {
            fn get_ssl_digest(&self) -> Option<std::sync::Arc<pingora::protocols::tls::SslDigest>> {
                self.inner().get_ssl_digest()
            }

            fn selected_alpn_proto(&self) -> Option<pingora::protocols::ALPN> {
                self.inner().selected_alpn_proto()
            }
        }

        impl pingora::protocols::GetTimingDigest for $outer {
            fn get_timing_digest(&self) -> Vec<Option<pingora::protocols::TimingDigest>> {
                self.inner().get_timing_digest()
            }
        }

        impl pingora::protocols::GetProxyDigest for $outer {
            fn get_proxy_digest(
                &self,
            ) -> Option<std::sync::Arc<pingora::protocols::raw_connect::ProxyDigest>> {
                self.inner().get_proxy_digest()
            }
        }
    };
}
pub(crate) use like_inner;

/// A boxed stream that can be wrapped again: a handshake takes no box.
#[derive(Debug)]
pub struct Line {
    inner: Stream,
    /// In place of the socket's own.
    socket: Option<Arc<SocketDigest>>,
    /// Read before, and given back.
    ahead: Bytes,
}

impl Line {
    pub fn new(inner: Stream) -> Line {
        Line { inner, socket: None, ahead: Bytes::new() }
    }

    /// One of which these bytes have been read, which the next reader wants to have.
    pub fn rewound(inner: Stream, ahead: Bytes) -> Line {
        Line { ahead, ..Line::new(inner) }
    }

    fn inner(&self) -> &Stream {
        &self.inner
    }

    fn inner_mut(&mut self) -> &mut Stream {
        &mut self.inner
    }

    /// From now on this is whom requests come from.
    pub fn speaks_for(&mut self, client: SocketAddr) {
        // The number of a stream that comes from a listener is its descriptor.
        let digest = SocketDigest::from_raw_fd(self.inner.id());
        // Nobody else has seen the new digest, so it is empty.
        let _ = digest.peer_addr.set(Some(Address::Inet(client)));
        self.socket = Some(Arc::new(digest));
    }
}

/// Who is connected, and to which of our addresses.
pub fn ends(stream: &Stream) -> Option<(SocketAddr, SocketAddr)> {
    let digest = stream.get_socket_digest()?;
    Some((*digest.peer_addr()?.as_inet()?, *digest.local_addr()?.as_inet()?))
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.ahead.is_empty() {
            return Pin::new(&mut self.inner).poll_read(cx, buf);
        }
        let most = self.ahead.len().min(buf.remaining());
        buf.put_slice(&self.ahead.split_to(most));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

like_inner!(Line);

#[async_trait]
impl Peek for Line {
    /// Shows what was given back, and nothing that has yet to come.
    async fn try_peek(&mut self, buf: &mut [u8]) -> io::Result<bool> {
        let Some(ahead) = self.ahead.get(..buf.len()) else { return Ok(false) };
        buf.copy_from_slice(ahead);
        Ok(true)
    }
}

impl GetSocketDigest for Line {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        self.socket.clone().or_else(|| self.inner.get_socket_digest())
    }
}
