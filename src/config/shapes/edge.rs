//! Settings of listeners, routes, clusters and jobs.

use crate::config::shapes::Shape;
use crate::config::shapes::plain;

pub const LISTENER: Shape = plain("listen[]", &["address", "tls", "proxy_protocol", "https", "hsts"]);
pub const TLS: Shape = plain(
    "listen[].tls",
    &["cert", "key", "certificates", "acme", "min_version", "http2", "client_ca", "client_auth"],
);
pub const CERTIFICATE: Shape = plain("listen[].tls.certificates[]", &["cert", "key"]);
pub const ACME: Shape = plain("listen[].tls.acme", &["domains", "email", "directory", "ca_file"]);
pub const ROUTE: Shape = plain(
    "routes[]",
    &[
        "name",
        "host",
        "path",
        "exact",
        "regex",
        "methods",
        "cluster",
        "api",
        "jobs",
        "redirect",
        "answer",
        "files",
        "strip_prefix",
        "rewrite",
        "upstream_host",
        "request_headers",
        "response_headers",
        "body",
        "timeouts",
        "limits",
        "zone",
        "auth",
        "allow",
        "deny",
        "cors",
        "compress",
        "websocket",
        "retries",
    ],
);
pub const REDIRECT: Shape = plain("routes[].redirect", &["to", "status"]);
pub const ANSWER: Shape = plain("routes[].answer", &["status", "body", "type"]);
pub const FILES: Shape = plain("routes[].files", &["root", "index", "fallback"]);
pub const REWRITE: Shape = plain("routes[].rewrite", &["regex", "to"]);
pub const REQUEST_HEADERS: Shape = plain("routes[].request_headers", &["set", "remove"]);
pub const RESPONSE_HEADERS: Shape = plain("routes[].response_headers", &["set", "remove"]);
pub const TIMEOUTS: Shape = plain("routes[].timeouts", &["connect", "read", "write"]);
pub const ROUTE_LIMITS: Shape = plain("routes[].limits", &["per_ip", "burst", "concurrent"]);
pub const ROUTE_AUTH: Shape = plain("routes[].auth", &["basic", "realm"]);
pub const CORS: Shape =
    plain("routes[].cors", &["origins", "methods", "headers", "expose", "credentials", "max_age"]);
pub const CLUSTER: Shape = plain(
    "clusters.*",
    &[
        "servers",
        "resolve",
        "balance",
        "hash_on",
        "tls",
        "http2",
        "check",
        "eject",
        "slow_start",
        "per_server",
        "queue",
        "sticky",
        "status",
        "idle",
    ],
);
pub const CLUSTER_SERVER: Shape = plain("clusters.*.servers[]", &["address", "weight"]);
pub const CLUSTER_TLS: Shape = plain("clusters.*.tls", &["name", "ca_file", "verify"]);
pub const CHECK: Shape =
    plain("clusters.*.check", &["tcp", "path", "host", "status", "interval", "timeout", "rise", "fall"]);
pub const EJECT: Shape = plain("clusters.*.eject", &["after", "for"]);
pub const QUEUE: Shape = plain("clusters.*.queue", &["size", "timeout"]);
pub const STICKY: Shape = plain("clusters.*.sticky", &["cookie", "header", "ttl", "size"]);
pub const JOBS: Shape =
    plain("jobs", &["concurrency", "keep", "body", "timeout", "retries", "retry_delay", "most"]);
