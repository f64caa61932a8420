//! The ledger: what each way to end a request comes to, and that nothing of it is lost or counted twice.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

#[path = "ledger/answers.rs"]
mod answers;
#[path = "ledger/books.rs"]
mod books;
#[path = "ledger/disk.rs"]
mod disk;
#[path = "ledger/failures.rs"]
mod failures;
#[path = "ledger/kills.rs"]
mod kills;
#[path = "ledger/leaving.rs"]
mod leaving;
#[path = "ledger/load.rs"]
mod load;
#[path = "ledger/outage.rs"]
mod outage;
#[path = "ledger/refused.rs"]
mod refused;
#[path = "ledger/start.rs"]
mod start;

use books::Books;
use serde_json::Value;
use serde_json::json;
use support::Answer;
use support::Gateway;
use support::KEY;
use support::Reply;
use support::Request;
use support::Vendor;
use tollgate::store::Entry;

/// Nano-dollars for a token at `first`: prompt, and answer.
const INPUT: u64 = 2_000;
const OUTPUT: u64 = 10_000;

/// Prices of `first` are written, those of `second` are free, those of `third` are not known.
const PRICES: &str =
    "pricing: { first/*: { input: 2, output: 10, cached: 0.5, cache_write: 2.5 }, second/m: free }";

/// A gateway before three vendors, of which `chat` asks the first two.
struct Stage {
    gateway: Gateway,
    first: Vendor,
    _second: Vendor,
    _third: Vendor,
    books: Books,
}

impl Stage {
    /// `first` does what the script says, the others answer.
    async fn set(script: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static) -> Stage {
        Stage::with("cache: { exact: { ttl: 0 } }", "openai_compatible", script).await
    }

    /// With a line of settings, and `first` of this kind.
    async fn with(
        line: &str,
        kind: &str,
        script: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static,
    ) -> Stage {
        let answers = || Vendor::start(|_, request| Reply::answer(request, "another answer"));
        let (first, second, third) = (Vendor::start(script), answers(), answers());
        let provider = |name: &str, kind: &str, vendor: &Vendor| {
            let base = vendor.base_url();
            let path = if kind == "anthropic" { "" } else { "/v1" };
            format!(
                "  {name}: {{ kind: {kind}, api_key: sk-vendor-1, base_url: '{base}{path}', check: false }}\n"
            )
        };
        let providers = [
            ("first", kind, &first),
            ("second", "openai_compatible", &second),
            ("third", "openai_compatible", &third),
        ]
        .map(|(name, kind, vendor)| provider(name, kind, vendor));
        let gateway = Gateway::start(&format!(
            "failover: {{ check_interval: off, between_events: 300ms }}\n{line}\n{PRICES}\nproviders:\n{}\
             groups: {{ chat: {{ strategy: priority, order: as-written, members: [ first/m, second/m ] }} }}\n",
            providers.concat()
        ));
        let books = Books::open(&gateway.data_dir().join("tollgate.db")).await;
        Stage { gateway, first, _second: second, _third: third, books }
    }

    async fn ask(&self, model: &str, stream: bool) -> Answer {
        support::ask(&self.gateway, &body(model, stream)).await
    }

    /// The only entry there is.
    async fn entry(&self) -> Entry {
        let [entry] = self.books.entries(1).await.try_into().unwrap();
        entry
    }
}

fn body(model: &str, stream: bool) -> Value {
    json!({ "model": model, "stream": stream, "messages": [{ "role": "user", "content": "Say hello." }] })
}

/// Tokens of the prompt of a body, where nobody counts them.
fn estimated(body: &Value) -> u64 {
    body.to_string().len().div_ceil(4) as u64
}

/// A usage as OpenAI tells it.
fn usage(prompt: u64, completion: u64) -> Value {
    json!({ "prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion })
}
