//! `tollgate keys`: keys of clients, and those that were made at the first start.

use crate::cli::fail;
use crate::cli::given::Given;
use crate::cli::reach::Ask;
use crate::cli::reach::Reach;
use crate::cli::reach::ReachArgs;
use crate::cli::reach::configuration;
use crate::cli::rows;
use crate::cli::rows::KEYS;
use crate::cli::rows::TENANTS;
use crate::clock;
use crate::config::Config;
use crate::config::Environment;
use crate::store::By;
use crate::store::Store;
use crate::tenants::first_keys;
use crate::tenants::first_keys::FirstKeys;
use crate::tenants::settle;
use serde_json::Value;
use serde_json::json;
use std::process::ExitCode;

/// Where a key is named, its id or its name does.
#[derive(Debug, clap::Subcommand)]
pub enum Action {
    /// All keys, or those of a tenant
    List {
        /// Only those of this tenant (id or name)
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Make a key, and show it this once
    Create {
        /// What it is called
        name: String,
        /// Whose it is (id or name); nobody's without it
        #[arg(long)]
        tenant: Option<String>,
        /// Until when it is good: a date, or a duration such as 90d
        #[arg(long)]
        expires: Option<String>,
        #[command(flatten)]
        given: Given,
    },
    /// One key
    Show { key: String },
    /// Change a key; what is not given stays
    Change {
        key: String,
        /// What it is called from now on
        #[arg(long)]
        name: Option<String>,
        /// Until when it is good; `never` lifts it
        #[arg(long)]
        expires: Option<String>,
        #[command(flatten)]
        given: Given,
    },
    /// Put a new key in the place of this one, and show it this once
    Rotate {
        key: String,
        /// How long the old one stays good, such as 24h; without it, it ends now
        #[arg(long)]
        grace: Option<String>,
    },
    /// Refuse a key
    Disable { key: String },
    /// Let a key in again
    Enable { key: String },
    /// Delete a key; what it used stays in the ledger
    Delete { key: String },
    /// Forget both keys of the first start; the next start makes and shows new ones
    Reset,
}

/// Carries the action out.
pub fn run(args: &ReachArgs, action: Action) -> ExitCode {
    match action {
        Action::Reset => forget(args),
        action => rows::run(args, async |reach: &Reach| done(reach, action, args.json).await),
    }
}

async fn done(reach: &Reach, action: Action, json: bool) -> Result<String, String> {
    let ask = match action {
        Action::List { tenant } => {
            let tenant = tenant_id(reach, tenant).await?;
            return KEYS.list(reach, &[("tenant", tenant)], json).await;
        }
        Action::Create { name, tenant, expires, given } => {
            let mut body = given.into_body();
            body.insert("name".to_owned(), name.into());
            body.extend(tenant_id(reach, tenant).await?.map(|id| ("tenant".to_owned(), id.into())));
            body.extend(expires.map(|expires| ("expires".to_owned(), expires.into())));
            Ask::new("POST", KEYS.path).saying(body.into())
        }
        Action::Show { key } => Ask::new("GET", KEYS.path_of(reach, &key).await?),
        Action::Change { key, name, expires, given } => {
            let mut body = given.into_body();
            body.extend(name.map(|name| ("name".to_owned(), name.into())));
            body.extend(expires.map(|expires| ("expires".to_owned(), until(expires))));
            Ask::new("PATCH", KEYS.path_of(reach, &key).await?).saying(body.into())
        }
        Action::Rotate { key, grace } => {
            let body = grace.map_or(json!({}), |grace| json!({ "grace": grace }));
            Ask::new("POST", KEYS.path_of(reach, &key).await? + "/rotate").saying(body)
        }
        Action::Disable { key } => Ask::new("POST", KEYS.path_of(reach, &key).await? + "/disable"),
        Action::Enable { key } => Ask::new("POST", KEYS.path_of(reach, &key).await? + "/enable"),
        Action::Delete { key } => Ask::new("DELETE", KEYS.path_of(reach, &key).await?),
        Action::Reset => return Err("this has to be done where the gateway's data folder is".to_owned()),
    };
    KEYS.done(reach, ask, json).await
}

fn until(text: String) -> Value {
    if text == "never" { Value::Null } else { text.into() }
}

async fn tenant_id(reach: &Reach, tenant: Option<String>) -> Result<Option<String>, String> {
    match tenant {
        Some(tenant) => TENANTS.id_of(reach, &tenant).await.map(Some),
        None => Ok(None),
    }
}

fn forget(args: &ReachArgs) -> ExitCode {
    if args.url.is_some() {
        return fail("`keys reset` works on the data folder and takes no `--url`");
    }
    let config = match configuration(args.config.as_deref(), &Environment::of_process()) {
        Ok(config) => config,
        Err(problems) => return fail(&problems),
    };
    match reset(&config) {
        Ok(()) => {
            println!(
                "the keys in {} and in the store are forgotten; restart tollgate to have new ones made and shown",
                config.data_dir.display()
            );
            ExitCode::SUCCESS
        }
        Err(error) => fail(&format!("{error:#}")),
    }
}

/// The store first: a key that is still in it would come back.
fn reset(config: &Config) -> anyhow::Result<()> {
    let kept = FirstKeys::read(&config.data_dir).unwrap_or_default();
    let at_ms = clock::millis(clock::since_epoch());
    let by = By { who: "tollgate keys reset".to_owned(), at_ms };
    tokio::runtime::Runtime::new()?.block_on(async {
        let store = Store::open(&config.store).await?;
        settle::forget(&store, &kept, &by).await?;
        store.close().await;
        anyhow::Ok(())
    })?;
    Ok(first_keys::forget(&config.data_dir)?)
}
