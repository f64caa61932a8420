//! The groups that exist without a configuration file: `auto`, `fast` and `smart`.

use crate::config::{Config, Group, Member, Order, Provider, Reference, Strategy};
use crate::provider::Class;

/// Name → which classes its members are of; where a provider has none of the first, the next is taken.
const GROUPS: &[(&str, &[Class])] = &[
    ("auto", &[Class::Large, Class::Small]),
    ("fast", &[Class::Small]),
    ("smart", &[Class::Large, Class::Small]),
];

/// Every built-in group that has members: one per provider that has a model for it, free ones first.
///
/// Weighted as soon as any provider has a weight.
pub(super) fn groups(config: &Config) -> Vec<(&'static str, Group)> {
    let groups = GROUPS.iter().map(|(name, classes)| (*name, group(config, classes)));
    groups.filter(|(_, group)| !group.members.is_empty()).collect()
}

fn group(config: &Config, classes: &[Class]) -> Group {
    let mut members = one_per_provider(config, classes);
    if members.is_empty() {
        // With no model of the class anywhere, a large one is better than no group.
        members = one_per_provider(config, &[Class::Large]);
    }
    let weighted = config.providers.iter().any(|provider| provider.weight.is_some());
    Group {
        strategy: if weighted { Strategy::Weighted } else { Strategy::Priority },
        order: Order::Tier,
        failover: true,
        members,
    }
}

fn one_per_provider(config: &Config, classes: &[Class]) -> Vec<Member> {
    let model = |provider: &Provider| {
        classes.iter().find_map(|class| provider.fallback_model(*class)).map(str::to_owned)
    };
    let member = |(index, provider): (usize, &Provider)| {
        let target = Reference { provider: index, model: model(provider)? };
        Some(Member { target, weight: provider.weight.unwrap_or(1) })
    };
    config.providers.iter().enumerate().filter_map(member).collect()
}
