//! `tollgate keys`: the keys that were made at the first start.

use crate::cli::fail;
use crate::config;
use crate::config::Environment;
use crate::tenants::first_keys;
use std::path::Path;
use std::process::ExitCode;

#[derive(Debug, clap::Subcommand)]
pub enum Action {
    /// Forget both keys; the next start makes and shows new ones
    Reset,
}

/// Carries the action out.
pub fn run(file: Option<&Path>, action: &Action) -> ExitCode {
    let loaded = config::find(file)
        .map_err(|e| e.to_string())
        .and_then(|source| config::load(source.as_ref(), &Environment::of_process()).map_err(|p| list(&p)));
    let directory = match loaded {
        Ok(loaded) => loaded.config.data_dir,
        Err(problems) => return fail(&problems),
    };
    match action {
        Action::Reset => match first_keys::forget(&directory) {
            Ok(()) => {
                println!(
                    "the keys in {} are forgotten; restart tollgate to have new ones made and shown",
                    directory.display()
                );
                ExitCode::SUCCESS
            }
            Err(unusable) => fail(&unusable.to_string()),
        },
    }
}

fn list(problems: &[config::Problem]) -> String {
    problems.iter().map(|p| p.to_string()).collect::<Vec<_>>().join("\n")
}
