//! Jobs out of the store and through the gateway: claimed, run a few at a time, kept or tried again.

use crate::clock;
use crate::config::edge::Destination;
use crate::config::edge::Jobs;
use crate::gateway::jobs::desk::Seat;
use crate::gateway::jobs::run::Ran;
use crate::gateway::jobs::run::Runner;
use crate::gateway::parts::Parts;
use crate::id;
use crate::store::ClaimedJob;
use crate::store::JobState;
use crate::store::Store;
use crate::store::StoreError;
use crate::tenants::credential::Lapsed;
use crate::tenants::registry::Known;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tracing::debug;
use tracing::warn;

/// How often the store is asked for jobs that others took in or let go.
const LOOK: Duration = Duration::from_secs(1);
/// A job whose runner says nothing for so long is run by another one.
const LEASE: Duration = Duration::from_secs(10);
/// How often a runner says something.
const RENEW: Duration = Duration::from_secs(1);
/// How often jobs are counted, and old ones removed.
const TIDY: Duration = Duration::from_secs(5);
/// A key that another replica has just been told of is known here soon.
const NEWS: Duration = Duration::from_secs(10);
/// How often it is tried to keep an answer while the store is away, once a [`LOOK`]. Then the job is run again.
const TRIES: u32 = 600;

/// Runs jobs for as long as the process lives.
pub async fn keep(parts: &Arc<Parts>, runner: &Arc<Runner>) {
    let name = id::random("run_");
    tokio::join!(keep_claiming(parts, runner, &name), keep_renewing(parts, &name), keep_tidy(parts));
}

fn now() -> u64 {
    clock::millis(clock::since_epoch())
}

fn later(span: Duration) -> u64 {
    now().saturating_add(clock::millis(span))
}

fn jobs(parts: &Parts) -> Jobs {
    parts.snapshot.load().config.edge.jobs.clone()
}

async fn keep_claiming(parts: &Arc<Parts>, runner: &Arc<Runner>, name: &str) {
    loop {
        if let Err(cause) = claim(parts, runner, name).await {
            debug!(%cause, "no jobs could be taken up");
        }
        // Either way it looks again.
        let _ = tokio::time::timeout(LOOK, parts.jobs.called()).await;
    }
}

async fn claim(parts: &Arc<Parts>, runner: &Arc<Runner>, name: &str) -> Result<(), StoreError> {
    let snapshot = parts.snapshot.load_full();
    let takes_jobs = snapshot.config.edge.routes.iter().any(|route| matches!(route.to, Destination::Jobs));
    let free = (snapshot.config.edge.jobs.concurrency as usize).saturating_sub(parts.jobs.count());
    let Some(store) = parts.store.get().filter(|_| takes_jobs && free > 0 && !parts.leave.is_leaving())
    else {
        return Ok(());
    };
    if !matches!(&*parts.registry.known(), Known::Stored(_)) {
        // Whose key is not known yet must not be told that it is gone.
        return Ok(());
    }
    // After an outage our own leases may have ended, and what runs here must not be taken for lost.
    store.renew_jobs(name, &parts.jobs.running(), later(LEASE)).await?;
    for job in store.claim_jobs(name, now(), later(LEASE), free as u64).await? {
        let seat = parts.jobs.begin(&job.run.id);
        tokio::spawn(attend(parts.clone(), store.clone(), runner.clone(), (job, seat)));
    }
    Ok(())
}

/// One run of a job, from its claim to what is written down of it.
async fn attend(parts: Arc<Parts>, store: Arc<Store>, runner: Arc<Runner>, (job, seat): (ClaimedJob, Seat)) {
    let jobs = jobs(&parts);
    let end = match may_run(&parts, &job, &jobs) {
        Err(end) => end,
        Ok(()) => match store.job_request(&job.run.id).await {
            Ok(Some(request)) => {
                let ran = runner.run(&job, request, jobs.timeout, seat.stopped()).await;
                judge(ran, &job, &jobs)
            }
            Ok(None) => End::Nothing,
            Err(_) => End::Later { broken: job.broken, after: LOOK },
        },
    };
    write_down(&parts, &store, &job, &end).await;
}

/// What is to be written down of a run.
enum End {
    Completed(crate::store::JobMessage),
    Failed(String),
    Later {
        broken: u64,
        after: Duration,
    },
    /// It was cancelled, or another one has it.
    Nothing,
}

/// Whether it may be run, by the key it was handed in with and by what became of it before.
fn may_run(parts: &Parts, job: &ClaimedJob, jobs: &Jobs) -> Result<(), End> {
    if job.lost() > u64::from(jobs.retries) + 1 {
        return Err(End::Failed(format!("whoever ran it broke off, {} times", job.lost())));
    }
    match parts.credentials.load().by_id(&job.key, clock::since_epoch) {
        Some(Ok(_)) => Ok(()),
        Some(Err(lapsed)) => Err(End::Failed(words(lapsed).to_owned())),
        None if now() < job.created_ms + clock::millis(NEWS) => {
            Err(End::Later { broken: job.broken, after: LOOK })
        }
        None => Err(End::Failed("its key is not there any more".to_owned())),
    }
}

fn words(lapsed: Lapsed) -> &'static str {
    match lapsed {
        Lapsed::Expired => "its key has expired",
        Lapsed::Disabled => "its key is disabled",
        Lapsed::TenantDisabled => "the tenant of its key is disabled",
        Lapsed::Replaced => "its key has been replaced",
    }
}

fn judge(ran: Ran, job: &ClaimedJob, jobs: &Jobs) -> End {
    match ran {
        Ran::Answered(answer) => End::Completed(answer),
        Ran::Stopped => End::Nothing,
        Ran::TooLarge => End::Failed("its answer is too large to be kept".to_owned()),
        Ran::Broke(_) if job.broken < u64::from(jobs.retries) => {
            let broken = job.broken + 1;
            End::Later { broken, after: pause(jobs.retry_delay, broken) }
        }
        Ran::Broke("timeout") => End::Failed(format!("it was not answered within {:?}", jobs.timeout)),
        Ran::Broke(word) => End::Failed(format!("no provider could be asked, or it broke off: {word}")),
    }
}

/// Without a delay of its own it grows with each try.
fn pause(delay: Duration, tries: u64) -> Duration {
    match delay.is_zero() {
        true => Duration::from_secs(tries.saturating_pow(4)),
        false => delay,
    }
}

/// Writes down how it ended, and does not let go as long as the store may come back.
async fn write_down(parts: &Parts, store: &Store, job: &ClaimedJob, end: &End) {
    for _ in 0..TRIES {
        let written = match end {
            End::Completed(answer) => store.complete_job(&job.run, answer, now()).await,
            End::Failed(error) => store.fail_job(&job.run, error, now()).await,
            End::Later { broken, after } => store.put_job_back(&job.run, *broken, later(*after)).await,
            End::Nothing => return,
        };
        match written {
            Ok(true) => return count(parts, job, end),
            // Cancelled meanwhile, or taken over by another one when the lease had ended.
            Ok(false) => return,
            Err(cause) if cause.is_away() => tokio::time::sleep(LOOK).await,
            Err(cause) => return warn!(job = job.run.id, %cause, "what came of a job cannot be kept"),
        }
    }
    warn!(job = job.run.id, "what came of a job is lost, as the store is away; it is run again");
}

fn count(parts: &Parts, job: &ClaimedJob, end: &End) {
    match end {
        End::Completed(_) => parts.metrics().job("completed"),
        End::Failed(why) => {
            parts.metrics().job("failed");
            warn!(job = job.run.id, why, "job failed");
        }
        End::Later { broken, .. } if *broken > job.broken => parts.metrics().job("retried"),
        End::Later { .. } | End::Nothing => {}
    }
}

/// Keeps what runs here, and stops what is not ours any more: it was cancelled at another replica.
async fn keep_renewing(parts: &Parts, name: &str) {
    loop {
        tokio::time::sleep(RENEW).await;
        let running = parts.jobs.running();
        let Some(store) = parts.store.get().filter(|_| !running.is_empty()) else { continue };
        match store.renew_jobs(name, &running, later(LEASE)).await {
            Ok(held) => {
                let held: HashSet<String> = held.into_iter().collect();
                running.iter().filter(|id| !held.contains(*id)).for_each(|id| parts.jobs.stop(id));
            }
            Err(cause) => debug!(%cause, "jobs that run could not be kept"),
        }
    }
}

async fn keep_tidy(parts: &Parts) {
    loop {
        if let Some(store) = parts.store.get() {
            let before = now().saturating_sub(clock::millis(jobs(parts).keep));
            let tidied = async {
                store.forget_jobs(before).await?;
                store.count_jobs().await
            };
            match tidied.await {
                Ok(counts) => {
                    parts.metrics().jobs(&JobState::ALL.map(|state| (state.word(), counts[state as usize])));
                }
                Err(cause) => debug!(%cause, "jobs could not be counted"),
            }
        }
        tokio::time::sleep(TIDY).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_without_a_delay_grows() {
        let seconds = |delay, tries| pause(Duration::from_secs(delay), tries).as_secs();
        assert_eq!([seconds(30, 3), seconds(0, 1), seconds(0, 2), seconds(0, 3)], [30, 1, 16, 81]);
    }
}
