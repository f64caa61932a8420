//! What is said about jobs that are not taken, not there or not done.

use crate::gateway::refuse::Refusal;
use std::time::Duration;

/// Jobs end all the time.
const SOON: Duration = Duration::from_secs(10);

pub fn full() -> Refusal {
    let message = "there are as many jobs as are kept, of this key or of all; fetch and delete what is done, or come \
                   back later";
    Refusal::new(503, "jobs_full", message).retry_after(Some(SOON))
}

pub fn no_store() -> Refusal {
    let message =
        "jobs cannot be stored or read now; try again soon, or send the request without waiting in line";
    Refusal::new(503, "jobs_away", message).retry_after(Some(SOON))
}

pub fn unknown() -> Refusal {
    Refusal::new(404, "unknown_job", "this key has no such job; it may have been cancelled, or be too old")
}

pub fn not_ready() -> Refusal {
    Refusal::new(404, "job_not_ready", "this job has no answer, or none yet; ask for its status")
}

pub fn wrong_method(allowed: &'static str) -> Refusal {
    let message = format!("a job takes {allowed} here");
    Refusal { allow: Some(allowed.into()), ..Refusal::new(405, "wrong_method", message) }
}
