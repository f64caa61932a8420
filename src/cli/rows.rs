//! What commands about tenants, keys and admins have in common: finding a row by its name, and showing what came.

use crate::admin::query;
use crate::cli::reach::Ask;
use crate::cli::reach::Reach;
use crate::cli::reach::ReachArgs;
use crate::cli::reach::Said;
use crate::cli::table;
use crate::config::Environment;
use serde_json::Value;
use std::io::Write;
use std::process::ExitCode;

/// A kind of rows.
pub struct Kind {
    /// Behind `/admin/v1`.
    pub path: &'static str,
    /// What ids begin with.
    pub prefix: &'static str,
    pub one: &'static str,
    /// What a list shows.
    pub columns: &'static [&'static str],
    /// The field that is shown once.
    pub secret: &'static str,
}

pub const TENANTS: Kind = Kind {
    path: "/tenants",
    prefix: "tn_",
    one: "tenant",
    columns: &["id", "name", "disabled", "created_at"],
    secret: "",
};

pub const KEYS: Kind = Kind {
    path: "/keys",
    prefix: "key_",
    one: "key",
    columns: &["id", "name", "tenant", "shown", "disabled", "expires", "created_at"],
    secret: "key",
};

pub const ADMINS: Kind = Kind {
    path: "/admins",
    prefix: "adm_",
    one: "admin",
    columns: &["id", "name", "role", "disabled", "created_at"],
    secret: "token",
};

/// Runs a command to its end: 0, or 1 with a line on standard error.
pub fn run(args: &ReachArgs, command: impl AsyncFnOnce(&Reach) -> Result<String, String>) -> ExitCode {
    let environment = Environment::of_process();
    let done = tokio::runtime::Runtime::new().map_err(|error| error.to_string()).and_then(|runtime| {
        runtime.block_on(async { command(&Reach::open(args, &environment).await?).await })
    });
    match done {
        Ok(text) => show(&text),
        Err(message) => crate::cli::fail(&message),
    }
}

/// Whoever reads no further has seen enough; what cannot be written elsewhere is a fault.
fn show(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()).and_then(|()| std::io::stdout().flush()) {
        Err(cause) if cause.kind() != std::io::ErrorKind::BrokenPipe => {
            crate::cli::fail(&format!("the answer cannot be written: {cause}"))
        }
        Ok(()) | Err(_) => ExitCode::SUCCESS,
    }
}

impl Kind {
    /// The path of one row, by its id or its name.
    pub async fn path_of(&self, reach: &Reach, named: &str) -> Result<String, String> {
        let id = match named.starts_with(self.prefix) {
            true => named.to_owned(),
            false => self.id_of(reach, named).await?,
        };
        Ok(format!("{}/{}", self.path, query::encoded(&id)))
    }

    /// The id of the row with this name; an id is its own.
    pub async fn id_of(&self, reach: &Reach, named: &str) -> Result<String, String> {
        if named.starts_with(self.prefix) {
            return Ok(named.to_owned());
        }
        let rows = reach.all(self.path, &[]).await?;
        let mut found = rows.iter().filter(|row| row["name"] == named).filter_map(|row| row["id"].as_str());
        match (found.next(), found.next()) {
            (Some(id), None) => Ok(id.to_owned()),
            (Some(_), Some(_)) => {
                Err(format!("there are several {}s `{named}`; name one by its id", self.one))
            }
            (None, _) => Err(format!("there is no {} `{named}`", self.one)),
        }
    }

    pub async fn list(
        &self,
        reach: &Reach,
        query: &[(&str, Option<String>)],
        json: bool,
    ) -> Result<String, String> {
        let mut rows = reach.all(self.path, query).await?;
        rows.sort_by(|one, other| one["name"].as_str().cmp(&other["name"].as_str()));
        Ok(if json { in_json(&Value::Array(rows)) } else { table::table(self.columns, &rows) })
    }

    /// Carries out and shows what came: a secret stands alone, so that it can be copied.
    pub async fn done(&self, reach: &Reach, ask: Ask, json: bool) -> Result<String, String> {
        match reach.ask(ask).await? {
            Said::Nothing if json => Ok("{}\n".to_owned()),
            Said::Nothing => Ok(format!("the {} is deleted\n", self.one)),
            Said::Json(row) if json => Ok(in_json(&row)),
            Said::Json(row) => Ok(self.shown(&row)),
            Said::Text(text) => Ok(text),
        }
    }

    fn shown(&self, row: &Value) -> String {
        let mut row = row.clone();
        let secret = row.as_object_mut().and_then(|fields| fields.remove(self.secret));
        let secret = secret.and_then(|secret| {
            secret.as_str().map(|text| format!("{}, shown this once: {text}\n", self.secret))
        });
        table::fields(&row) + &secret.unwrap_or_default()
    }
}

pub fn in_json(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}
