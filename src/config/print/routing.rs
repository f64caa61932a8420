//! Providers, aliases and groups.

use crate::config::BaseUrl;
use crate::config::Config;
use crate::config::Group;
use crate::config::Member;
use crate::config::Order;
use crate::config::OwnPrice;
use crate::config::Provider;
use crate::config::Reference;
use crate::config::Strategy;
use crate::config::Tariff;
use crate::config::UnknownPrice;
use crate::config::print::bounds;
use crate::config::print::words::list;
use crate::config::print::words::path;
use crate::config::print::words::quoted;

/// A comment: a provider that is not in use has no settings left to print.
pub fn disabled(names: &[String]) -> String {
    match names {
        [] => String::new(),
        names => format!("# not in use: {}\n", names.join(", ")),
    }
}

pub fn provider(provider: &Provider) -> String {
    let mut lines = vec![
        format!("  {}:", quoted(&provider.name)),
        format!("    kind: {}", provider.preset.kind),
        format!("    base_url: {}", quoted(&base_url(&provider.base_url))),
        format!("    api_keys: [{}]", vec!["\"***\""; provider.api_keys.len()].join(", ")),
        format!("    tier: {}", provider.tier),
    ];
    lines.extend(provider.weight.map(|weight| format!("    weight: {weight}")));
    lines.extend(provider.ca_file.as_ref().map(|file| format!("    ca_file: {}", path(file))));
    lines.push(format!("    quota: {}", bounds::key_quota(&provider.quota)));
    let fallback_models =
        provider.fallback_models.iter().map(|(class, model)| format!("{class}: {}", quoted(model)));
    let headers = provider.headers.iter().map(|(name, _)| format!("{}: \"***\"", quoted(name)));
    lines.extend([
        format!("    models: {}", list(&provider.models)),
        format!("    fallback_models: {}", map(fallback_models)),
        format!("    headers: {}", map(headers)),
        format!("    http2: {}", provider.http2),
        format!("    check: {}", provider.check),
    ]);
    let region = (!provider.region.is_empty()).then(|| format!("    region: {}", quoted(&provider.region)));
    lines.extend(region);
    lines
        .extend(provider.api_version.as_ref().map(|version| format!("    api_version: {}", quoted(version))));
    lines.join("\n") + "\n"
}

pub fn aliases(config: &Config) -> Vec<String> {
    let alias = |(name, target): (&String, &Reference)| {
        format!("  {}: {}\n", quoted(name), reference(target, config))
    };
    config.models.iter().map(alias).collect()
}

pub fn groups(config: &Config) -> Vec<String> {
    config.groups.iter().map(|(name, written)| group(name, written, config)).collect()
}

fn group(name: &str, group: &Group, config: &Config) -> String {
    let strategy = match group.strategy {
        Strategy::Priority => "priority",
        Strategy::Weighted => "weighted",
    };
    let order = match group.order {
        Order::Tier => "tier",
        Order::Media => "media",
        Order::AsWritten => "as-written",
    };
    let mut text = format!("  {}:\n    strategy: {strategy}\n    order: {order}\n", quoted(name));
    text += &format!("    failover: {}\n", group.failover);
    let member = |member: &Member| {
        format!("      - {{ model: {}, weight: {} }}\n", reference(&member.target, config), member.weight)
    };
    match group.members.as_slice() {
        [] => text + "    members: []\n",
        members => text + "    members:\n" + &members.iter().map(member).collect::<String>(),
    }
}

pub fn pricing(config: &Config) -> Vec<String> {
    let line = |own: &OwnPrice| format!("  {}: {}\n", reference(&own.target, config), tariff(&own.tariff));
    let unknown = match config.unknown_price {
        UnknownPrice::Allow => "  unknown: allow\n",
        UnknownPrice::Refuse => "  unknown: refuse\n",
    };
    std::iter::once(unknown.to_owned()).chain(config.pricing.iter().map(line)).collect()
}

fn tariff(tariff: &Tariff) -> String {
    match tariff {
        Tariff::Free => "free".to_owned(),
        Tariff::PerMillion { input, output, cached, cache_write } => {
            let cached = cached.map(|price| format!(", cached: {price}")).unwrap_or_default();
            let written = cache_write.map(|price| format!(", cache_write: {price}")).unwrap_or_default();
            format!("{{ input: {input}, output: {output}{cached}{written} }}")
        }
    }
}

fn reference(reference: &Reference, config: &Config) -> String {
    let provider = config.providers.get(reference.provider).map_or("", |provider| provider.name.as_str());
    quoted(&format!("{provider}/{}", reference.model))
}

fn base_url(url: &BaseUrl) -> String {
    let (scheme, usual) = if url.tls { ("https", 443) } else { ("http", 80) };
    let host = if url.host.contains(':') { format!("[{}]", url.host) } else { url.host.clone() };
    let port = if url.port == usual { String::new() } else { format!(":{}", url.port) };
    format!("{scheme}://{host}{port}{}", url.path)
}

fn map(entries: impl Iterator<Item = String>) -> String {
    let entries: Vec<String> = entries.collect();
    if entries.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", entries.join(", ")) }
}
