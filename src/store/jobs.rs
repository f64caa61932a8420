//! Jobs as clients see them: handed in, asked for, fetched, cancelled. Each belongs to one key.

use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::pools::Tx;
use crate::store::pools::in_time;
use crate::store::values::Columns;
use crate::store::values::bounded;
use crate::store::values::to_stored;
use sqlx::any::AnyRow;

/// What becomes of a job. One that is cancelled is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    Queued,
    Running,
    Completed,
    Failed,
}

impl JobState {
    pub const ALL: [JobState; 4] =
        [JobState::Queued, JobState::Running, JobState::Completed, JobState::Failed];

    /// As it is stored and told.
    pub fn word(self) -> &'static str {
        match self {
            JobState::Queued => "queued",
            JobState::Running => "running",
            JobState::Completed => "completed",
            JobState::Failed => "failed",
        }
    }

    pub(super) fn read(word: &str) -> Option<JobState> {
        JobState::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// A job to be stored.
pub struct NewJob<'a> {
    pub id: &'a str,
    /// Whose it is: the key's id, never the key.
    pub key: &'a str,
    pub request_id: &'a str,
    /// Path and query of the AI API.
    pub target: &'a str,
    pub request: JobMessage,
    pub at_ms: u64,
}

/// A request or an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobMessage {
    /// Of an answer; 0 for a request.
    pub status: u16,
    /// Headers in a form of the caller's.
    pub head: String,
    pub body: Vec<u8>,
}

/// How many jobs there may be, done or not. Replicas that ask at the same moment may go a few beyond.
#[derive(Clone, Copy, Debug)]
pub struct JobRoom {
    pub all: u64,
    pub of_key: u64,
}

/// What is told of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRow {
    pub id: String,
    pub state: JobState,
    pub created_ms: u64,
    /// `None` while it waits or runs.
    pub done_ms: Option<u64>,
    /// Why it failed; empty otherwise.
    pub error: String,
}

impl Store {
    /// Whether there was room for it.
    pub async fn add_job(&self, job: &NewJob<'_>, room: JobRoom) -> Result<bool, StoreError> {
        in_time(async {
            let mut tx = self.pools.begin().await?;
            let there_is_room = insert(&mut tx, job, room).await?;
            if there_is_room {
                write_message(&mut tx, job.id, REQUEST, &job.request).await?;
            }
            tx.commit().await?;
            Ok(there_is_room)
        })
        .await
    }

    /// # Errors
    /// [`StoreError::NotFound`] where this key has no such job.
    pub async fn job(&self, id: &str, key: &str) -> Result<JobRow, StoreError> {
        in_time(async {
            let text = "SELECT id, state, created_ms, done_ms, error FROM jobs WHERE id = $1 AND key_id = $2";
            let query = sqlx::query(text).bind(bounded(id)).bind(bounded(key));
            let row = query.fetch_optional(self.pools.reader()).await?;
            read(&row.ok_or_else(|| missing(id))?)
        })
        .await
    }

    /// The answer; `None` as long as there is none.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where this key has no such job.
    pub async fn job_answer(&self, id: &str, key: &str) -> Result<Option<JobMessage>, StoreError> {
        in_time(async {
            let text = "SELECT status, head, body FROM jobs LEFT JOIN job_messages ON job = id AND part = $1 \
                        WHERE id = $2 AND key_id = $3";
            let query = sqlx::query(text).bind(ANSWER).bind(bounded(id)).bind(bounded(key));
            let row = query.fetch_optional(self.pools.reader()).await?.ok_or_else(|| missing(id))?;
            let row = Columns(&row);
            let Some(head) = row.maybe_text("head")? else { return Ok(None) };
            let status = u16::try_from(row.number("status")?).unwrap_or_default();
            Ok(Some(JobMessage { status, head, body: row.bytes("body")? }))
        })
        .await
    }

    /// Removes a job, whatever its state.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where this key has no such job.
    pub async fn cancel_job(&self, id: &str, key: &str) -> Result<(), StoreError> {
        in_time(async {
            let text = "DELETE FROM jobs WHERE id = $1 AND key_id = $2";
            let query = sqlx::query(text).bind(bounded(id)).bind(bounded(key));
            match query.execute(self.pools.writer()).await?.rows_affected() {
                0 => Err(missing(id)),
                _ => Ok(()),
            }
        })
        .await
    }

    /// How many there are of each state, in the order of [`JobState::ALL`].
    pub async fn count_jobs(&self) -> Result<[u64; 4], StoreError> {
        in_time(async {
            let query = sqlx::query("SELECT state, COUNT(*) AS number FROM jobs GROUP BY state");
            let mut counts = [0; 4];
            for row in query.fetch_all(self.pools.reader()).await? {
                let state = Columns(&row).parsed("state", JobState::read)?;
                counts[state as usize] = Columns(&row).number("number")?;
            }
            Ok(counts)
        })
        .await
    }
}

pub(super) const REQUEST: &str = "request";
pub(super) const ANSWER: &str = "answer";

pub(super) async fn write_message(
    tx: &mut Tx,
    job: &str,
    part: &'static str,
    message: &JobMessage,
) -> Result<(), StoreError> {
    let text = "INSERT INTO job_messages (job, part, head, body) VALUES ($1, $2, $3, $4)";
    let query = sqlx::query(text).bind(job).bind(part).bind(message.head.as_str());
    query.bind(message.body.as_slice()).execute(&mut **tx).await?;
    Ok(())
}

async fn insert(tx: &mut Tx, job: &NewJob<'_>, room: JobRoom) -> Result<bool, StoreError> {
    let text = "INSERT INTO jobs (id, key_id, request_id, state, target, created_ms, due_ms, runner, runs, \
                broken, done_ms, status, error) \
                SELECT $1, $2, $3, $4, $5, $6, $6, '', 0, 0, 0, 0, '' \
                WHERE (SELECT COUNT(*) FROM jobs) < $7 \
                AND (SELECT COUNT(*) FROM jobs WHERE key_id = $2) < $8";
    let query = sqlx::query(text)
        .bind(job.id)
        .bind(bounded(job.key))
        .bind(bounded(job.request_id))
        .bind(JobState::Queued.word())
        .bind(job.target)
        .bind(to_stored(job.at_ms))
        .bind(to_stored(room.all))
        .bind(to_stored(room.of_key));
    Ok(query.execute(&mut **tx).await?.rows_affected() > 0)
}

fn read(row: &AnyRow) -> Result<JobRow, StoreError> {
    let row = Columns(row);
    Ok(JobRow {
        id: row.text("id")?,
        state: row.parsed("state", JobState::read)?,
        created_ms: row.number("created_ms")?,
        done_ms: Some(row.number("done_ms")?).filter(|done| *done > 0),
        error: row.text("error")?,
    })
}

fn missing(id: &str) -> StoreError {
    StoreError::not_found(format!("job `{id}`"))
}
