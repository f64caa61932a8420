//! The checked configuration: what it means, after defaults, file and environment have been merged.
//!
//! Every value here is sound, so nothing below checks it again.

use crate::config::bounds::Bounds;
use crate::config::bounds::KeyQuota;
use crate::config::cache::CacheBackend;
use crate::config::edge::Edge;
use crate::config::keys::StaticKey;
use crate::config::ledger::Keep;
use crate::config::listen::Listener;
use crate::config::log::Log;
use crate::config::notify::Notify;
use crate::config::pricing::OwnPrice;
use crate::config::pricing::UnknownPrice;
use crate::config::range::IpRange;
use crate::config::responses::StoredResponses;
use crate::config::server::ServerSettings;
use crate::config::stores::StateUrl;
use crate::config::stores::StoreUrl;
use crate::config::tenants::StaticTenant;
use crate::provider::Class;
use crate::provider::Preset;
use crate::provider::Tier;
use crate::secret::Secret;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// One checked, immutable configuration.
#[derive(Clone, Debug)]
pub struct Config {
    pub listen: Vec<Listener>,
    /// Admin API and `/metrics`; `None` turns the listener off.
    pub admin: Option<SocketAddr>,
    pub data_dir: PathBuf,
    pub store: StoreUrl,
    pub state: StateUrl,
    /// Longest a request waits for Redis before it is counted here alone. Default 5 ms.
    pub state_within: Duration,
    /// What a provider has no words for is refused and not left out.
    pub strict: bool,
    pub auth: Auth,
    pub limits: Limits,
    pub failover: Failover,
    pub fetch: Fetch,
    pub cache: ExactCache,
    pub responses: StoredResponses,
    /// The chain: in the order in which providers are tried. Only usable ones (see `disabled`).
    pub providers: Vec<Provider>,
    /// Names of providers that are written down but have no key yet; members that point to them vanish.
    pub disabled: Vec<String>,
    /// Alias → what it stands for.
    pub models: BTreeMap<String, Reference>,
    pub groups: BTreeMap<String, Group>,
    pub tenants: Vec<StaticTenant>,
    /// Go before the built-in list.
    pub pricing: Vec<OwnPrice>,
    pub unknown_price: UnknownPrice,
    pub keys: Vec<StaticKey>,
    pub edge: Edge,
    pub ledger: Keep,
    pub notify: Notify,
    pub log: Log,
    pub server: ServerSettings,
}

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    Required,
    /// Anyone who can reach the (loopback-only) listener.
    Open,
}

/// So many per so long, e.g. `60/min`: a bucket of `amount` that refills evenly over `per`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    pub amount: u64,
    pub per: Duration,
}

#[derive(Clone, Debug)]
pub struct Limits {
    /// Largest request body, in bytes. Default 32 MiB.
    pub body: usize,
    /// Largest answer of a provider that is not streamed, in bytes. Default 64 MiB.
    pub answer: usize,
    pub bad_keys_per_ip: Option<Rate>,
    pub per_ip: Option<Rate>,
    /// What a key gets that says nothing of its own.
    pub per_key: Bounds,
    /// What a tenant gets that says nothing of its own.
    pub per_tenant: Bounds,
    /// For every end user that callers name.
    pub per_user: Bounds,
    /// By a name of it, for all who ask for it together by whatever name.
    pub per_model: BTreeMap<String, Bounds>,
}

#[derive(Clone, Debug)]
pub struct Failover {
    /// Extra attempts over the whole plan. Default 3.
    pub retry_max: u32,
    /// From the request's arrival to the first byte of an answer, all attempts together. Default 600 s.
    pub deadline: Duration,
    pub connect: Duration,
    /// Streamed requests: from the last byte sent to the response head. Default 30 s.
    pub first_byte: Duration,
    /// Streamed requests: from the response head to the first event with content. Default 30 s.
    pub first_event: Duration,
    /// Streamed requests: between two events with content; pings do not count. Default 60 s.
    pub between_events: Duration,
    /// Plain requests: from the last byte sent to the end of the answer, which a provider only
    /// starts when the model has finished. Default 300 s.
    pub answer: Duration,
    /// Longest `Retry-After` that is waited out on the same target. Default 0: never.
    pub wait_for: Duration,
    /// Consecutive failures that make a provider unhealthy. Default 3.
    pub unhealthy_after: u32,
    /// How long an unhealthy provider stays out of the rotation. Default 30 s.
    pub unhealthy_for: Duration,
    /// Between two active checks of a provider; `None` is off. Default 30 s.
    pub check_interval: Option<Duration>,
}

/// Files that requests name by URL, for providers that do not open URLs themselves.
#[derive(Clone, Debug)]
pub struct Fetch {
    /// What is fetched from although its addresses are not public.
    pub allow: Vec<Allowed>,
    /// Largest file, in bytes. Default 10 MiB.
    pub max_bytes: usize,
    /// All files of one request together. Default 10 s.
    pub timeout: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// By its name, in small letters.
    Host(String),
    Range(IpRange),
}

#[derive(Clone, Debug)]
pub struct ExactCache {
    /// Default: Redis where the counters are there.
    pub backend: CacheBackend,
    /// `None`: the cache is off (written as a TTL of 0). Default 300 s.
    pub ttl: Option<Duration>,
    pub max_entries: u64,
    /// All stored answers together, in bytes. Default 256 MiB.
    pub max_bytes: u64,
    /// Largest answer that is stored, in bytes. Default 1 MiB.
    pub max_answer: usize,
    /// Only requests with temperature 0 or a seed. Default false.
    pub deterministic_only: bool,
    /// Identical requests in flight share one upstream call. Default false.
    pub share_in_flight: bool,
}

/// A vendor as configured and usable: it has a key, or needs none.
#[derive(Clone, Debug)]
pub struct Provider {
    pub name: String,
    pub preset: &'static Preset,
    pub base_url: BaseUrl,
    /// Never empty for a preset that needs a key; may be empty otherwise.
    pub api_keys: Vec<Secret>,
    pub tier: Tier,
    pub weight: Option<u32>,
    /// What the provider allows each key; who has used that up is not asked until there is more.
    pub quota: KeyQuota,
    /// A private certificate authority (PEM) that signs this provider's certificate.
    pub ca_file: Option<PathBuf>,
    /// Model ids it is known to offer, besides what its models endpoint says.
    pub models: Vec<String>,
    /// Stand-ins per class; overrides the preset's.
    pub fallback_models: BTreeMap<Class, String>,
    /// Extra headers on every request to it.
    pub headers: Vec<(String, Secret)>,
    /// Offer HTTP/2 to it (TLS: by ALPN; plain: prior knowledge). Default: on with TLS, off without.
    pub http2: bool,
    /// Whether active checks ask its models endpoint. Default true.
    pub check: bool,
    /// Where its requests are signed for; empty for vendors without regions.
    pub region: String,
    /// Models are asked for as deployments, in this version of the API (Azure).
    pub api_version: Option<String>,
}

impl Provider {
    /// This provider's stand-in of a class, if it has one.
    pub fn fallback_model(&self, class: Class) -> Option<&str> {
        match self.fallback_models.get(&class) {
            Some(model) => Some(model),
            None => self.preset.model(class),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    pub tls: bool,
    /// Name or address, without brackets for IPv6.
    pub host: String,
    pub port: u16,
    /// Starts with `/` or is empty; no slash at the end.
    pub path: String,
}

/// A model of one provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Index into [`Config::providers`].
    pub provider: usize,
    /// The provider's own id of the model.
    pub model: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    Priority,
    Weighted,
}

/// How the members of a group are ordered before the strategy draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// free, flat, paid, local; as written within a tier.
    Tier,
    /// free, flat, local, paid: for images and audio, where one's own hardware is cheaper.
    Media,
    AsWritten,
}

#[derive(Clone, Debug)]
pub struct Group {
    pub strategy: Strategy,
    pub order: Order,
    /// `false`: a request stays with the target it was sent to.
    pub failover: bool,
    /// Usable members only, as written. May be empty when every provider named is disabled.
    pub members: Vec<Member>,
}

#[derive(Clone, Debug)]
pub struct Member {
    pub target: Reference,
    /// Default: the provider's weight, else 1. Zero: only as a last resort.
    pub weight: u32,
}
