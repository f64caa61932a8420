//! Providers that are asked in ways of their own: Replicate's promises, AWS's signatures, Azure's deployments.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod azure;
mod bedrock;
mod promises;
#[path = "../support/mod.rs"]
mod support;

use crate::support::Gateway;
use crate::support::Reply;
use crate::support::Request;
use crate::support::Vendor;

/// A gateway whose group `both` asks one scripted vendor, and then another that always answers.
struct Stage {
    gateway: Gateway,
    first: Vendor,
    next: Vendor,
}

impl Stage {
    /// `provider` are the settings of the first, in which `{at}` stands for where it is; `model` is asked of it.
    fn set(
        failover: &str,
        provider: &str,
        model: &str,
        environment: &[(&str, &str)],
        script: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static,
    ) -> Stage {
        let first = Vendor::start(script);
        let next = Vendor::start(|_, request| Reply::answer(request, "next"));
        let yaml = format!(
            "cache: {{ exact: {{ ttl: 0 }} }}\nfailover: {{ {failover}check_interval: off }}\nproviders:\n  \
             first: {{ check: false, {} }}\n  next: {{ check: false, kind: openai_compatible, base_url: '{}/v1', models: [ m ] }}\n\
             groups: {{ both: {{ order: as-written, members: [ 'first/{model}', next/m ] }} }}\n",
            provider.replace("{at}", first.base_url()),
            next.base_url(),
        );
        Stage { gateway: Gateway::start_with(&yaml, environment), first, next }
    }
}

/// Where a scripted vendor is, as the request that reached it says.
fn origin(request: &Request) -> String {
    format!("http://{}", request.header("host").unwrap())
}
