//! Jobs as runners see them: claimed for a while, kept as long as the lease is renewed, ended once.

use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::jobs::ANSWER;
use crate::store::jobs::JobMessage;
use crate::store::jobs::JobState;
use crate::store::jobs::REQUEST;
use crate::store::jobs::write_message;
use crate::store::pools::Tx;
use crate::store::pools::in_time;
use crate::store::values::Columns;
use crate::store::values::to_stored;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

/// Most old jobs that are removed by one statement.
const SLICE: u64 = 100;

/// One run of a job: what a runner shows to say something about it. What it says is not heard once another has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRun {
    pub id: String,
    pub runner: String,
    /// The first run is 1.
    pub number: u64,
}

/// A job that is to be run.
#[derive(Clone, Debug)]
pub struct ClaimedJob {
    pub run: JobRun,
    pub key: String,
    pub request_id: String,
    pub target: String,
    pub created_ms: u64,
    /// Runs that ended with a broken connection.
    pub broken: u64,
}

impl ClaimedJob {
    /// Runs before this one of which nothing was heard any more.
    pub fn lost(&self) -> u64 {
        self.run.number.saturating_sub(1 + self.broken)
    }
}

impl Store {
    /// Takes jobs that are due, the oldest first: those that wait, and those whose runner let its lease end.
    pub async fn claim_jobs(
        &self,
        runner: &str,
        now_ms: u64,
        until_ms: u64,
        most: u64,
    ) -> Result<Vec<ClaimedJob>, StoreError> {
        // What is chosen is looked at once more when it is written: another replica may have been quicker.
        let text = "UPDATE jobs SET state = $1, runner = $2, due_ms = $3, runs = runs + 1 \
                    WHERE done_ms = 0 AND due_ms <= $4 AND id IN \
                    (SELECT id FROM jobs WHERE done_ms = 0 AND due_ms <= $4 ORDER BY due_ms, id LIMIT $5) \
                    RETURNING id, runner, runs, key_id, request_id, target, created_ms, broken";
        in_time(async {
            let query = sqlx::query(text)
                .bind(JobState::Running.word())
                .bind(runner)
                .bind(to_stored(until_ms))
                .bind(to_stored(now_ms))
                .bind(to_stored(most));
            query.fetch_all(self.pools.writer()).await?.iter().map(read).collect()
        })
        .await
    }

    /// The request of a job; `None` when it was cancelled.
    pub async fn job_request(&self, id: &str) -> Result<Option<JobMessage>, StoreError> {
        in_time(async {
            let query = sqlx::query("SELECT head, body FROM job_messages WHERE job = $1 AND part = $2");
            let row = query.bind(id).bind(REQUEST).fetch_optional(self.pools.reader()).await?;
            let Some(row) = row else { return Ok(None) };
            let row = Columns(&row);
            Ok(Some(JobMessage { status: 0, head: row.text("head")?, body: row.bytes("body")? }))
        })
        .await
    }

    /// Renews the leases of these jobs of a runner; those of them that it still has. Others under its name, which it
    /// knows nothing of, run out.
    pub async fn renew_jobs(
        &self,
        runner: &str,
        ids: &[String],
        until_ms: u64,
    ) -> Result<Vec<String>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let places: Vec<String> = (0..ids.len()).map(|at| format!("${}", at + 4)).collect();
        let text = format!(
            "UPDATE jobs SET due_ms = $1 WHERE runner = $2 AND state = $3 AND done_ms = 0 AND id IN ({}) \
             RETURNING id",
            places.join(", ")
        );
        in_time(async {
            let query = sqlx::query(AssertSqlSafe(text));
            let query = query.bind(to_stored(until_ms)).bind(runner).bind(JobState::Running.word());
            let query = ids.iter().fold(query, |query, id| query.bind(id.as_str()));
            let rows = query.fetch_all(self.pools.writer()).await?;
            rows.iter().map(|row| Columns(row).text("id")).collect()
        })
        .await
    }

    /// Keeps the answer. `false`: the job is not this runner's any more.
    pub async fn complete_job(
        &self,
        run: &JobRun,
        answer: &JobMessage,
        at_ms: u64,
    ) -> Result<bool, StoreError> {
        in_time(async {
            let mut tx = self.pools.begin().await?;
            let end = End { state: JobState::Completed, status: answer.status, error: "", at_ms };
            let is_ours = finish(&mut tx, run, &end).await?;
            if is_ours {
                write_message(&mut tx, &run.id, ANSWER, answer).await?;
            }
            tx.commit().await?;
            Ok(is_ours)
        })
        .await
    }

    /// Writes down that there will be no answer. `false`: the job is not this runner's any more.
    pub async fn fail_job(&self, run: &JobRun, error: &str, at_ms: u64) -> Result<bool, StoreError> {
        in_time(async {
            let mut tx = self.pools.begin().await?;
            let end = End { state: JobState::Failed, status: 0, error, at_ms };
            let is_ours = finish(&mut tx, run, &end).await?;
            tx.commit().await?;
            Ok(is_ours)
        })
        .await
    }

    /// Puts a job back, to be run again later. `broken` is how many of its runs are broken by now; others do not
    /// count, and what was begun is as if it had not been.
    pub async fn put_job_back(&self, run: &JobRun, broken: u64, due_ms: u64) -> Result<bool, StoreError> {
        in_time(async {
            let text = "UPDATE jobs SET state = $1, runner = '', runs = runs - 1 + $2 - broken, broken = $2, \
                        due_ms = $3 WHERE id = $4 AND runner = $5 AND runs = $6 AND done_ms = 0";
            let query = sqlx::query(text)
                .bind(JobState::Queued.word())
                .bind(to_stored(broken))
                .bind(to_stored(due_ms))
                .bind(run.id.as_str())
                .bind(run.runner.as_str())
                .bind(to_stored(run.number));
            Ok(query.execute(self.pools.writer()).await?.rows_affected() > 0)
        })
        .await
    }

    /// Removes jobs that were done before this time; how many those were.
    pub async fn forget_jobs(&self, before_ms: u64) -> Result<u64, StoreError> {
        let text = "DELETE FROM jobs WHERE id IN \
                    (SELECT id FROM jobs WHERE done_ms > 0 AND done_ms < $1 ORDER BY done_ms LIMIT $2)";
        let mut removed = 0;
        loop {
            let query = sqlx::query(text).bind(to_stored(before_ms)).bind(to_stored(SLICE));
            let rows =
                in_time(async { Ok(query.execute(self.pools.writer()).await?.rows_affected()) }).await?;
            removed += rows;
            if rows < SLICE {
                return Ok(removed);
            }
        }
    }
}

struct End<'a> {
    state: JobState,
    status: u16,
    error: &'a str,
    at_ms: u64,
}

async fn finish(tx: &mut Tx, run: &JobRun, end: &End<'_>) -> Result<bool, StoreError> {
    let text = "UPDATE jobs SET state = $1, status = $2, error = $3, done_ms = $4 \
                WHERE id = $5 AND runner = $6 AND runs = $7 AND done_ms = 0";
    let query = sqlx::query(text)
        .bind(end.state.word())
        .bind(i64::from(end.status))
        .bind(end.error)
        // 0 would say that it is not done.
        .bind(to_stored(end.at_ms.max(1)))
        .bind(run.id.as_str())
        .bind(run.runner.as_str())
        .bind(to_stored(run.number));
    let is_ours = query.execute(&mut **tx).await?.rows_affected() > 0;
    if is_ours {
        // Nobody asks for the request any more.
        let delete = sqlx::query("DELETE FROM job_messages WHERE job = $1 AND part = $2");
        delete.bind(run.id.as_str()).bind(REQUEST).execute(&mut **tx).await?;
    }
    Ok(is_ours)
}

fn read(row: &AnyRow) -> Result<ClaimedJob, StoreError> {
    let row = Columns(row);
    Ok(ClaimedJob {
        run: JobRun { id: row.text("id")?, runner: row.text("runner")?, number: row.number("runs")? },
        key: row.text("key_id")?,
        request_id: row.text("request_id")?,
        target: row.text("target")?,
        created_ms: row.number("created_ms")?,
        broken: row.number("broken")?,
    })
}
