//! Names of headers, read once by the compiler.

use http::HeaderName;

pub const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
pub const ANTHROPIC_REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
pub const ANTHROPIC_VERSION: HeaderName = HeaderName::from_static("anthropic-version");
pub const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
pub const BUDGET: HeaderName = HeaderName::from_static("x-budget-warning");
pub const ATTEMPTS: HeaderName = HeaderName::from_static("x-attempts");
pub const CACHE: HeaderName = HeaderName::from_static("x-cache");
pub const CACHE_TTL: HeaderName = HeaderName::from_static("x-cache-ttl");
pub const COST: HeaderName = HeaderName::from_static("x-response-cost-usd");
pub const DROPPED: HeaderName = HeaderName::from_static("x-dropped-params");
pub const END_USER: HeaderName = HeaderName::from_static("x-end-user");
pub const FAILOVER: HeaderName = HeaderName::from_static("x-failover");
pub const MODEL: HeaderName = HeaderName::from_static("x-model");
pub const PROVIDER: HeaderName = HeaderName::from_static("x-provider");
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Limit, remaining, reset.
pub const REQUESTS: [HeaderName; 3] = [
    HeaderName::from_static("x-ratelimit-limit-requests"),
    HeaderName::from_static("x-ratelimit-remaining-requests"),
    HeaderName::from_static("x-ratelimit-reset-requests"),
];
pub const TOKENS: [HeaderName; 3] = [
    HeaderName::from_static("x-ratelimit-limit-tokens"),
    HeaderName::from_static("x-ratelimit-remaining-tokens"),
    HeaderName::from_static("x-ratelimit-reset-tokens"),
];
pub const CONCURRENT: [HeaderName; 3] = [
    HeaderName::from_static("x-ratelimit-limit-concurrent"),
    HeaderName::from_static("x-ratelimit-remaining-concurrent"),
    HeaderName::from_static("x-ratelimit-reset-concurrent"),
];
