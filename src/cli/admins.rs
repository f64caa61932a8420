//! `tollgate admins`: who may use the admin API.

use crate::cli::reach::Ask;
use crate::cli::reach::Reach;
use crate::cli::reach::ReachArgs;
use crate::cli::rows;
use crate::cli::rows::ADMINS;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use std::process::ExitCode;

/// Where an admin is named, the id or the name does.
#[derive(Debug, clap::Subcommand)]
pub enum Action {
    /// All admins
    List,
    /// Make an admin, and show the token this once
    Create {
        /// What they are called
        name: String,
        /// viewer, operator or owner
        #[arg(long)]
        role: String,
    },
    /// One admin
    Show { admin: String },
    /// Change name or role
    Change {
        admin: String,
        #[arg(long)]
        name: Option<String>,
        /// viewer, operator or owner
        #[arg(long)]
        role: Option<String>,
    },
    /// Make a new token and show it this once; the old one ends now
    Rotate { admin: String },
    /// Refuse an admin
    Disable { admin: String },
    /// Let an admin in again
    Enable { admin: String },
    /// Delete an admin; one owner stays
    Delete { admin: String },
}

/// Carries the action out.
pub fn run(args: &ReachArgs, action: Action) -> ExitCode {
    rows::run(args, async |reach: &Reach| done(reach, action, args.json).await)
}

async fn done(reach: &Reach, action: Action, json: bool) -> Result<String, String> {
    let ask = match action {
        Action::List => return ADMINS.list(reach, &[], json).await,
        Action::Create { name, role } => {
            Ask::new("POST", ADMINS.path).saying(json!({ "name": name, "role": role }))
        }
        Action::Show { admin } => Ask::new("GET", ADMINS.path_of(reach, &admin).await?),
        Action::Change { admin, name, role } => {
            let given = [("name", name), ("role", role)];
            let given =
                given.into_iter().filter_map(|(field, value)| Some((field.to_owned(), value?.into())));
            let body: Map<String, Value> = given.collect();
            Ask::new("PATCH", ADMINS.path_of(reach, &admin).await?).saying(body.into())
        }
        Action::Rotate { admin } => Ask::new("POST", ADMINS.path_of(reach, &admin).await? + "/rotate"),
        Action::Disable { admin } => Ask::new("POST", ADMINS.path_of(reach, &admin).await? + "/disable"),
        Action::Enable { admin } => Ask::new("POST", ADMINS.path_of(reach, &admin).await? + "/enable"),
        Action::Delete { admin } => Ask::new("DELETE", ADMINS.path_of(reach, &admin).await?),
    };
    ADMINS.done(reach, ask, json).await
}
