//! How a command reaches what it is about: the store itself, or the admin API of a gateway that runs.

use crate::admin::ask::Reply;
use crate::admin::office::Caller;
use crate::admin::office::Office;
use crate::admin::query;
use crate::admin::routes;
use crate::admin::routes::BASE;
use crate::admin::serve;
use crate::admin::serve::Question;
use crate::cli::remote::Remote;
use crate::config;
use crate::config::Config;
use crate::config::Environment;
use crate::store::Role;
use crate::store::Store;
use bytes::Bytes;
use serde_json::Value;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

/// Options of every command about rows.
#[derive(Debug, Default, clap::Args)]
pub struct ReachArgs {
    /// Configuration file, which says where the store is (else ./tollgate.yaml, /etc/tollgate/tollgate.yaml, else the environment alone)
    #[arg(short, long, global = true)]
    pub config: Option<PathBuf>,
    /// Admin listener of a running gateway to ask instead of the store, such as http://127.0.0.1:4001; the token is read from TOLLGATE_ADMIN_KEY
    #[arg(long, global = true, value_name = "URL")]
    pub url: Option<String>,
    /// Answer in JSON, as the admin API does
    #[arg(long, global = true)]
    pub json: bool,
}

/// Either way answers alike: both carry out the same operations.
pub enum Reach {
    Store { office: Box<Office> },
    Api(Box<Remote>),
}

/// One question in the words of the admin API.
pub struct Ask {
    pub method: &'static str,
    /// Behind `/admin/v1`, without parts that somebody typed; see [`query::encoded`].
    pub path: String,
    pub query: Vec<(String, String)>,
    pub body: Option<Value>,
}

impl Ask {
    pub fn new(method: &'static str, path: impl Into<String>) -> Ask {
        Ask { method, path: path.into(), query: Vec::new(), body: None }
    }

    /// With a parameter, if there is one.
    pub fn with(mut self, name: &str, value: Option<impl ToString>) -> Ask {
        self.query.extend(value.map(|value| (name.to_owned(), value.to_string())));
        self
    }

    pub fn saying(mut self, body: Value) -> Ask {
        self.body = Some(body);
        self
    }
}

/// What came back.
#[derive(Debug)]
pub enum Said {
    Json(Value),
    Text(String),
    Nothing,
}

impl Reach {
    /// # Errors
    /// Why neither the store nor a gateway can be reached.
    pub async fn open(args: &ReachArgs, environment: &Environment) -> Result<Reach, String> {
        match &args.url {
            Some(url) => Remote::new(url, environment).map(|remote| Reach::Api(Box::new(remote))),
            None => {
                let config = configuration(args.config.as_deref(), environment)?;
                let store = Store::open(&config.store).await.map_err(|error| error.to_string())?;
                Ok(Reach::Store { office: Box::new(office(config, store)) })
            }
        }
    }

    /// # Errors
    /// The refusal in words.
    pub async fn ask(&self, ask: Ask) -> Result<Said, String> {
        match self {
            Reach::Store { office } => at_hand(office, ask).await,
            Reach::Api(remote) => remote.ask(ask).await,
        }
    }

    /// All pages of a list.
    ///
    /// # Errors
    /// As [`Reach::ask`].
    pub async fn all(&self, path: &str, query: &[(&str, Option<String>)]) -> Result<Vec<Value>, String> {
        let (mut rows, mut after) = (Vec::new(), None);
        loop {
            let ask =
                query.iter().fold(Ask::new("GET", path), |ask, (name, value)| ask.with(name, value.as_ref()));
            let Said::Json(page) = self.ask(ask.with("limit", Some(1000)).with("after", after)).await? else {
                return Err("the answer is no list".to_owned());
            };
            rows.extend(page["data"].as_array().cloned().unwrap_or_default());
            match page["next"].as_str() {
                Some(next) => after = Some(next.to_owned()),
                None => return Ok(rows),
            }
        }
    }
}

/// The configuration as the gateway would read it.
pub fn configuration(file: Option<&Path>, environment: &Environment) -> Result<Config, String> {
    let source = config::find(file).map_err(|error| error.to_string())?;
    let lines = |problems: Vec<config::Problem>| {
        problems.iter().map(|problem| problem.to_string()).collect::<Vec<_>>().join("\n")
    };
    config::load(source.as_ref(), environment).map(|loaded| loaded.config).map_err(lines)
}

fn office(config: Config, store: Store) -> Office {
    let (config, store) = (Arc::new(config), Arc::new(store));
    Office {
        store: Arc::new(move || Box::pin(std::future::ready(Some(store.clone())))),
        config: Arc::new(move || config.clone()),
        // Gateways find out by themselves.
        changed: Arc::new(|| Box::pin(std::future::ready(()))),
        running: None,
    }
}

/// Whoever may read the store's password may do everything.
async fn at_hand(office: &Office, ask: Ask) -> Result<Said, String> {
    let path = format!("{BASE}{}", ask.path);
    let (route, id) =
        routes::find(ask.method, &path).ok_or_else(|| format!("there is no {} {path}", ask.method))?;
    let caller = Caller { id: "cli".to_owned(), name: "cli".to_owned(), role: Role::Owner };
    let body = ask.body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
    let id = query::decoded(id);
    let question = Question { id: &id, query: ask.query, body, csv: false };
    match serve::ask(office.clone(), caller, route, question).await {
        Ok(Reply::Json(value)) => Ok(Said::Json(value)),
        Ok(Reply::Csv(text)) => Ok(Said::Text(text)),
        Ok(Reply::Empty) => Ok(Said::Nothing),
        Err(refusal) => Err(refusal.message().to_owned()),
    }
}
