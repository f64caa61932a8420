//! `tollgate tenants`: who pays for keys.

use crate::cli::given::Given;
use crate::cli::reach::Ask;
use crate::cli::reach::Reach;
use crate::cli::reach::ReachArgs;
use crate::cli::rows;
use crate::cli::rows::TENANTS;
use serde_json::Map;
use serde_json::Value;
use std::process::ExitCode;

/// Where a tenant is named, its id or its name does.
#[derive(Debug, clap::Subcommand)]
pub enum Action {
    /// All tenants
    List,
    /// Make a tenant
    Create {
        /// What it is called
        name: String,
        #[command(flatten)]
        words: Words,
        #[command(flatten)]
        given: Given,
    },
    /// One tenant
    Show { tenant: String },
    /// Change a tenant; what is not given stays
    Change {
        tenant: String,
        /// What it is called from now on
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        words: Words,
        #[command(flatten)]
        given: Given,
    },
    /// Refuse all its keys
    Disable { tenant: String },
    /// Let its keys in again
    Enable { tenant: String },
    /// Delete a tenant without keys
    Delete { tenant: String },
}

/// Words of the operator.
#[derive(Debug, Default, clap::Args)]
pub struct Words {
    /// May be repeated
    #[arg(long)]
    tag: Vec<String>,
    /// Where its data may be
    #[arg(long)]
    residency: Option<String>,
}

/// Carries the action out.
pub fn run(args: &ReachArgs, action: Action) -> ExitCode {
    rows::run(args, async |reach: &Reach| done(reach, action, args.json).await)
}

async fn done(reach: &Reach, action: Action, json: bool) -> Result<String, String> {
    let ask = match action {
        Action::List => return TENANTS.list(reach, &[], json).await,
        Action::Create { name, words, given } => {
            Ask::new("POST", TENANTS.path).saying(body(Some(name), words, given).into())
        }
        Action::Show { tenant } => Ask::new("GET", TENANTS.path_of(reach, &tenant).await?),
        Action::Change { tenant, name, words, given } => {
            Ask::new("PATCH", TENANTS.path_of(reach, &tenant).await?).saying(body(name, words, given).into())
        }
        Action::Disable { tenant } => Ask::new("POST", TENANTS.path_of(reach, &tenant).await? + "/disable"),
        Action::Enable { tenant } => Ask::new("POST", TENANTS.path_of(reach, &tenant).await? + "/enable"),
        Action::Delete { tenant } => Ask::new("DELETE", TENANTS.path_of(reach, &tenant).await?),
    };
    TENANTS.done(reach, ask, json).await
}

fn body(name: Option<String>, words: Words, given: Given) -> Map<String, Value> {
    let mut body = given.into_body();
    body.extend(name.map(|name| ("name".to_owned(), name.into())));
    body.extend(words.residency.map(|residency| ("residency".to_owned(), residency.into())));
    if !words.tag.is_empty() {
        body.insert("tags".to_owned(), words.tag.into());
    }
    body
}
