//! `groups`: one public name for several targets.

use crate::config::Group;
use crate::config::Member;
use crate::config::Order;
use crate::config::Reference;
use crate::config::Strategy;
use crate::config::chain::Chain;
use crate::config::models;
use crate::config::models::Aliases;
use crate::config::near;
use crate::config::reader::Field;
use crate::config::reader::Section;
use crate::config::shapes;
use crate::config::units;
use std::collections::BTreeMap;

const STRATEGIES: [(&str, Strategy); 2] =
    [("priority", Strategy::Priority), ("weighted", Strategy::Weighted)];
const ORDERS: [(&str, Order); 3] =
    [("tier", Order::Tier), ("media", Order::Media), ("as-written", Order::AsWritten)];

/// What a member's name may stand for.
struct Names<'a> {
    groups: Vec<&'a str>,
    aliases: &'a Aliases,
    chain: &'a Chain,
}

pub fn read(root: &Section<'_>, aliases: &Aliases, chain: &Chain) -> BTreeMap<String, Group> {
    let entries = root.entries("groups");
    let names = Names { groups: entries.iter().map(|(name, _)| *name).collect(), aliases, chain };
    let group = |(name, field): &(&str, Field<'_>)| {
        if aliases.contains_key(*name) {
            field.refuse("has the name of an alias in `models`; give one of them another");
        }
        if name.is_empty() {
            field.refuse("must have a name");
        }
        ((*name).to_owned(), group(field, &names))
    };
    let groups: BTreeMap<String, Group> = entries.iter().map(group).collect();
    note_empty(root, &groups);
    groups
}

/// Once for all of them: where a provider is away, dozens may be.
fn note_empty(root: &Section<'_>, groups: &BTreeMap<String, Group>) {
    let empty: Vec<&str> =
        groups.iter().filter(|(_, group)| group.members.is_empty()).map(|(name, _)| name.as_str()).collect();
    if let (Some(field), false) = (root.field("groups"), empty.is_empty()) {
        field.note(format!("without a usable member are left out: {}", empty.join(", ")));
    }
}

fn group(field: &Field<'_>, names: &Names<'_>) -> Group {
    let section = field.section(&shapes::GROUP);
    let strategy = section.optional("strategy", units::word(&STRATEGIES)).unwrap_or(Strategy::Priority);
    let order = section.optional("order", units::word(&ORDERS)).unwrap_or(match strategy {
        Strategy::Priority => Order::Tier,
        Strategy::Weighted => Order::AsWritten,
    });
    let failover = section.optional("failover", units::switch).unwrap_or(true);
    let written = section.required("members").map(|members| members.items()).unwrap_or_default();
    let members: Vec<Member> = written.iter().filter_map(|field| names.member(field)).collect();
    Group { strategy, order, failover, members }
}

impl Names<'_> {
    /// `alias`, `provider/model`, or `{ model, weight }` with one of those.
    fn member(&self, field: &Field<'_>) -> Option<Member> {
        if field.is_scalar() {
            let target = self.target(field)?;
            return Some(Member { weight: self.usual_weight(&target), target });
        }
        let section = field.section(&shapes::MEMBER);
        let weight = section.field("weight").map(|field| (field.read(units::weight), field));
        let target = self.target(&section.required("model")?)?;
        let weight = weight.map_or(Some(self.usual_weight(&target)), |(weight, _)| weight);
        Some(Member { weight: weight?, target })
    }

    fn target(&self, field: &Field<'_>) -> Option<Reference> {
        let text = field.text()?;
        if let Some(alias) = self.aliases.get(&text) {
            if let (None, Some((provider, _))) = (&alias.target, alias.text.split_once('/')) {
                self.chain.lose(provider);
            }
            return alias.target.clone();
        }
        if self.groups.contains(&text.as_str()) {
            field.refuse(format!("must be an alias or `provider/model`, found group {}", field.shown()));
            return None;
        }
        if text.contains('/') {
            return models::reference(field, &text, self.chain);
        }
        let hint = near::did_you_mean(&text, self.aliases.keys().map(String::as_str));
        field
            .refuse_with_hint(format!("must be an alias or `provider/model`, found {}", field.shown()), hint);
        None
    }

    fn usual_weight(&self, target: &Reference) -> u32 {
        self.chain.providers.get(target.provider).and_then(|provider| provider.weight).unwrap_or(1)
    }
}
