//! Entries out of the spool's files and into the store, each exactly once.

use crate::store::Store;
use crate::store::StoreError;
use crate::usage::spool::Batch;
use crate::usage::spool::Spool;
use crate::usage::spool::SpoolFile;
use crate::usage::spool::read_batch;
use std::time::Duration;
use tracing::error;
use tracing::info;
use tracing::warn;

/// How long the drain rests when there is nothing to do.
const IDLE: Duration = Duration::from_millis(100);
/// How long it waits when the store is away: at first, and at most.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// There may be more.
    Taken,
    /// All there is is in the store.
    Idle,
}

/// How long it was waited for the store; `None` while it is there.
pub type Outage = Option<Duration>;

/// Drains for ever.
pub async fn keep_draining(spool: &Spool, store: &Store, mut outage: Outage) {
    loop {
        match step(spool, store).await {
            Ok(done) => {
                // A step that took nothing may not have asked the store at all.
                if done == Step::Taken && outage.take().is_some() {
                    spool.counts().store_away(false);
                    info!("the store is back");
                }
                if done == Step::Idle {
                    tokio::time::sleep(IDLE).await;
                }
            }
            Err(cause) => {
                let pause = longer(spool, outage, &cause);
                outage = Some(pause);
                tokio::time::sleep(pause).await;
            }
        }
    }
}

/// How long to wait for the store now. The first time it says why.
pub fn longer(spool: &Spool, outage: Outage, cause: &StoreError) -> Duration {
    let Some(waited) = outage else {
        spool.counts().store_away(true);
        warn!(%cause, "the store takes no entries; they wait in the spool");
        return FIRST_WAIT;
    };
    (waited * 2).min(LONGEST_WAIT)
}

/// Puts one batch into the store: of the oldest file that has one, of the file that is written to last.
///
/// # Errors
/// [`StoreError`]: the same batch comes again.
pub async fn step(spool: &Spool, store: &Store) -> Result<Step, StoreError> {
    let (others, current) = spool.files();
    for file in &others {
        if take_from(spool, store, file, true).await? {
            return Ok(Step::Taken);
        }
        let_go(spool, store, file).await?;
    }
    match take_from(spool, store, &current, false).await? {
        true => Ok(Step::Taken),
        false => Ok(Step::Idle),
    }
}

/// Whether there was anything in the file.
async fn take_from(spool: &Spool, store: &Store, file: &SpoolFile, closed: bool) -> Result<bool, StoreError> {
    let from = match file.drained() {
        Some(upto) => upto,
        None => store.drained(file.name()).await?,
    };
    file.drained_upto(from);
    let batch = read_batch(file.handle(), from, closed).map_err(|cause| StoreError::Away {
        why: format!("`{}` cannot be read: {cause}", file.path().display()),
    })?;
    if batch.is_empty() {
        return Ok(false);
    }
    bring(spool, store, file, &batch).await?;
    for at in &batch.garbage {
        warn!(file = %file.path().display(), at, "a line of the spool is no entry");
    }
    spool.counts().garbage(batch.garbage.len() as u64);
    file.drained_upto(batch.upto);
    Ok(true)
}

async fn bring(spool: &Spool, store: &Store, file: &SpoolFile, batch: &Batch) -> Result<(), StoreError> {
    let refused = match store.append(file.name(), batch.upto, &batch.entries).await {
        Ok(()) => 0,
        Err(cause) if cause.is_away() => return Err(cause),
        Err(cause) => one_by_one(store, file, batch, cause).await?,
    };
    spool.counts().lost(refused);
    spool.counts().drained(batch.entries.len() as u64 - refused);
    Ok(())
}

/// An entry that the store refuses must not keep the others out. How many those were; none where it refuses
/// everything, for then the fault is the store's.
async fn one_by_one(
    store: &Store,
    file: &SpoolFile,
    batch: &Batch,
    cause: StoreError,
) -> Result<u64, StoreError> {
    let (from, mut refused) = (file.drained().unwrap_or(0), Vec::new());
    for entry in &batch.entries {
        match store.append(file.name(), from, std::slice::from_ref(entry)).await {
            Ok(()) => {}
            Err(cause) if cause.is_away() => return Err(cause),
            Err(cause) => refused.push((entry.id, cause)),
        }
    }
    if refused.len() == batch.entries.len() {
        return Err(cause);
    }
    store.append(file.name(), batch.upto, &[]).await?;
    for (id, cause) in &refused {
        error!(%id, %cause, "the store refuses an entry of the ledger; it is lost");
    }
    Ok(refused.len() as u64)
}

/// Everything in it is in the store. The file goes first: should we end in between, it is not drained once more.
async fn let_go(spool: &Spool, store: &Store, file: &SpoolFile) -> Result<(), StoreError> {
    if let Err(cause) = file.remove() {
        // It is drained already, so that nothing comes of it but this line, and another at the next start.
        warn!(file = %file.path().display(), %cause, "a drained spool file cannot be removed");
        spool.let_go(file);
        return Ok(());
    }
    spool.let_go(file);
    store.forget_spool(file.name()).await
}
