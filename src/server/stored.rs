//! The store while the gateway runs: opened, asked every second whether keys and tenants have changed, and missed
//! without harm when it is away.

use crate::clock;
use crate::config::StoreUrl;
use crate::gateway::parts::Parts;
use crate::server::NotStarted;
use crate::server::outage::Asker;
use crate::server::outage::Outage;
use crate::server::recount;
use crate::server::recount::Recount;
use crate::store::By;
use crate::store::Store;
use crate::store::StoreError;
use crate::tenants::first_keys::FirstKeys;
use crate::tenants::first_keys::Fresh;
use crate::tenants::first_keys::SIGHT_EVERY;
use crate::tenants::first_keys::STORE_GRACE;
use crate::tenants::registry::Known;
use crate::tenants::settle::Wants;
use crate::tenants::settle::settle;
use crate::tenants::settle::still_good;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tracing::error;
use tracing::warn;

/// A change is in force everywhere within twice this.
const LOOK: Duration = Duration::from_secs(1);
/// How long a start waits for a server. One that is there answers in milliseconds.
const START_PATIENCE: Duration = Duration::from_secs(2);
/// A file is there; who else writes to it is done within 10 s.
const FILE_PATIENCE: Duration = Duration::from_secs(20);
/// How long it waits for the counters of quotas, of which there may be many.
const COUNT_PATIENCE: Duration = Duration::from_secs(10);

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
        let store = Store::open_for_one(url).await?;
        let settled = settle(&store, &kept, Wants { client: wants_client, admin: true }, &by()).await?;
        Ok((store, settled))
    };
    let patience = match url {
        StoreUrl::Sqlite(_) => FILE_PATIENCE,
        StoreUrl::Postgres(_) => START_PATIENCE,
    };
    let away = StoreError::Away { why: format!("no answer within {} s", patience.as_secs()) };
    let asked = runtime.block_on(async { tokio::time::timeout(patience, asked).await.unwrap_or(Err(away)) });
    let fresh = match asked {
        Ok((store, settled)) => {
            // A folder that cannot be written to is in nobody's way while the keys are the same.
            match settled.kept.are(&kept) {
                true => keep_quietly(&settled.kept, &kept, folder),
                false => settled.kept.keep(folder)?,
            }
            parts.registry.learn(Known::Stored(settled.rows));
            parts.renew_credentials();
            runtime.block_on(count_on(parts, &store));
            settled.fresh
        }
        // A file does not come back by itself.
        Err(error) if error.is_away() && matches!(url, StoreUrl::Postgres(_)) => {
            warn!(store = url.masked(), %error, "store not reached; the keys of the file and the first ones serve");
            let fresh = kept.make_missing(wants_client);
            if !fresh.is_empty() {
                kept.keep(folder)?;
            }
            let open = kept.without_store(clock::since_epoch());
            if !open.are(&kept) {
                warn_of_lapse();
            }
            parts.registry.learn(Known::First(open));
            parts.renew_credentials();
            fresh
        }
        Err(error) => return Err(error.into()),
    };
    Ok(fresh)
}

/// Quotas go on where they stood when the last process ended, before the first request is taken.
/// The store is closed then: its connections belong to the start.
async fn count_on(parts: &Parts, store: &Store) {
    let asked = async {
        recount::take_in(parts, store).await?;
        Recount::default().bring(parts, store).await
    };
    let counted = tokio::time::timeout(COUNT_PATIENCE, asked).await;
    store.close().await;
    let cause = match counted {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("not done within {} s", COUNT_PATIENCE.as_secs()),
    };
    warn!(
        cause,
        "quotas not counted yet from the ledger; they begin lower and are raised as soon as they are"
    );
}

/// Asks the store every second, for as long as the process lives.
pub async fn keep_asking(parts: &Parts, home: &Home, outage: &Outage) {
    let mut recount = Recount::default();
    let mut next_sight = Duration::ZERO;
    loop {
        match look(parts, home, &mut recount).await {
            Ok(()) => {
                outage.is_over(Asker::Registry);
                let now = clock::since_epoch();
                if now >= next_sight {
                    note_sight(parts, home, now);
                    next_sight = now + SIGHT_EVERY;
                }
            }
            Err(error) => {
                outage.goes_on(Asker::Registry, &error);
                lapse(parts, clock::since_epoch());
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Takes the first keys out of force that the store was not seen to call good for too long.
fn lapse(parts: &Parts, now: Duration) {
    if let Known::First(keys) = &*parts.registry.known() {
        let open = keys.without_store(now);
        if !open.are(keys) {
            warn_of_lapse();
            parts.registry.learn(Known::First(open));
            parts.renew_credentials();
        }
    }
}

fn warn_of_lapse() {
    let hours = STORE_GRACE.as_secs() / 3600;
    warn!(
        hours,
        "the store has not been seen for so long: the first keys wait for it, as they may be disabled there"
    );
}

/// Writes down that the store was seen to call the first keys good.
fn note_sight(parts: &Parts, home: &Home, now: Duration) {
    if let Known::Stored(rows) = &*parts.registry.known() {
        let kept = FirstKeys::read(&home.folder).unwrap_or_default();
        if let Some(seen) = still_good(&kept, rows).seen_again(now) {
            keep_quietly(&seen, &kept, &home.folder);
        }
    }
}

/// The store, opened if it has not been yet.
///
/// # Errors
/// Those of the store.
pub async fn opened<'p>(parts: &'p Parts, home: &Home) -> Result<&'p Arc<Store>, StoreError> {
    parts.store.get_or_try_init(async || Store::open(&home.url).await.map(Arc::new)).await
}

/// Learns at once what was just changed here.
pub async fn catch_up(parts: &Parts, home: &Home) {
    if let Err(error) = learn(parts, home).await {
        warn!(%error, "a change is not in force here yet");
    }
    // Another look may have learnt it, and be about to put it in force.
    parts.renew_credentials();
}

async fn look(parts: &Parts, home: &Home, recount: &mut Recount) -> Result<(), StoreError> {
    if learn(parts, home).await? {
        parts.renew_credentials();
    }
    // The first time as well: when the process started the store may have been away.
    if recount.is_due(parts) {
        let store = opened(parts, home).await?;
        // The ledger has to be whole: what is not in it would be counted by nobody.
        recount::take_in(parts, store).await?;
        recount.bring(parts, store).await?;
    }
    Ok(())
}

/// Whether there was anything new.
async fn learn(parts: &Parts, home: &Home) -> Result<bool, StoreError> {
    let store = opened(parts, home).await?;
    let folder = &home.folder;
    if matches!(&*parts.registry.known(), Known::First(_)) {
        // It was away when the process started.
        let kept = FirstKeys::read(folder).unwrap_or_default();
        let settled = settle(store, &kept, Wants::NOTHING, &by()).await?;
        parts.registry.learn(Known::Stored(settled.rows));
        // At once: who sees that the store is known relies on its keys.
        parts.renew_credentials();
        keep_quietly(&settled.kept, &kept, folder);
    } else if parts.registry.refresh(store).await? {
        if let Known::Stored(rows) = &*parts.registry.known() {
            let kept = FirstKeys::read(folder).unwrap_or_default();
            keep_quietly(&still_good(&kept, rows), &kept, folder);
        }
    } else {
        return Ok(false);
    }
    Ok(true)
}

fn keep_quietly(now: &FirstKeys, before: &FirstKeys, folder: &Path) {
    if now == before {
        return;
    }
    if let Err(error) = now.keep(folder) {
        error!(%error, "first keys not written down; a start without the store would not know of the change");
    }
}

/// Changes made by this program itself.
fn by() -> By {
    By { who: "tollgate".to_owned(), at_ms: clock::millis(clock::since_epoch()) }
}
