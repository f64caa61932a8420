//! `tollgate audit`: who changed what.

use crate::cli::reach::Ask;
use crate::cli::reach::Reach;
use crate::cli::reach::ReachArgs;
use crate::cli::reach::Said;
use crate::cli::rows;
use crate::cli::table::table;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub struct Wanted {
    /// Only changes by this admin (id)
    #[arg(long)]
    who: Option<String>,
    /// Only this kind, such as key.rotate
    #[arg(long)]
    action: Option<String>,
    /// Only changes of this (id)
    #[arg(long)]
    subject: Option<String>,
    /// Since when: a date, a time (UTC), or a duration ago
    #[arg(long)]
    from: Option<String>,
    /// Until just before when
    #[arg(long)]
    to: Option<String>,
    /// How many lines at most, the newest first
    #[arg(long, default_value_t = 100)]
    limit: u32,
}

/// Carries the command out.
pub fn run(args: &ReachArgs, wanted: Wanted) -> ExitCode {
    rows::run(args, async |reach: &Reach| done(reach, wanted, args.json).await)
}

async fn done(reach: &Reach, wanted: Wanted, json: bool) -> Result<String, String> {
    let ask = Ask::new("GET", "/audit")
        .with("who", wanted.who)
        .with("action", wanted.action)
        .with("subject", wanted.subject)
        .with("from", wanted.from)
        .with("to", wanted.to)
        .with("limit", Some(wanted.limit));
    match reach.ask(ask).await? {
        Said::Json(page) if json => Ok(rows::in_json(&page["data"])),
        Said::Json(page) => {
            let lines = page["data"].as_array().cloned().unwrap_or_default();
            Ok(table(&["at", "who", "action", "subject", "details"], &lines))
        }
        Said::Text(text) => Ok(text),
        Said::Nothing => Ok(String::new()),
    }
}
