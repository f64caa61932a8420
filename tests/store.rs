//! The contract of the store, over a file of SQLite's and over a real PostgreSQL.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

#[path = "store/aggregates.rs"]
mod aggregates;
#[path = "store/bed.rs"]
mod bed;
#[path = "store/file.rs"]
mod file;
#[path = "store/jobs.rs"]
mod jobs;
#[path = "store/ledger.rs"]
mod ledger;
#[path = "store/odd.rs"]
mod odd;
#[path = "store/outage.rs"]
mod outage;
#[path = "store/people.rs"]
mod people;
#[path = "store/report.rs"]
mod report;
#[path = "store/retention.rs"]
mod retention;
#[path = "store/schema.rs"]
mod schema;
#[path = "store/speed.rs"]
mod speed;
#[path = "store/used.rs"]
mod used;
