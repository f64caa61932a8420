//! Where a test of the contract runs: an empty store of either kind.

use crate::support::Postgres;
use rand::RngExt;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::path::PathBuf;
use tempfile::TempDir;
use tollgate::config::StoreUrl;
use tollgate::secret::Secret;
use tollgate::store::Counted;
use tollgate::store::EntriesPage;
use tollgate::store::Entry;
use tollgate::store::EntryId;
use tollgate::store::Kind;
use tollgate::store::PriceState;
use tollgate::store::Store;

/// 2024-02-28T22:30:00Z: a leap day is near.
pub const BEGIN: u64 = 1_709_159_400_000;

/// An empty store.
pub struct Bed {
    pub url: StoreUrl,
    _folder: Option<TempDir>,
}

impl Bed {
    pub fn sqlite() -> Bed {
        let folder = tempfile::tempdir().unwrap();
        let url = StoreUrl::Sqlite(folder.path().join("data/tollgate.db"));
        Bed { url, _folder: Some(folder) }
    }

    pub async fn postgres() -> Bed {
        let url = StoreUrl::Postgres(Secret::new(Postgres::shared().database().await));
        Bed { url, _folder: None }
    }

    pub async fn open(&self) -> Store {
        Store::open(&self.url).await.unwrap()
    }

    /// Runs a statement behind the store's back.
    pub async fn sql(&self, text: &'static str) {
        sqlx::any::install_default_drivers();
        let address = match &self.url {
            StoreUrl::Sqlite(path) => format!("sqlite://{}", path.display()),
            StoreUrl::Postgres(url) => url.expose().to_owned(),
        };
        let mut connection = <sqlx::AnyConnection as sqlx::Connection>::connect(&address).await.unwrap();
        sqlx::raw_sql(text).execute(&mut connection).await.unwrap();
    }

    pub fn file(&self) -> PathBuf {
        match &self.url {
            StoreUrl::Sqlite(path) => path.clone(),
            StoreUrl::Postgres(_) => panic!("PostgreSQL has many files"),
        }
    }
}

/// Runs a test over an empty SQLite and over an empty PostgreSQL.
pub async fn on_both(test: impl AsyncFn(Bed)) {
    // What is printed is shown only when the test fails.
    println!("on SQLite:");
    test(Bed::sqlite()).await;
    println!("on PostgreSQL:");
    test(Bed::postgres().await).await;
}

/// A plain request of key `key_1`, at a minute of its own.
pub fn entry(number: u64) -> Entry {
    Entry {
        id: EntryId::new(1, number),
        at: BEGIN + number * 60_000,
        request_id: format!("req_{number}"),
        key: "key_1".to_owned(),
        operation: "chat".to_owned(),
        provider: "acme".to_owned(),
        model_asked: "fast".to_owned(),
        model_served: "acme-1".to_owned(),
        status: 200,
        input: 10,
        output: 5,
        counted: Counted::Told,
        cost: 100,
        price: PriceState::Known,
        latency_us: 1000,
        attempts: 1,
        ..Entry::default()
    }
}

pub fn entries(numbers: std::ops::Range<u64>) -> Vec<Entry> {
    numbers.map(entry).collect()
}

/// Entries of all sorts over three days, the same for the same seed.
pub fn random_entries(seed: u64, count: u64) -> Vec<Entry> {
    let mut chance = StdRng::seed_from_u64(seed);
    (0..count).map(|number| random_entry(EntryId::new(seed, number), &mut chance)).collect()
}

fn random_entry(id: EntryId, chance: &mut StdRng) -> Entry {
    let mut draw = |most: u64| chance.random_range(0..=most);
    let mut one_of = |words: &[&str]| words[draw(words.len() as u64 - 1) as usize].to_owned();
    let (tenant, key) = (one_of(&["", "tn_1", "tn_2"]), one_of(&["key_1", "key_2", "key_3"]));
    let (end_user, cache) = (one_of(&["", "ann", "bob"]), one_of(&["", "hit", "miss", "semantic", "bypass"]));
    let (provider, model_asked) = (one_of(&["", "acme", "best"]), one_of(&["fast", "smart"]));
    let (model_served, error) = (one_of(&["", "acme-1", "best-2"]), one_of(&["", "", "timeout"]));
    Entry {
        id,
        kind: Kind::ALL[usize::from(draw(4) == 0)],
        at: BEGIN + draw(3 * 86_400_000),
        tenant,
        key,
        end_user,
        provider,
        model_asked,
        model_served,
        error,
        cache,
        input: draw(5000),
        cached: draw(100),
        cache_write: draw(100),
        output: draw(1000),
        reasoning: draw(100),
        cost: draw(1_000_000_000_000),
        price: PriceState::ALL[draw(3) as usize],
        latency_us: draw(60_000_000),
        ttft_us: (draw(1) == 0).then(|| 1 + id.0 as u64),
        status: [200, 200, 200, 404, 429, 499, 503][draw(6) as usize],
        attempts: draw(4) as u16,
        ..Entry::default()
    }
}

/// A page with everything.
pub fn all() -> EntriesPage {
    EntriesPage { tenant: None, key: None, since_ms: 0, until_ms: u64::MAX, after: None, limit: 1000 }
}
