//! The configuration in force and everything derived from it, swapped whole on reload.

use crate::config;
use crate::config::BaseUrl;
use crate::config::Config;
use crate::config::Provider;
use crate::config::Rate;
use crate::edge::Edge;
use crate::edge::cluster::Unusable;
use crate::gateway::receive::Ask;
use crate::gateway::vendor::BadHeader;
use crate::gateway::vendor::Counting;
use crate::gateway::vendor::Vendor;
use crate::health::Board;
use crate::limits::ip::IpLimit;
use crate::provider::Class;
use crate::routing::Candidate;
use crate::routing::Fleet;
use crate::routing::Spellings;
use crate::routing::Standing;
use crate::routing::Table;
use crate::state::State;
use crate::upstream::Host;
use crate::upstream::host::Manner;
use crate::upstream::tls::BadAuthority;
use crate::upstream::tls::authority;
use std::hash::DefaultHasher;
use std::hash::Hash;
use std::hash::Hasher;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

/// One configuration, ready to serve.
pub struct Snapshot {
    pub config: Config,
    /// What names stand for: the same for every replica and every reload at which that is the same.
    pub edition: u64,
    pub table: Table,
    /// Of the names in `limits.per_model`.
    pub spellings: Spellings,
    /// In the order of `config.providers`.
    pub vendors: Vec<Vendor>,
    pub edge: Edge,
    pub per_ip: Option<Arc<IpLimit>>,
    pub bad_keys: Option<Arc<IpLimit>>,
}

/// What outlives a reload and what new snapshots are made with.
pub struct Lasting<'a> {
    pub board: &'a Board,
    pub state: &'a State,
    pub counting: Counting<'a>,
    /// The snapshot that is replaced, if there is one.
    pub before: Option<&'a Snapshot>,
}

/// A configuration that is well written but cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum Unservable {
    #[error(transparent)]
    Header(#[from] BadHeader),
    #[error(transparent)]
    Edge(#[from] Unusable),
    #[error("providers.{provider}: {cause}")]
    Authority { provider: String, cause: BadAuthority },
}

impl Snapshot {
    /// Makes a configuration ready to serve.
    ///
    /// # Errors
    /// [`Unservable`] names the provider that cannot be reached as configured.
    pub fn new(config: Config, lasting: &Lasting<'_>) -> Result<Snapshot, Unservable> {
        let mut vendors = Vec::with_capacity(config.providers.len());
        for provider in &config.providers {
            let trust = provider.ca_file.as_deref().map(authority).transpose();
            let trust =
                trust.map_err(|cause| Unservable::Authority { provider: provider.name.clone(), cause })?;
            let manner = Manner::new(provider.base_url.clone(), trust, provider.http2, &config.failover);
            let host = Host::new(manner, &known_addresses(lasting.before, &provider.base_url));
            vendors.push(Vendor::new(provider, host, (lasting.board, lasting.state), &lasting.counting)?);
        }
        for own in &config.pricing {
            vendors[own.target.provider].prices.set(&own.target.model, own.tariff);
        }
        name_lanes(&config, &mut vendors, &lasting.counting);
        let table = Table::build(&config);
        Ok(Snapshot {
            edge: Edge::new(&config.edge, lasting.before.map(|before| &before.edge))?,
            edition: edition(&config),
            spellings: Spellings::new(&table, config.limits.per_model.keys()),
            table,
            vendors,
            per_ip: kept(config.limits.per_ip, lasting.before.map(|b| (b.config.limits.per_ip, &b.per_ip))),
            bad_keys: kept(
                config.limits.bad_keys_per_ip,
                lasting.before.map(|b| (b.config.limits.bad_keys_per_ip, &b.bad_keys)),
            ),
            config,
        })
    }

    /// Whether the first of a plan counts the tokens of a request in its own dialect.
    pub fn counts_tokens(&self, ask: &Ask, plan: &[Candidate]) -> bool {
        let first = plan.first().map(|candidate| &self.vendors[candidate.provider]);
        first.is_some_and(|vendor| vendor.counts_tokens(ask.operation))
    }

    /// The providers as routing sees them at one moment.
    pub fn fleet(&self, now: Instant) -> View<'_> {
        View { vendors: &self.vendors, now }
    }
}

fn edition(config: &Config) -> u64 {
    let mut hasher = DefaultHasher::new();
    config::meaning(config).hash(&mut hasher);
    hasher.finish()
}

/// What was found out about a host's name holds on, so that no request after a reload waits for the resolver.
fn known_addresses(before: Option<&Snapshot>, base: &BaseUrl) -> Vec<SocketAddr> {
    let same =
        |provider: &Provider| provider.base_url.host == base.host && provider.base_url.port == base.port;
    let mut old = before.into_iter().flat_map(|b| b.config.providers.iter().zip(&b.vendors));
    old.find(|(provider, _)| same(provider)).map_or_else(Vec::new, |(_, vendor)| vendor.host.addresses())
}

/// A limit that did not change goes on counting where it was: a reload must not let anyone start anew.
fn kept(rate: Option<Rate>, before: Option<(Option<Rate>, &Option<Arc<IpLimit>>)>) -> Option<Arc<IpLimit>> {
    let limit = before.filter(|(was, _)| *was == rate).and_then(|(_, limit)| limit.clone());
    limit.or_else(|| rate.map(|rate| Arc::new(IpLimit::new(rate))))
}

/// Every model the configuration names gets counters of its own.
fn name_lanes(config: &Config, vendors: &mut [Vendor], counting: &Counting<'_>) {
    let aliases = config.models.values();
    let members = config.groups.values().flat_map(|g| g.members.iter().map(|m| &m.target));
    for target in aliases.chain(members) {
        vendors[target.provider].know(&target.model, counting);
    }
    for (provider, vendor) in config.providers.iter().zip(vendors) {
        for model in &provider.models {
            vendor.know(model, counting);
        }
        for class in Class::ALL {
            provider.fallback_model(class).into_iter().for_each(|model| vendor.know(model, counting));
        }
    }
}

/// Providers at one moment, for the planner.
pub struct View<'a> {
    vendors: &'a [Vendor],
    now: Instant,
}

impl Fleet for View<'_> {
    fn standing(&self, provider: usize, model: &str) -> Standing {
        self.vendors[provider].vitals.standing(self.now, Some(model))
    }

    fn lists(&self, provider: usize, model: &str) -> bool {
        self.vendors[provider].vitals.lists(model)
    }
}
