//! Every setting there is, section by section. A key that is not in this table is refused.

mod edge;

pub use edge::*;

/// The names one section of the file may hold.
#[derive(Debug)]
pub struct Shape {
    /// Where it stands: `*` is a name of the user's choice, `[]` an item of a list; empty is the file itself.
    pub path: &'static str,
    pub known: &'static [&'static str],
    /// Planned for a later version, and told so.
    pub later: &'static [&'static str],
}

pub const ROOT: Shape = Shape {
    path: "",
    known: &[
        "listen",
        "trusted_proxies",
        "real_ip",
        "admin",
        "data_dir",
        "store",
        "state",
        "state_within",
        "strict",
        "auth",
        "limits",
        "failover",
        "fetch",
        "cache",
        "providers",
        "models",
        "groups",
        "tenants",
        "pricing",
        "keys",
        "routes",
        "clusters",
        "jobs",
        "ledger",
        "responses",
        "notify",
        "log",
        "server",
    ],
    later: &[],
};
pub const ADMIN: Shape = plain("admin", &["listen"]);
pub const AUTH: Shape = plain("auth", &["keys"]);
pub const LIMITS: Shape = plain(
    "limits",
    &["body", "answer", "bad_keys_per_ip", "per_ip", "per_key", "per_tenant", "per_user", "per_model"],
);
pub const PER_KEY: Bounded = Bounded {
    limits: plain("limits.per_key", RATES_AND_QUOTAS),
    quota: plain("limits.per_key.quota", QUOTA),
    budget: plain("limits.per_key.budget", BUDGET),
};
pub const PER_TENANT: Bounded = Bounded {
    limits: plain("limits.per_tenant", RATES_AND_QUOTAS),
    quota: plain("limits.per_tenant.quota", QUOTA),
    budget: plain("limits.per_tenant.budget", BUDGET),
};
pub const PER_USER: Bounded = Bounded {
    limits: plain("limits.per_user", RATES_AND_QUOTAS),
    quota: plain("limits.per_user.quota", QUOTA),
    budget: plain("limits.per_user.budget", BUDGET),
};
pub const PER_MODEL: Bounded = Bounded {
    limits: plain("limits.per_model.*", RATES_AND_QUOTAS),
    quota: plain("limits.per_model.*.quota", QUOTA),
    budget: plain("limits.per_model.*.budget", BUDGET),
};
pub const FAILOVER: Shape = plain(
    "failover",
    &[
        "retry_max",
        "deadline",
        "connect",
        "first_byte",
        "first_event",
        "between_events",
        "answer",
        "wait_for",
        "unhealthy_after",
        "unhealthy_for",
        "check_interval",
    ],
);
pub const FETCH: Shape = plain("fetch", &["allow", "max_bytes", "timeout"]);
pub const CACHE: Shape = plain("cache", &["backend", "exact", "semantic"]);
pub const EXACT_CACHE: Shape = plain(
    "cache.exact",
    &["ttl", "max_entries", "max_bytes", "max_answer", "deterministic_only", "share_in_flight"],
);
pub const SEMANTIC_CACHE: Shape =
    Shape { path: "cache.semantic", known: &["enabled"], later: &["threshold"] };
pub const RESPONSES: Shape = plain("responses", &["ttl", "max_entries", "max_bytes"]);
pub const PROVIDER: Shape = Shape {
    path: "providers.*",
    known: &[
        "kind",
        "base_url",
        "api_keys",
        "api_key",
        "tier",
        "weight",
        "quota",
        "ca_file",
        "models",
        "fallback_models",
        "headers",
        "http2",
        "check",
        "region",
        "api_version",
    ],
    later: &["servers"],
};
pub const PROVIDER_QUOTA: Shape = plain("providers.*.quota", &["requests", "tokens", "models", "window"]);
pub const MODEL_QUOTA: Shape = plain("providers.*.quota.models.*", &["requests", "tokens"]);
pub const FALLBACK_MODELS: Shape =
    plain("providers.*.fallback_models", &["small", "large", "reasoning", "embedding"]);
pub const GROUP: Shape = plain("groups.*", &["strategy", "order", "failover", "members"]);
pub const MEMBER: Shape = plain("groups.*.members[]", &["model", "weight"]);
/// Beside models, whose names are free.
pub const PRICING: Shape = plain("pricing", &["unknown"]);
pub const PRICE: Shape = plain("pricing.*", &["input", "output", "cached", "cache_write"]);
pub const LEDGER: Shape = plain("ledger", &["keep", "keep_hours"]);
pub const TENANT: Shape = plain(
    "tenants[]",
    &["name", "models", "failover", "tags", "residency", "limits", "quota", "budget", "disabled"],
);
pub const OF_TENANT: Bounded = Bounded {
    limits: plain("tenants[].limits", RATES),
    quota: plain("tenants[].quota", QUOTA),
    budget: plain("tenants[].budget", BUDGET),
};
pub const KEY: Shape = plain(
    "keys[]",
    &["name", "key", "tenant", "models", "failover", "limits", "quota", "budget", "expires", "disabled"],
);
pub const OF_KEY: Bounded = Bounded {
    limits: plain("keys[].limits", RATES),
    quota: plain("keys[].quota", QUOTA),
    budget: plain("keys[].budget", BUDGET),
};
/// Settings of a stored tenant or key; they are in no file.
pub const STORED_TENANT: Shape =
    plain("", &["models", "failover", "tags", "residency", "limits", "quota", "budget"]);
pub const STORED_KEY: Shape = plain("", &["models", "failover", "limits", "quota", "budget"]);
/// Bounds alone.
pub const BOUNDS: Shape = plain("", &["limits", "quota", "budget"]);
pub const NOTIFY: Shape = plain("notify", &["webhook"]);
pub const LOG: Shape = plain("log", &["format", "level", "access"]);
pub const SERVER: Shape = plain(
    "server",
    &[
        "threads",
        "notice",
        "grace",
        "head_timeout",
        "body_timeout",
        "idle_timeout",
        "write_timeout",
        "upstream_idle",
    ],
);

const RATES: &[&str] = &["requests", "tokens", "concurrent"];
const RATES_AND_QUOTAS: &[&str] = &["requests", "tokens", "concurrent", "quota", "budget"];
const QUOTA: &[&str] = &["requests", "tokens", "cost", "window"];
const BUDGET: &[&str] = &["soft", "hard", "window", "cut_streams"];

/// The three sections that say what an account may use.
#[derive(Debug)]
pub struct Bounded {
    pub limits: Shape,
    pub quota: Shape,
    pub budget: Shape,
}

/// All sections, for whoever wants to walk them.
pub static SHAPES: &[&Shape] = &[
    &ROOT,
    &LISTENER,
    &TLS,
    &CERTIFICATE,
    &ACME,
    &ADMIN,
    &AUTH,
    &LIMITS,
    &PER_KEY.limits,
    &PER_KEY.quota,
    &PER_KEY.budget,
    &PER_TENANT.limits,
    &PER_TENANT.quota,
    &PER_TENANT.budget,
    &PER_USER.limits,
    &PER_USER.quota,
    &PER_USER.budget,
    &PER_MODEL.limits,
    &PER_MODEL.quota,
    &PER_MODEL.budget,
    &FAILOVER,
    &FETCH,
    &CACHE,
    &EXACT_CACHE,
    &SEMANTIC_CACHE,
    &RESPONSES,
    &PROVIDER,
    &PROVIDER_QUOTA,
    &MODEL_QUOTA,
    &FALLBACK_MODELS,
    &GROUP,
    &MEMBER,
    &PRICING,
    &PRICE,
    &LEDGER,
    &TENANT,
    &OF_TENANT.limits,
    &OF_TENANT.quota,
    &OF_TENANT.budget,
    &KEY,
    &OF_KEY.limits,
    &OF_KEY.quota,
    &OF_KEY.budget,
    &NOTIFY,
    &ROUTE,
    &REDIRECT,
    &ANSWER,
    &FILES,
    &REWRITE,
    &REQUEST_HEADERS,
    &RESPONSE_HEADERS,
    &TIMEOUTS,
    &ROUTE_LIMITS,
    &ROUTE_AUTH,
    &CORS,
    &CLUSTER,
    &CLUSTER_SERVER,
    &CLUSTER_TLS,
    &CHECK,
    &EJECT,
    &QUEUE,
    &STICKY,
    &JOBS,
    &LOG,
    &SERVER,
];

const fn plain(path: &'static str, known: &'static [&'static str]) -> Shape {
    Shape { path, known, later: &[] }
}
