//! A provider in force: everything one attempt needs of it, made ready when the configuration was loaded.

use crate::clock;
use crate::config::Provider;
use crate::dialect::Dialect;
use crate::dialect::hub::ModelTraits;
use crate::dialect::operation::Operation;
use crate::dialect::path::segment;
use crate::gateway::attached::Attached;
use crate::gateway::attached::secret_value;
use crate::health::Allowances;
use crate::health::Board;
use crate::health::Vitals;
use crate::health::allowances::key_ids;
use crate::provider::Preset;
use crate::provider::sign::Call;
use crate::provider::sign::Scope;
use crate::provider::sign::sign;
use crate::state::State;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::metrics::OTHER;
use crate::telemetry::metrics::Series;
use crate::telemetry::metrics::Upstream;
use crate::upstream::Host;
use crate::upstream::Request;
use crate::usage::pricing::Price;
use crate::usage::pricing::PriceTable;
use crate::usage::pricing::Prices;
use bytes::Bytes;
use http::HeaderName;
use http::HeaderValue;
use http::uri::PathAndQuery;
use memchr::memmem;
use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::DefaultHasher;
use std::hash::Hash;
use std::hash::Hasher;
use std::sync::Arc;

/// The first of Azure's versions, which are dates, with `/responses`.
const RESPONSES_SINCE: &str = "2025-03-01-preview";

/// A shorter value of a header is a word like any other; masking it would garble what a provider says.
const SHORTEST_SECRET: usize = 8;

/// One provider of the snapshot.
pub struct Vendor {
    pub name: Arc<str>,
    pub preset: &'static Preset,
    pub host: Arc<Host>,
    pub vitals: Arc<Vitals>,
    pub allowances: Arc<Allowances>,
    /// What its keys are called among replicas, in their order; one for a provider without.
    pub key_ids: Vec<String>,
    /// The `Host` header.
    pub authority: HeaderValue,
    /// Before every path.
    pub base_path: String,
    /// How each of its keys is attached; empty for a provider without.
    keys: Vec<Attached>,
    /// Models are asked for as deployments in this version of the API.
    api_version: Option<String>,
    /// What the vendor wants in every request, unless it is said otherwise.
    usual_headers: Vec<(HeaderName, HeaderValue)>,
    headers: Vec<(HeaderName, HeaderValue)>,
    pub prices: Prices,
    lanes: HashMap<String, Arc<Lane>>,
    other: Arc<Lane>,
    pub counters: Arc<Upstream>,
    pub check: bool,
}

/// A model of a provider, as counters and bills see it.
pub struct Lane {
    pub series: Arc<Series>,
    pub price: Price,
}

/// What lanes are made with.
pub struct Counting<'a> {
    pub metrics: &'a Metrics,
    pub prices: &'static PriceTable,
}

/// A provider whose configuration cannot be put on the wire.
#[derive(Debug, thiserror::Error)]
#[error("providers.{provider}: {what} cannot be sent as a header; it holds signs that are not allowed there")]
pub struct BadHeader {
    pub provider: String,
    pub what: String,
}

impl Vendor {
    /// Makes a provider ready. Its vitals are those of the last snapshot if it is still the same provider.
    ///
    /// # Errors
    /// [`BadHeader`] when a key, a header or the host holds signs that no header may.
    pub fn new(
        provider: &Provider,
        host: Host,
        (board, state): (&Board, &State),
        counting: &Counting<'_>,
    ) -> Result<Vendor, BadHeader> {
        let bad = |what: &str| BadHeader { provider: provider.name.clone(), what: what.to_owned() };
        let authority =
            HeaderValue::from_str(&host.authority()).map_err(|_| bad("the host of `base_url`"))?;
        let path = &provider.base_url.path;
        let readable = path.is_empty() || path.parse::<PathAndQuery>().is_ok();
        readable.then_some(()).ok_or_else(|| bad("the path of `base_url`"))?;
        let mut keys = Vec::new();
        for key in &provider.api_keys {
            keys.push(Attached::new(provider, key.expose()).ok_or_else(|| bad("a key"))?);
        }
        let key_ids = key_ids(&provider.name, &provider.api_keys);
        let usual = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        let mut headers = Vec::new();
        for (name, value) in &provider.headers {
            let name = name.parse::<HeaderName>().map_err(|_| bad("a name in `headers`"))?;
            let value = secret_value(value.expose()).ok_or_else(|| bad("a value in `headers`"))?;
            headers.push((name, value));
        }
        Ok(Vendor {
            name: provider.name.as_str().into(),
            preset: provider.preset,
            vitals: board.vitals(&provider.name, fingerprint(provider), provider.api_keys.len()),
            allowances: Arc::new(Allowances::new(&key_ids, &provider.quota, state)),
            key_ids,
            authority,
            base_path: provider.base_url.path.clone(),
            keys,
            api_version: provider.api_version.clone(),
            usual_headers: provider.preset.headers.iter().map(usual).collect(),
            headers,
            prices: Prices::of_list(counting.prices, provider.preset.kind),
            lanes: HashMap::new(),
            other: Arc::new(Lane {
                series: counting.metrics.series(&provider.name, OTHER),
                price: Price::Unknown,
            }),
            counters: counting.metrics.upstream(&provider.name),
            check: provider.check,
            host: Arc::new(host),
        })
    }

    /// Gives a model counters of its own. Only models the configuration names get them: a client cannot make any.
    pub fn know(&mut self, model: &str, counting: &Counting<'_>) {
        let lane = Lane { series: counting.metrics.series(&self.name, model), price: self.prices.of(model) };
        self.lanes.entry(model.to_owned()).or_insert_with(|| Arc::new(lane));
    }

    /// The counters and the price of a model.
    pub fn lane(&self, model: &str) -> Arc<Lane> {
        match self.lanes.get(model) {
            Some(lane) => lane.clone(),
            None => Arc::new(Lane { series: self.other.series.clone(), price: self.prices.of(model) }),
        }
    }

    /// The models that the configuration names.
    pub fn known_models(&self) -> impl Iterator<Item = &str> {
        self.lanes.keys().map(String::as_str)
    }

    /// Whether it counts the tokens of requests in the dialect of `operation`.
    pub fn counts_tokens(&self, operation: Operation) -> bool {
        match operation.dialect() {
            Dialect::Responses => self.speaks_responses(),
            client => client == self.preset.dialect,
        }
    }

    /// Whether it has OpenAI's newer endpoint; Azure's deployments do since a version (vendors.md §8.2).
    pub fn speaks_responses(&self) -> bool {
        self.preset.responses && self.api_version.as_deref().is_none_or(|version| version >= RESPONSES_SINCE)
    }

    /// What a model of this provider takes and refuses.
    pub fn traits(&self, model: &str) -> &ModelTraits {
        self.preset.traits(model)
    }

    /// Where a model is asked for, as far as the dialect does not say itself: `tail` stands behind the base URL.
    pub fn path(&self, model: &str, tail: &str) -> String {
        match &self.api_version {
            None => format!("{}{tail}", self.base_path),
            Some(version) => deployment(&self.base_path, model, tail, version),
        }
    }

    /// The headers that prove who asks, where they depend on what is asked (AWS); none where a key is one of `fields`.
    pub fn signature(
        &self,
        key: usize,
        method: &str,
        path: &str,
        body: &[u8],
    ) -> Vec<(HeaderName, HeaderValue)> {
        let Some(Attached::Signature { credentials, region, service }) = self.keys.get(key) else {
            return Vec::new();
        };
        let host = self.authority.to_str().unwrap_or_default();
        let call = Call { method, host, path, headers: SIGNED, body };
        // A request that cannot be signed goes out as it is, and is refused.
        let signed = sign(credentials, Scope { region, service }, &call, clock::since_epoch());
        let header = |(name, value): (String, String)| Some((name.parse().ok()?, secret_value(&value)?));
        signed.unwrap_or_default().into_iter().filter_map(header).collect()
    }

    /// A request to this provider.
    pub fn request<'a>(
        &'a self,
        method: &'static str,
        path: &'a str,
        fields: &'a [(&'a HeaderName, &'a HeaderValue)],
        body: &'a Bytes,
    ) -> Request<'a> {
        Request { method, scheme: self.host.scheme(), authority: &self.authority, path, fields, body }
    }

    /// What this provider said, without its keys: some quote the request they got.
    pub fn conceal<'s>(&self, said: &'s [u8]) -> Cow<'s, [u8]> {
        let keys = self.keys.iter().flat_map(Attached::secrets);
        let secrets = keys.chain(self.headers.iter().map(|(_, value)| value.as_bytes()));
        let secrets = secrets.map(|value| value.strip_prefix(b"Bearer ").unwrap_or(value));
        let mut clean = Cow::Borrowed(said);
        for secret in secrets.filter(|secret| secret.len() >= SHORTEST_SECRET) {
            if memmem::find(&clean, secret).is_some() {
                clean = Cow::Owned(masked(&clean, secret));
            }
        }
        clean
    }

    /// The headers of one request: `fixed` and `asked`, one of the keys, what the vendor usually wants where they do
    /// not say it, and what the configuration adds or puts in their place.
    pub fn fields<'a>(
        &'a self,
        key: usize,
        fixed: &'a [(HeaderName, HeaderValue)],
        asked: &'a [(HeaderName, HeaderValue)],
    ) -> Vec<(&'a HeaderName, &'a HeaderValue)> {
        let is_replaced = |name: &HeaderName| self.headers.iter().any(|(own, _)| own == name);
        let is_asked = |name: &HeaderName| asked.iter().any(|(other, _)| other == name);
        let key = self.keys.get(key).and_then(Attached::header);
        let usual = self.usual_headers.iter().filter(|(name, _)| !is_asked(name)).map(pair);
        let ours = fixed.iter().chain(asked).map(pair).chain(key).chain(usual);
        ours.filter(|(name, _)| !is_replaced(name)).chain(self.headers.iter().map(pair)).collect()
    }
}

fn pair(header: &(HeaderName, HeaderValue)) -> (&HeaderName, &HeaderValue) {
    (&header.0, &header.1)
}

/// What a signature covers besides the host and its own headers.
const SIGNED: &[(&str, &str)] = &[("content-type", "application/json")];

/// Paths that are asked of a deployment; the others are asked of the resource (vendors.md §8.2).
const DEPLOYED: [&str; 5] = ["/chat/completions", "/completions", "/embeddings", "/audio/", "/images/"];

fn deployment(base: &str, model: &str, tail: &str, version: &str) -> String {
    let base = base.strip_suffix("/v1").unwrap_or(base);
    match DEPLOYED.iter().any(|known| tail.starts_with(known)) {
        true => format!("{base}/deployments/{}{tail}?api-version={version}", segment(model)),
        false => format!("{base}{tail}?api-version={version}"),
    }
}

fn masked(text: &[u8], secret: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut from = 0;
    for at in memmem::find_iter(text, secret) {
        out.extend_from_slice(&text[from..at]);
        out.extend_from_slice(b"***");
        from = at + secret.len();
    }
    out.extend_from_slice(&text[from..]);
    out
}

/// Changes when the provider is another one than before, so that it starts with a clean record.
fn fingerprint(provider: &Provider) -> u64 {
    let mut hasher = DefaultHasher::new();
    let base = &provider.base_url;
    (base.tls, &base.host, base.port, &base.path).hash(&mut hasher);
    (&provider.region, &provider.api_version).hash(&mut hasher);
    for key in &provider.api_keys {
        key.expose().hash(&mut hasher);
    }
    hasher.finish()
}
