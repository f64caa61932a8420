//! The names in force, and what each of them means.

use crate::config::{Config, Group, Order};
use crate::provider::Tier;
use crate::provider::detect::kinds;
use crate::routing::builtin;
use crate::routing::link::{Link, offers, spelling};
use crate::routing::unknown::UnknownModel;
use crate::routing::{Fleet, Meaning, Member, Route};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Aliases, groups and the chain of providers; built once per snapshot.
#[derive(Debug)]
pub struct Table {
    chain: Arc<[Link]>,
    routes: BTreeMap<Arc<str>, Route>,
    /// Groups none of whose members can be asked.
    away: BTreeSet<Arc<str>>,
}

impl Table {
    /// Aliases hide groups of the same name, and configured groups the built-in `auto`, `fast` and `smart`.
    pub fn build(config: &Config) -> Table {
        let chain = config.providers.iter().map(Link::new).collect();
        let mut table = Table { chain, routes: BTreeMap::new(), away: BTreeSet::new() };
        for (name, group) in &builtin::groups(config) {
            table.add_group(config, name, group);
        }
        for (name, group) in &config.groups {
            match group.members.is_empty() {
                true => table.leave_out(name),
                false => table.add_group(config, name, group),
            }
        }
        for (name, target) in &config.models {
            let route = table.route_to(target.provider, Arc::from(target.model.as_str()), false);
            table.routes.insert(Arc::from(name.as_str()), route);
        }
        table
    }

    /// What a name means, tried in this order: alias, group, `provider/model`, the form of the name,
    /// a provider that lists it.
    pub fn resolve(&self, name: &str, fleet: &dyn Fleet) -> Result<Route, UnknownModel> {
        if let Some(route) = self.routes.get(name) {
            return Ok(route.clone());
        }
        if self.away.contains(name) {
            return Err(UnknownModel::away(name));
        }
        self.by_prefix(name, fleet)
            .or_else(|| self.by_form(name, fleet))
            .or_else(|| self.by_list(name, fleet))
            .ok_or_else(|| UnknownModel::new(name, self.known()))
    }

    /// Aliases and groups, the built-in ones included, sorted.
    pub fn names(&self) -> Vec<&str> {
        self.routes.keys().map(|name| &**name).collect()
    }

    /// Ways to write one target: its aliases, the bare name, and with its provider or what its kind is called.
    pub(super) fn spellings(&self, provider: usize, model: &str) -> BTreeSet<String> {
        let means = |route: &Route| match &route.meaning {
            Meaning::Model { provider: p, model: m, .. } => *p == provider && **m == *model,
            Meaning::Group { .. } => false,
        };
        let aliases = self.routes.iter().filter(|(_, route)| means(route)).map(|(name, _)| name.to_string());
        let link = &self.chain[provider];
        let prefixes =
            [link.name.as_str(), link.preset.kind].into_iter().chain(link.preset.also.iter().copied());
        let written = prefixes.map(|prefix| format!("{prefix}/{model}"));
        aliases.chain([model.to_owned()]).chain(written).collect()
    }

    /// `provider/model`, where the prefix is a provider's name, its kind or another spelling of that.
    fn by_prefix(&self, name: &str, fleet: &dyn Fleet) -> Option<Route> {
        let (prefix, model) = name.split_once('/').filter(|(_, model)| !model.is_empty())?;
        let named = self.chain.iter().position(|link| link.name == prefix);
        let provider = named.or_else(|| self.chain.iter().position(|link| link.is_of_kind(prefix)))?;
        if self.is_owner_not_provider(provider, name, model, fleet) {
            return None;
        }
        Some(self.route_to(provider, Arc::from(model), false))
    }

    /// `openai/gpt-oss-120b` is an id of Groq and others: the part before the slash tells who made the
    /// model. So a prefix is not obeyed where nothing ties the model to that provider and another
    /// one offers it under its full name.
    fn is_owner_not_provider(&self, provider: usize, full: &str, model: &str, fleet: &dyn Fleet) -> bool {
        let mut others = (0..self.chain.len()).filter(|other| *other != provider);
        others.any(|other| offers(&self.chain, other, full, fleet))
            && !offers(&self.chain, provider, model, fleet)
            && !kinds(model).contains(&self.chain[provider].preset.kind)
    }

    /// A vendor's own name goes to that vendor. An open model, which several kinds serve, goes to
    /// whoever is known to offer it, else to the best host of such names.
    fn by_form(&self, name: &str, fleet: &dyn Fleet) -> Option<Route> {
        let kinds = kinds(name);
        let of_kind = |kind: &&str| self.chain.iter().position(|link| link.preset.kind == *kind);
        let host = kinds.iter().find_map(of_kind)?;
        let listed = if kinds.len() == 1 { None } else { self.by_list(name, fleet) };
        listed.or_else(|| Some(self.route_to(host, Arc::from(name), true)))
    }

    /// The first provider of the chain that is known to offer it.
    fn by_list(&self, name: &str, fleet: &dyn Fleet) -> Option<Route> {
        (0..self.chain.len()).find_map(|provider| {
            let model = spelling(&self.chain, provider, name, fleet)?;
            Some(self.route_to(provider, model, true))
        })
    }

    fn route_to(&self, provider: usize, model: Arc<str>, spread: bool) -> Route {
        let meaning = Meaning::Model { provider, model, spread };
        Route { failover: true, group: None, meaning, chain: self.chain.clone() }
    }

    fn add_group(&mut self, config: &Config, name: &str, group: &Group) {
        let name: Arc<str> = Arc::from(name);
        let meaning = Meaning::Group { strategy: group.strategy, members: in_order(config, group) };
        let route =
            Route { failover: group.failover, group: Some(name.clone()), meaning, chain: self.chain.clone() };
        self.routes.insert(name, route);
    }

    /// A group that nobody can serve. The built-in one of its name would not be what its owner meant.
    fn leave_out(&mut self, name: &str) {
        self.routes.remove(name);
        self.away.insert(Arc::from(name));
    }

    fn known(&self) -> impl Iterator<Item = &str> {
        let declared = self.chain.iter().flat_map(|link| link.declared.iter());
        self.routes.keys().chain(declared).map(|name| &**name)
    }
}

/// The members of a group in its order, each target once.
fn in_order(config: &Config, group: &Group) -> Arc<[Member]> {
    let tier = |provider: usize| config.providers.get(provider).map_or(Tier::Local, |p| p.tier);
    let mut written: Vec<_> = group.members.iter().collect();
    written.sort_by_key(|member| rank(group.order, tier(member.target.provider)));
    let mut members: Vec<Member> = Vec::with_capacity(written.len());
    for member in written {
        let (provider, model) = (member.target.provider, member.target.model.as_str());
        if !members.iter().any(|m| m.provider == provider && *m.model == *model) {
            members.push(Member { provider, model: Arc::from(model), weight: member.weight });
        }
    }
    members.into()
}

fn rank(order: Order, tier: Tier) -> u8 {
    match (order, tier) {
        (Order::AsWritten, Tier::Free | Tier::Flat | Tier::Paid | Tier::Local) => 0,
        (Order::Tier | Order::Media, Tier::Free) => 0,
        (Order::Tier | Order::Media, Tier::Flat) => 1,
        (Order::Tier, Tier::Paid) | (Order::Media, Tier::Local) => 2,
        (Order::Tier, Tier::Local) | (Order::Media, Tier::Paid) => 3,
    }
}
