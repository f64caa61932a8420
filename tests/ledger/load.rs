//! Clients that ask one request after the other, each under an id of its own, and know which of them ended.

use crate::support::KEY;
use crate::support::chat_body;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

const CLIENTS: usize = 8;

/// What became of the requests.
#[derive(Default)]
pub struct Asked {
    /// Read to the end, with status 200.
    pub ended: Vec<String>,
    /// Anything else.
    pub broken: Vec<String>,
}

pub struct Load {
    over: Arc<AtomicBool>,
    asked: Arc<Mutex<Asked>>,
    clients: Vec<tokio::task::JoinHandle<()>>,
}

impl Load {
    /// Half of the requests are streams. `round` tells its ids from those of other loads.
    pub fn begin(url: &str, round: usize) -> Load {
        let (over, asked) = (Arc::new(AtomicBool::new(false)), Arc::<Mutex<Asked>>::default());
        let clients = (0..CLIENTS).map(|client| {
            let (over, asked, url) = (over.clone(), asked.clone(), url.to_owned());
            tokio::spawn(async move {
                let http = reqwest::Client::builder().no_proxy().build().unwrap();
                for number in 0.. {
                    if over.load(Ordering::Relaxed) {
                        return;
                    }
                    let id = format!("load-{round}-{client}-{number}");
                    let has_ended = ask(&http, &url, &id, number % 2 == 0).await;
                    let mut asked = asked.lock().unwrap();
                    if has_ended { asked.ended.push(id) } else { asked.broken.push(id) }
                }
            })
        });
        let clients = clients.collect();
        Load { over, asked, clients }
    }

    /// Requests that have ended so far.
    pub fn ended(&self) -> usize {
        self.asked.lock().unwrap().ended.len()
    }

    pub async fn ends(self) -> Asked {
        self.over.store(true, Ordering::Relaxed);
        for client in self.clients {
            client.await.unwrap();
        }
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

async fn ask(http: &reqwest::Client, url: &str, id: &str, stream: bool) -> bool {
    let request = http.post(url).bearer_auth(KEY).header("x-request-id", id).json(&chat_body("m", stream));
    match request.send().await {
        Ok(answer) if answer.status() == 200 => answer.bytes().await.is_ok(),
        Ok(_) => false,
        Err(_) => {
            // The gateway is down: no need to ask as fast as one can.
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            false
        }
    }
}
