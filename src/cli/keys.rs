//! `tollgate keys`: the keys that were made at the first start.

use crate::cli::fail;
use crate::clock;
use crate::config;
use crate::config::Config;
use crate::config::Environment;
use crate::store::By;
use crate::store::Store;
use crate::tenants::first_keys;
use crate::tenants::first_keys::FirstKeys;
use crate::tenants::settle;
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
    let config = match loaded {
        Ok(loaded) => loaded.config,
        Err(problems) => return fail(&problems),
    };
    match action {
        Action::Reset => match reset(&config) {
            Ok(()) => {
                println!(
                    "the keys in {} and in the store are forgotten; restart tollgate to have new ones made and shown",
                    config.data_dir.display()
                );
                ExitCode::SUCCESS
            }
            Err(error) => fail(&format!("{error:#}")),
        },
    }
}

/// The store first: a key that is still in it would come back.
fn reset(config: &Config) -> anyhow::Result<()> {
    let kept = FirstKeys::read(&config.data_dir).unwrap_or_default();
    let at_ms = u64::try_from(clock::since_epoch().as_millis()).unwrap_or(u64::MAX);
    let by = By { who: "tollgate keys reset".to_owned(), at_ms };
    tokio::runtime::Runtime::new()?.block_on(async {
        let store = Store::open(&config.store).await?;
        settle::forget(&store, &kept, &by).await?;
        store.close().await;
        anyhow::Ok(())
    })?;
    Ok(first_keys::forget(&config.data_dir)?)
}

fn list(problems: &[config::Problem]) -> String {
    problems.iter().map(|p| p.to_string()).collect::<Vec<_>>().join("\n")
}
