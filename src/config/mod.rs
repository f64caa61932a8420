//! YAML and environment → one checked, immutable configuration.

mod acme;
mod base_url;
pub mod bounds;
mod cache;
mod chain;
pub mod edge;
mod environment;
mod failover;
mod fetch;
mod files;
mod groups;
mod keys;
mod ledger;
mod limits;
mod listen;
mod log;
pub mod model;
mod models;
mod moment;
mod near;
mod notify;
mod order;
mod pricing;
mod print;
mod problem;
mod providers;
mod quota;
pub mod range;
mod reader;
mod responses;
mod server;
mod settings;
pub mod shapes;
mod source;
mod stores;
mod tenants;
mod tree;
mod units;
mod variables;
mod vendor;

pub use acme::Acme;
pub use base_url::parse as read_base_url;
pub use bounds::{Bounds, KeyQuota, Period, Quota, Rates, Unit, Window};
pub use cache::CacheBackend;
pub use environment::Environment;
pub use environment::VARIABLES;
pub use keys::StaticKey;
pub use ledger::Keep;
pub use limits::bounds_of;
pub use limits::own as own_bounds;
pub use listen::Certificate;
pub use listen::Listener;
pub use listen::ListenerTls;
pub use listen::TlsVersion;
pub use log::Log;
pub use log::LogFormat;
pub use model::*;
pub use moment::moment as read_moment;
pub use moment::write_moment;
pub use notify::Notify;
pub use notify::Webhook;
pub use pricing::OwnPrice;
pub use pricing::Tariff;
pub use pricing::UnknownPrice;
pub use print::meaning;
pub use print::print;
pub use print::words::duration as write_duration;
pub use problem::Problem;
pub use range::IpRange;
pub use reader::Field;
pub use reader::Section;
pub use responses::StoredResponses;
pub use server::ServerSettings;
pub use settings::Settings;
pub use settings::settings_of_key;
pub use settings::settings_of_tenant;
pub use source::Source;
pub use source::find;
pub use stores::StateUrl;
pub use stores::StoreUrl;
pub use tenants::StaticTenant;
pub use units::duration as read_duration;

use crate::config::environment::Variables;
use crate::config::problem::Report;
use crate::config::tree::Node;

/// A sound configuration, and what its owner should know about it.
pub struct Loaded {
    pub config: Config,
    /// What is left out and why; nothing here keeps the gateway from starting.
    pub notes: Vec<Problem>,
}

/// Built-in defaults < file < environment, checked.
///
/// # Errors
/// Every problem there is, in the order of the file, the environment's last. None shows a secret.
pub fn load(source: Option<&Source>, env: &Environment) -> Result<Loaded, Vec<Problem>> {
    let report = Report::new(source.map_or("", |source| source.name.as_str()));
    let config = match source.map_or(Some(Node::NOTHING), |source| tree::parse(source, env, &report)) {
        Some(tree) => read(&tree, env, &report),
        // What a broken file meant to say is unknown, so nothing else can be held against it.
        None => return Err(report.into_problems()),
    };
    let (config, notes) = report.conclude(config)?;
    Ok(Loaded { config, notes })
}

/// Reads a text that holds one mapping of settings, JSON or YAML, with nothing put in for variables.
/// `name` stands in the problems where a file's would.
///
/// # Errors
/// Every problem there is.
pub fn read_settings<T>(
    name: &str,
    text: &str,
    shape: &'static shapes::Shape,
    read: impl FnOnce(&Section<'_>) -> T,
) -> Result<T, Vec<Problem>> {
    let source = Source { name: name.to_owned(), text: text.replace('$', "$$") };
    let report = Report::new(name);
    match tree::parse(&source, &Environment::default(), &report) {
        Some(tree) => {
            let settings = read(&Field::new("", &tree, &report).section(shape));
            report.conclude(settings).map(|(settings, _)| settings)
        }
        None => Err(report.into_problems()),
    }
}

fn read(tree: &Node, env: &Environment, report: &Report) -> Config {
    let variables = Variables::new(env, report);
    variables.judge();
    checked(&Field::new("", tree, report).section(&shapes::ROOT), &variables)
}

fn checked(root: &Section<'_>, variables: &Variables<'_>) -> Config {
    let data_dir = server::data_dir(root, variables);
    let state = stores::state(root, variables);
    let listen = listen::listeners(root, variables, &data_dir);
    let limits = limits::read(root, variables);
    let tenants = tenants::read(root, &limits.per_tenant);
    let chain = chain::read(root, variables);
    let aliases = models::read(root, &chain);
    let groups = groups::read(root, &aliases, &chain);
    Config {
        admin: listen::admin(root, variables, &listen),
        auth: listen::auth(root, &listen),
        listen,
        store: stores::store(root, variables, &data_dir),
        data_dir,
        strict: root.optional("strict", units::switch).unwrap_or(false),
        failover: failover::read(root, variables),
        fetch: fetch::read(root),
        cache: cache::read(root, variables, &state),
        state,
        state_within: root.optional("state_within", units::some_duration).unwrap_or(stores::WITHIN),
        models: aliases.into_iter().filter_map(|(name, target)| Some((name, target?))).collect(),
        groups,
        pricing: pricing::read(root, &chain),
        edge: edge::read(root, &limits),
        unknown_price: pricing::unknown(root),
        ledger: ledger::read(root),
        keys: keys::read(root, variables, &limits.per_key, &tenants),
        tenants,
        limits,
        responses: responses::read(root),
        notify: notify::read(root),
        log: log::read(root, variables),
        server: server::read(root),
        providers: chain.providers,
        disabled: chain.disabled,
    }
}

#[cfg(test)]
mod tests;
