//! A way to a server on which answers can be held back.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::watch;

/// Everything goes through until it is narrowed. It lives as long as the test's runtime.
pub struct Passage {
    port: u16,
    narrows: Narrows,
}

#[derive(Clone)]
struct Narrows {
    /// Bytes that each connection may have been answered.
    most: watch::Sender<u64>,
    waiting: Arc<AtomicUsize>,
    /// How often answers were lost.
    lost: watch::Sender<u64>,
}

impl Passage {
    pub async fn to(port: u16) -> Passage {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let passage = Passage {
            port: listener.local_addr().unwrap().port(),
            narrows: Narrows {
                most: watch::Sender::new(u64::MAX),
                waiting: Arc::default(),
                lost: watch::Sender::new(0),
            },
        };
        let narrows = passage.narrows.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, port, narrows.clone()));
            }
        });
        passage
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Lets every connection have so many bytes of answers in all, the whole of its life; 0 holds all back from now on.
    pub fn narrow(&self, most: u64) {
        self.narrows.most.send_replace(most);
    }

    /// Lets through what was held back, and all that follows.
    pub fn open(&self) {
        self.narrow(u64::MAX);
    }

    /// Breaks every connection with an answer that is held back, which never comes.
    pub fn lose(&self) {
        self.narrows.lost.send_modify(|times| *times += 1);
    }

    /// Connections with an answer that is held back.
    pub fn waiting(&self) -> usize {
        self.narrows.waiting.load(Ordering::SeqCst)
    }
}

async fn pass(client: TcpStream, port: u16, narrows: Narrows) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    let (mut asked, answers) = client.into_split();
    let (answered, mut asks) = server.into_split();
    let down = tokio::spawn(narrows.pass_down(answered, answers));
    tokio::io::copy(&mut asked, &mut asks).await.ok();
    asks.shutdown().await.ok();
    down.await.ok();
}

impl Narrows {
    async fn pass_down(self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
        let (mut most, mut passed, mut part) = (self.most.subscribe(), 0, vec![0; 16 << 10]);
        let mut lost = self.lost.subscribe();
        while let Ok(read @ 1..) = from.read(&mut part).await {
            if passed >= *most.borrow() {
                self.waiting.fetch_add(1, Ordering::SeqCst);
                let goes_on = tokio::select! {
                    biased;
                    _ = lost.changed() => false,
                    wider = most.wait_for(|most| passed < *most) => wider.is_ok(),
                };
                self.waiting.fetch_sub(1, Ordering::SeqCst);
                if !goes_on {
                    return;
                }
            }
            passed += read as u64;
            if to.write_all(&part[..read]).await.is_err() {
                return;
            }
        }
    }
}
