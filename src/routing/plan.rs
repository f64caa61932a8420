//! The plan: which targets one request may be sent to, in order.

use crate::config::Strategy;
use crate::dialect::operation::Operation;
use crate::provider::detect::class_of;
use crate::routing::link::{Link, spelling};
use crate::routing::strategy;
use crate::routing::{Fleet, Meaning, Member, Route, Standing};
use std::cell::LazyCell;
use std::sync::Arc;

/// A provider and the model to ask it for; its key is picked when it is this one's turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub provider: usize,
    /// The provider's own id of the model.
    pub model: Arc<str>,
    /// A model the caller did not name, of the same class as the one it did.
    pub stand_in: bool,
}

/// A candidate, and how much of the traffic it takes where a strategy weighs.
pub(super) struct Choice {
    pub(super) candidate: Candidate,
    /// `None` takes no part in a draw; zero only stands at the end.
    pub(super) weight: Option<u32>,
}

/// Draws the ordered plan for one request; empty only for a group whose members are all disabled, or where nobody
/// serves the operation.
///
/// A named model leads, then comes the rest of the chain: a provider that offers the same model is
/// asked for it, any other for its model of the same class. A group has its members only. Providers
/// that are out are left out, unless nobody else is left: a gateway must not invent an outage.
///
/// Only chats and text completions have stand-ins. A group serves embeddings with the model of its first member
/// alone: vectors of different models cannot be compared, and a mixed index is worse than an error.
pub fn draw_plan(
    route: &Route,
    operation: Operation,
    fleet: &dyn Fleet,
    dice: &mut dyn rand::Rng,
) -> Vec<Candidate> {
    let (strategy, choices) = match &route.meaning {
        Meaning::Model { provider, model, spread } => {
            let lead = Candidate { provider: *provider, model: model.clone(), stand_in: false };
            let choices = if route.failover {
                with_the_rest(lead, operation, &route.chain, fleet)
            } else {
                vec![Choice { candidate: lead, weight: None }]
            };
            (if *spread { by_weights(&choices, &route.chain) } else { Strategy::Priority }, choices)
        }
        Meaning::Group { strategy, members } => {
            (*strategy, of_members(members, operation == Operation::Embeddings))
        }
    };
    let mut choices = fit_ones(serving(choices, operation, &route.chain), fleet);
    strategy::order(strategy)(&mut choices, dice);
    let reach = if route.failover { choices.len() } else { 1 };
    choices.into_iter().take(reach).map(|choice| choice.candidate).collect()
}

/// The lead, then what every other provider of the chain can do about it.
fn with_the_rest(lead: Candidate, operation: Operation, chain: &[Link], fleet: &dyn Fleet) -> Vec<Choice> {
    // Only a stand-in needs it, and reading a name takes as long as all else here.
    let class = LazyCell::new(|| class_of(&lead.model));
    let others = chain.iter().enumerate().filter(|(provider, _)| *provider != lead.provider);
    let rest = others.filter_map(|(provider, link)| {
        if let Some(model) = spelling(chain, provider, &lead.model, fleet) {
            let candidate = Candidate { provider, model, stand_in: false };
            return Some(Choice { candidate, weight: Some(link.weight.unwrap_or(1)) });
        }
        let model = if operation.has_stand_ins() { link.stand_in(*class) } else { None }?;
        Some(Choice { candidate: Candidate { provider, model, stand_in: true }, weight: None })
    });
    let weight = chain.get(lead.provider).and_then(|link| link.weight).unwrap_or(1);
    let rest: Vec<Choice> = rest.collect();
    std::iter::once(Choice { candidate: lead, weight: Some(weight) }).chain(rest).collect()
}

/// Weighted as soon as one of the providers that offer the same model has a weight.
fn by_weights(choices: &[Choice], chain: &[Link]) -> Strategy {
    let mut same = choices.iter().filter(|choice| !choice.candidate.stand_in);
    let weighs = same.any(|choice| chain.get(choice.candidate.provider).is_some_and(|l| l.weight.is_some()));
    if weighs { Strategy::Weighted } else { Strategy::Priority }
}

fn of_members(members: &[Member], embedding: bool) -> Vec<Choice> {
    let lead = members.first().map(|member| &member.model);
    let fits = |member: &&Member| !embedding || Some(&member.model) == lead;
    let choice = |member: &Member| Choice {
        candidate: Candidate { provider: member.provider, model: member.model.clone(), stand_in: false },
        weight: Some(member.weight),
    };
    members.iter().filter(fits).map(choice).collect()
}

/// Without those whose vendor does not perform the operation.
fn serving(mut choices: Vec<Choice>, operation: Operation, chain: &[Link]) -> Vec<Choice> {
    let serves = |link: &Link| link.preset.path(operation).is_some();
    choices.retain(|choice| chain.get(choice.candidate.provider).is_some_and(serves));
    choices
}

/// Without those that are out; with them if there is nobody else.
fn fit_ones(choices: Vec<Choice>, fleet: &dyn Fleet) -> Vec<Choice> {
    let is_fit = |choice: &Choice| {
        let Candidate { provider, model, .. } = &choice.candidate;
        fleet.standing(*provider, model) != Standing::Out
    };
    let (fit, out): (Vec<Choice>, Vec<Choice>) = choices.into_iter().partition(is_fit);
    if fit.is_empty() { out } else { fit }
}
