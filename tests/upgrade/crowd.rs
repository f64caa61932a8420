//! Fifty clients that never rest: chats, streams and pages of a route, each on a connection it keeps.

use crate::KEY;
use crate::support::DONE;
use crate::support::Reply;
use crate::support::Request;
use crate::support::Vendor;
use crate::support::chat_body;
use crate::support::chunk;
use crate::support::client;
use crate::support::finish_chunk;
use serde_json::json;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::timeout;

const CLIENTS: usize = 50;
const WORDS: usize = 8;
/// Between two words of a stream.
const PACE: Duration = Duration::from_millis(25);
/// Far more than anybody needs on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug)]
enum Kind {
    Chat,
    Stream,
    Page,
}

pub struct Crowd {
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
}

struct Shared {
    /// Gateways; clients go to one after the other when a connection is refused.
    origins: Vec<String>,
    /// The gateway that the balancer in front would choose.
    chosen: AtomicUsize,
    stop: AtomicBool,
    failures: Mutex<Vec<String>>,
    /// Answers each client has had since it was counted last.
    answers: Vec<AtomicUsize>,
    /// Chats and streams that were answered, which have entries in the ledger.
    billed: AtomicUsize,
}

/// Serves the model and the page.
pub fn vendor() -> Vendor {
    Vendor::start(|_, request: &Request| {
        if request.path.starts_with("/page") {
            return Reply::json(200, json!({ "page": true }));
        }
        if request.json()["stream"] != true {
            return Reply::chat("hello");
        }
        let words = (0..WORDS)
            .fold(Reply::sse_head(), |reply, n| reply.event(&chunk(&format!("word{n} "))).pause(PACE));
        words.event(&finish_chunk()).event(DONE).end()
    })
}

impl Crowd {
    pub fn start(origins: Vec<String>) -> Crowd {
        let shared = Arc::new(Shared {
            origins,
            chosen: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            failures: Mutex::default(),
            answers: (0..CLIENTS).map(|_| AtomicUsize::new(0)).collect(),
            billed: AtomicUsize::new(0),
        });
        let mut tasks = JoinSet::new();
        for number in 0..CLIENTS {
            tasks.spawn(live(shared.clone(), number));
        }
        Crowd { shared, tasks }
    }

    /// Returns once every client has begun and ended a request.
    pub async fn all_answered(&self) {
        self.shared.answers.iter().for_each(|answers| answers.store(0, Ordering::SeqCst));
        // The first may have begun before.
        let slow = || self.shared.answers.iter().any(|answers| answers.load(Ordering::SeqCst) < 2);
        let all = async {
            while slow() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, all).await.expect("clients hang");
    }

    /// Everybody is sent to this gateway from now on.
    pub fn choose(&self, gateway: usize) {
        self.shared.chosen.store(gateway, Ordering::SeqCst);
    }

    /// Ends all clients, none of which may have failed; how many answers have to be in the ledger.
    pub async fn ended(mut self) -> usize {
        self.shared.stop.store(true, Ordering::SeqCst);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        timeout(PATIENCE, all).await.expect("clients hang");
        let failures = self.shared.failures.lock().unwrap();
        assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
        self.shared.billed.load(Ordering::SeqCst)
    }
}

async fn live(shared: Arc<Shared>, number: usize) {
    let kind = [Kind::Chat, Kind::Stream, Kind::Page][number % 3];
    let client = client();
    while !shared.stop.load(Ordering::SeqCst) {
        match request(&shared, &client, kind).await {
            Ok(()) => drop(shared.answers[number].fetch_add(1, Ordering::SeqCst)),
            Err(why) => shared.failures.lock().unwrap().push(format!("{kind:?}: {why}")),
        }
    }
}

async fn request(shared: &Shared, client: &reqwest::Client, kind: Kind) -> Result<(), String> {
    let first = shared.chosen.load(Ordering::SeqCst);
    let mut refused = String::new();
    for next in 0..shared.origins.len() {
        let origin = &shared.origins[(first + next) % shared.origins.len()];
        match asked(client, origin, kind).send().await {
            Ok(answer) => return whole(shared, answer, kind).await,
            Err(error) if error.is_connect() => refused = format!("{error:?}"),
            Err(error) => return Err(format!("{error:?}")),
        }
    }
    Err(refused)
}

fn asked(client: &reqwest::Client, origin: &str, kind: Kind) -> reqwest::RequestBuilder {
    let chat = |stream| {
        let request = client.post(format!("{origin}/v1/chat/completions")).bearer_auth(KEY);
        request.json(&chat_body("always", stream))
    };
    match kind {
        Kind::Chat => chat(false),
        Kind::Stream => chat(true),
        Kind::Page => client.get(format!("{origin}/page/x")),
    }
}

async fn whole(shared: &Shared, answer: reqwest::Response, kind: Kind) -> Result<(), String> {
    let status = answer.status();
    let text = answer.text().await.map_err(|error| format!("cut: {error:?}"))?;
    let complete = match kind {
        Kind::Chat => text.contains("hello"),
        Kind::Stream => (0..WORDS).all(|n| text.contains(&format!("word{n} "))) && text.contains(DONE),
        Kind::Page => text.contains("page"),
    };
    if status != 200 || !complete {
        return Err(format!("{status}: {text}"));
    }
    if !matches!(kind, Kind::Page) {
        shared.billed.fetch_add(1, Ordering::SeqCst);
    }
    Ok(())
}
