//! The store while the gateway runs: opened, asked every second whether keys and tenants have changed, and missed
//! without harm when it is away.

use crate::clock;
use crate::config::StoreUrl;
use crate::gateway::parts::Parts;
use crate::server::NotStarted;
use crate::store::By;
use crate::store::Store;
use crate::store::StoreError;
use crate::tenants::first_keys::FirstKeys;
use crate::tenants::first_keys::Fresh;
use crate::tenants::registry::Known;
use crate::tenants::settle::Wants;
use crate::tenants::settle::settle;
use crate::tenants::settle::still_good;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use tracing::error;
use tracing::info;
use tracing::warn;

/// A change is in force everywhere within twice this.
const LOOK: Duration = Duration::from_secs(1);
/// How long a start waits for a server. One that is there answers in milliseconds.
const START_PATIENCE: Duration = Duration::from_secs(2);

/// Where things are kept for good; fixed when the process starts.
#[derive(Clone, Debug)]
pub struct Home {
    pub url: StoreUrl,
    pub folder: PathBuf,
}

/// Brings the first keys and the store together before the first request. Where the store is away the data folder
/// has to do, and what is stored comes into force when it is back.
///
/// # Errors
/// [`NotStarted`] when the store or the data folder cannot be used at all.
pub fn first_look(parts: &Parts, home: &Home, wants_client: bool) -> Result<Fresh, NotStarted> {
    let Home { url, folder } = home;
    let mut kept = FirstKeys::read(folder)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|cause| NotStarted::NoRuntime { cause })?;
    let asked = async {
        let store = Store::open(url).await?;
        let settled = settle(&store, &kept, Wants { client: wants_client, admin: true }, &by()).await;
        store.close().await;
        settled
    };
    let away = StoreError::Away { why: format!("no answer within {} s", START_PATIENCE.as_secs()) };
    let asked =
        runtime.block_on(async { tokio::time::timeout(START_PATIENCE, asked).await.unwrap_or(Err(away)) });
    let fresh = match asked {
        Ok(settled) => {
            keep_if_new(&settled.kept, &kept, folder)?;
            parts.registry.learn(Known::Stored(settled.rows));
            settled.fresh
        }
        // A file that is not there will not come by itself.
        Err(error) if error.is_away() && matches!(url, StoreUrl::Postgres(_)) => {
            warn!(store = url.masked(), %error, "store not reached; the keys of the file and the first ones serve");
            let fresh = kept.make_missing(wants_client);
            if !fresh.is_empty() {
                kept.keep(folder)?;
            }
            parts.registry.learn(Known::First(kept));
            fresh
        }
        Err(error) => return Err(error.into()),
    };
    parts.renew_credentials();
    Ok(fresh)
}

/// Asks the store every second, for as long as the process lives.
pub async fn keep_asking(parts: &Parts, home: &Home) {
    let mut outage = Outage { since: None };
    loop {
        match look(parts, home).await {
            Ok(()) => outage.is_over(),
            Err(error) => outage.goes_on(&error),
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Says when the store goes and when it is back, once each.
struct Outage {
    since: Option<Duration>,
}

impl Outage {
    fn goes_on(&mut self, error: &StoreError) {
        if self.since.is_none() {
            self.since = Some(clock::since_epoch());
            warn!(%error, "store away; keys and tenants stay in force as they are known");
        }
    }

    fn is_over(&mut self) {
        if let Some(since) = self.since.take() {
            let seconds = clock::since_epoch().saturating_sub(since).as_secs();
            info!(seconds, "store is back");
        }
    }
}

async fn look(parts: &Parts, home: &Home) -> Result<(), StoreError> {
    let store = parts.store.get_or_try_init(|| Store::open(&home.url)).await?;
    let folder = &home.folder;
    if matches!(&*parts.registry.known(), Known::First(_)) {
        // It was away when the process started.
        let kept = FirstKeys::read(folder).unwrap_or_default();
        let settled = settle(store, &kept, Wants::NOTHING, &by()).await?;
        parts.registry.learn(Known::Stored(settled.rows));
        keep_quietly(&settled.kept, &kept, folder);
    } else if parts.registry.refresh(store).await? {
        if let Known::Stored(rows) = &*parts.registry.known() {
            let kept = FirstKeys::read(folder).unwrap_or_default();
            keep_quietly(&still_good(&kept, rows), &kept, folder);
        }
    } else {
        return Ok(());
    }
    parts.renew_credentials();
    Ok(())
}

fn keep_if_new(now: &FirstKeys, before: &FirstKeys, folder: &Path) -> Result<(), NotStarted> {
    match now == before {
        true => Ok(()),
        false => Ok(now.keep(folder)?),
    }
}

fn keep_quietly(now: &FirstKeys, before: &FirstKeys, folder: &Path) {
    if let Err(error) = keep_if_new(now, before, folder) {
        error!(%error, "first keys not written down; a start without the store would not know of the change");
    }
}

/// Changes made by this program itself.
fn by() -> By {
    By {
        who: "tollgate".to_owned(),
        at_ms: u64::try_from(clock::since_epoch().as_millis()).unwrap_or(u64::MAX),
    }
}
