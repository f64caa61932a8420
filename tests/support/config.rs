//! Configurations of gateways under test: no cache, no checks, access lines as JSON, providers of one model.

/// The model every [`provider`] offers.
pub const MODEL: &str = "m";

/// A configuration with these settings of `failover` and these lines of `providers`.
pub fn config(failover: &str, providers: &[String]) -> String {
    let providers = providers.concat();
    format!(
        "cache: {{ exact: {{ ttl: 0 }} }}\nlog: {{ format: json }}\n\
         failover: {{ {failover}check_interval: off }}\nproviders:\n{providers}"
    )
}

/// A provider of [`MODEL`] at this origin.
pub fn provider(name: &str, origin: &str) -> String {
    provider_with(name, origin, "")
}

/// Like [`provider`], with more settings: `weight: 3, tier: free`.
pub fn provider_with(name: &str, origin: &str, more: &str) -> String {
    provider_of(name, origin, MODEL, more)
}

/// Like [`provider_with`], but of these models.
pub fn provider_of(name: &str, origin: &str, models: &str, more: &str) -> String {
    format!(
        "  {name}: {{ kind: openai_compatible, base_url: '{origin}/v1', models: [ {models} ], check: false, {more} }}\n"
    )
}
