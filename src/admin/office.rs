//! What the operations of the admin API work with, in a running gateway or on the store alone.

use crate::config::Config;
use crate::edge::cluster::Standing;
use crate::store::Role;
use crate::store::Store;
use serde_json::Value;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// Something that is waited for.
pub type Pending<T> = Pin<Box<dyn Future<Output = T> + Send>>;

pub type Opened = dyn Fn() -> Pending<Option<Arc<Store>>> + Send + Sync;
pub type Reload = dyn Fn() -> Result<String, String> + Send + Sync;
pub type Check = dyn Fn(&str) -> Result<Vec<String>, Vec<String>> + Send + Sync;
pub type Limits = dyn Fn(&Whose) -> Option<Value> + Send + Sync;
/// The admin in force with a token.
pub type Known = dyn Fn(&str) -> Option<Caller> + Send + Sync;

/// Behind the doors: rows, settings, and what to do when rows have changed.
#[derive(Clone)]
pub struct Office {
    /// `None` where the store has not been reached in a moment.
    pub store: Arc<Opened>,
    pub config: Arc<dyn Fn() -> Arc<Config> + Send + Sync>,
    /// Puts in force here what was just changed in the store.
    pub changed: Arc<dyn Fn() -> Pending<()> + Send + Sync>,
    /// `None` where only the store is at hand.
    pub running: Option<Running>,
}

/// What only a running gateway knows.
#[derive(Clone)]
pub struct Running {
    /// Reads the configuration again and counts the result; says what changed, or every problem. May block.
    pub reload: Arc<Reload>,
    /// Reads a text as the configuration would be, and says its notes or its problems, a line each.
    pub check: Arc<Check>,
    /// How each provider is, as the API shows it.
    pub providers: Arc<dyn Fn() -> Vec<ProviderStanding> + Send + Sync>,
    /// How each cluster of the edge is.
    pub clusters: Arc<dyn Fn() -> Vec<Standing> + Send + Sync>,
    /// The limits of a key or a tenant (by id) that are in force, and what is left; `None` for one not in force.
    pub limits: Arc<Limits>,
}

/// Whose limits are asked for, by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    Key(String),
    Tenant(String),
}

/// How a provider is.
#[derive(Clone, Debug)]
pub struct ProviderStanding {
    pub name: String,
    pub kind: &'static str,
    pub tier: String,
    /// `healthy`, `probe` or `out`.
    pub standing: &'static str,
    pub keys: Vec<KeyStanding>,
    /// Models its models endpoint last listed.
    pub models: usize,
}

/// How one of its keys is; the keys themselves stay where they are.
#[derive(Clone, Copy, Debug)]
pub struct KeyStanding {
    /// From 1, in the order of the configuration.
    pub number: usize,
    /// `usable`, `cooling` or `aside`.
    pub state: &'static str,
    /// Until it may be used again.
    pub seconds: Option<u64>,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// As the audit log has it: the id of an admin, or a word for a program.
    pub id: String,
    pub name: String,
    pub role: Role,
}
