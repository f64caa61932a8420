//! A provider of the chain, as far as routing needs to know it.

use crate::config::Provider;
use crate::provider::Class;
use crate::provider::Preset;
use crate::provider::detect::same_model;
use crate::routing::Fleet;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct Link {
    pub(super) name: String,
    pub(super) preset: &'static Preset,
    pub(super) weight: Option<u32>,
    /// The models it is known to offer without asking it: the configuration's, then the preset's.
    pub(super) declared: Vec<Arc<str>>,
    stand_ins: BTreeMap<Class, Arc<str>>,
}

impl Link {
    pub(super) fn new(provider: &Provider) -> Link {
        let stand_ins = Class::ALL.into_iter().filter_map(|class| {
            let model = provider.fallback_model(class)?;
            Some((class, Arc::from(model)))
        });
        let written = provider.models.iter().chain(provider.fallback_models.values()).map(String::as_str);
        let preset = provider.preset.models.iter().map(|(_, model)| *model);
        Link {
            name: provider.name.clone(),
            preset: provider.preset,
            weight: provider.weight,
            declared: written.chain(preset).map(Arc::from).collect(),
            stand_ins: stand_ins.collect(),
        }
    }

    /// Whether the part of a name before its first slash means this provider's vendor.
    pub(super) fn is_of_kind(&self, prefix: &str) -> bool {
        self.preset.kind == prefix || self.preset.also.contains(&prefix)
    }

    /// Its model that stands in for another's of this class.
    pub(super) fn stand_in(&self, class: Class) -> Option<Arc<str>> {
        self.stand_ins.get(&class).cloned()
    }
}

/// Whether a provider is known to offer a model under exactly this id.
pub(super) fn offers(chain: &[Link], provider: usize, model: &str, fleet: &dyn Fleet) -> bool {
    let declared = chain.get(provider).is_some_and(|link| link.declared.iter().any(|id| **id == *model));
    declared || fleet.lists(provider, model)
}

/// The id under which a provider is known to offer a model: the same, or with or without its owner.
pub(super) fn spelling(chain: &[Link], provider: usize, model: &str, fleet: &dyn Fleet) -> Option<Arc<str>> {
    if offers(chain, provider, model, fleet) {
        return Some(Arc::from(model));
    }
    chain.get(provider)?.declared.iter().find(|id| same_model(id, model)).cloned()
}
