//! Entries out of the spool's files and into the store, each exactly once.

use crate::clock;
use crate::server::outage::Asker;
use crate::server::outage::Outage;
use crate::store::Brought;
use crate::store::Store;
use crate::store::StoreError;
use crate::usage::spool::Batch;
use crate::usage::spool::Chunk;
use crate::usage::spool::Spool;
use crate::usage::spool::SpoolFile;
use std::time::Duration;
use std::time::Instant;
use tracing::error;
use tracing::warn;

/// How long the drain rests when it has taken what there is: a transaction costs as much as a hundred entries.
const REST: Duration = Duration::from_millis(250);
/// How long it waits when the store is away: at first, and at most.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// There may be more.
    Taken,
    /// That was all, for now.
    Last,
    /// Nothing was left.
    Idle,
}

/// Drains for ever.
pub async fn keep_draining(spool: &Spool, store: &Store, outage: &Outage) {
    let mut wait = FIRST_WAIT;
    loop {
        let rest = match step(spool, store, clock::now()).await {
            Ok(Step::Idle) => REST,
            Ok(done @ (Step::Taken | Step::Last)) => {
                wait = FIRST_WAIT;
                is_there(spool, outage);
                if done == Step::Taken { Duration::ZERO } else { REST }
            }
            Err(cause) => {
                is_away(spool, outage, &cause);
                let rest = wait;
                wait = (wait * 2).min(LONGEST_WAIT);
                rest
            }
        };
        tokio::time::sleep(rest).await;
    }
}

/// The store takes entries.
pub fn is_there(spool: &Spool, outage: &Outage) {
    spool.counts().store_away(false);
    outage.is_over(Asker::Ledger);
}

/// The store takes no entries.
pub fn is_away(spool: &Spool, outage: &Outage, cause: &StoreError) {
    spool.counts().store_away(true);
    outage.goes_on(Asker::Ledger, cause);
}

/// Puts one batch into the store: of the oldest file that has one, of the file that is written to last. Where the
/// store refuses a file's, it goes on with the next one.
///
/// # Errors
/// [`StoreError`]: nothing was taken, and the same comes again.
pub async fn step(spool: &Spool, store: &Store, now: Instant) -> Result<Step, StoreError> {
    let (others, current) = spool.files();
    let mut refused = None;
    let files = others.iter().map(|file| (file, true)).chain([(&current, false)]);
    for (file, closed) in files.filter(|(file, _)| !file.rests(now)) {
        match take_from(spool, store, file, closed).await {
            Ok(Step::Idle) if closed => let_go(spool, store, file).await?,
            Ok(Step::Idle) => {}
            Ok(done @ (Step::Taken | Step::Last)) => {
                set_refused_aside(spool, file);
                return Ok(if closed { Step::Taken } else { done });
            }
            Err(cause) if cause.is_away() => return Err(cause),
            Err(cause) => {
                note_refusal(spool, file, &cause, now);
                refused = Some(cause);
            }
        }
    }
    if others.is_empty() && current.is_refused_for_long() {
        // So that others can show whether the store takes any.
        spool.turn();
    }
    refused.map_or(Ok(Step::Idle), Err)
}

async fn take_from(spool: &Spool, store: &Store, file: &SpoolFile, closed: bool) -> Result<Step, StoreError> {
    let from = match file.drained() {
        Some(upto) => upto,
        None => store.drained(file.name()).await?,
    };
    file.drained_upto(from);
    let chunk = Chunk::read(file.handle(), from).map_err(|cause| StoreError::Away {
        why: format!("`{}` cannot be read: {cause}", file.path().display()),
    })?;
    let batch = chunk.batch(closed);
    if batch.is_empty() {
        return Ok(Step::Idle);
    }
    match store.append(file.name(), from..batch.upto, &batch.entries).await? {
        Brought::Taken => taken(spool, file, &batch),
        // By somebody else, or by us, and the answer was lost.
        Brought::Elsewhere => file.drained_unknown(),
    }
    Ok(if chunk.is_last() && !batch.is_full() { Step::Last } else { Step::Taken })
}

fn taken(spool: &Spool, file: &SpoolFile, batch: &Batch<'_>) {
    file.drained_upto(batch.upto);
    file.is_taken();
    spool.counts().drained(batch.entries.len() as u64);
    spool.counts().garbage(batch.garbage.len() as u64);
    for at in &batch.garbage {
        warn!(file = %file.path().display(), at, "something in the spool is no entry");
    }
}

fn note_refusal(spool: &Spool, file: &SpoolFile, cause: &StoreError, now: Instant) {
    spool.counts().refused();
    if file.refused(now) {
        warn!(file = %file.path().display(), %cause, "the store refuses entries; they are tried again");
    }
}

/// A file that is refused again and again while the store takes this one must not be tried for ever.
fn set_refused_aside(spool: &Spool, taken: &SpoolFile) {
    let (others, _) = spool.files();
    for file in others.iter().filter(|file| file.name() != taken.name() && file.is_to_blame()) {
        let path = file.path().display();
        match spool.set_aside(file) {
            Ok(entries) => error!(
                file = %path, entries,
                "the store takes others and refuses these entries; the file is set aside as `.refused`"
            ),
            Err(cause) => error!(file = %path, %cause, "a file that the store refuses cannot be set aside"),
        }
    }
}

/// Everything in it is in the store. The file goes first: should we end in between, it is not drained once more.
async fn let_go(spool: &Spool, store: &Store, file: &SpoolFile) -> Result<(), StoreError> {
    if let Err(cause) = file.remove() {
        // It stays ours, so that nothing comes of it but this line.
        if file.stays() {
            warn!(file = %file.path().display(), %cause, "a drained spool file cannot be removed");
        }
        return Ok(());
    }
    spool.let_go(file);
    store.forget_spool(file.name()).await
}
