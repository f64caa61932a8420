//! From the name that is asked for to the targets that may answer.

use crate::config::UnknownPrice;
use crate::gateway::receive::Ask;
use crate::gateway::record::Record;
use crate::gateway::refuse;
use crate::gateway::refuse::Refusal;
use crate::gateway::snapshot::Snapshot;
use crate::limits::Reservation;
use crate::routing::Candidate;
use crate::routing::Route;
use crate::routing::UnknownModel;
use crate::routing::draw_plan;
use crate::tenants::credential::Credential;
use crate::usage::pricing::Price;

/// What a name means.
pub struct Planned<'s> {
    /// Whom to ask, in this order.
    pub plan: Vec<Candidate>,
    pub of_group: bool,
    /// The name in `limits.per_model` under which it is counted.
    pub limited: Option<&'s str>,
}

/// Whether this key may say the name. To whom it is unknown it is that first, not forbidden.
///
/// # Errors
/// The [`Refusal`] to send.
pub fn may_name(snapshot: &Snapshot, who: &Credential, ask: &Ask, record: &Record) -> Result<(), Refusal> {
    match who.forbids(&ask.shape.model) {
        None => Ok(()),
        Some(by) => {
            resolve(snapshot, who, ask, record).and(Err(refuse::model_not_allowed(&ask.shape.model, by)))
        }
    }
}

/// Whom to ask for what is asked.
///
/// # Errors
/// The [`Refusal`] to send.
pub fn plan<'s>(
    snapshot: &'s Snapshot,
    who: &Credential,
    ask: &Ask,
    record: &Record,
) -> Result<Planned<'s>, Refusal> {
    let mut route = resolve(snapshot, who, ask, record)?;
    route.failover &= ask.failover && who.fails_over();
    let plan = draw_plan(&route, ask.operation, &snapshot.fleet(record.arrival.at), &mut rand::rng());
    match plan.is_empty() && !ask.operation.has_stand_ins() {
        true => Err(refuse::not_served_there(&ask.shape.model, ask.operation)),
        false => {
            let plan = with_known_prices(plan, snapshot, ask, record)?;
            let limited = snapshot.spellings.limited(&ask.shape.model, &route, &plan);
            Ok(Planned { plan, of_group: route.group.is_some(), limited })
        }
    }
}

/// Without targets whose price is unknown, where that is refused and a hard budget is to be kept.
///
/// # Errors
/// The [`Refusal`] to send when none is left.
pub fn with_known_prices(
    mut plan: Vec<Candidate>,
    snapshot: &Snapshot,
    ask: &Ask,
    record: &Record,
) -> Result<Vec<Candidate>, Refusal> {
    let has_budget = || record.held.reservation.as_ref().is_some_and(Reservation::has_hard_budget);
    let all_pass = snapshot.config.unknown_price == UnknownPrice::Allow || plan.is_empty();
    // Nobody charges for a count of tokens.
    if all_pass || ask.operation.counts_tokens() || !has_budget() {
        return Ok(plan);
    }
    let price = |target: &Candidate| snapshot.vendors[target.provider].prices.of(&target.model);
    plan.retain(|target| price(target) != Price::Unknown);
    if plan.is_empty() { Err(refuse::price_unknown(&ask.shape.model)) } else { Ok(plan) }
}

fn resolve(snapshot: &Snapshot, who: &Credential, ask: &Ask, record: &Record) -> Result<Route, Refusal> {
    let unknown = |model: UnknownModel| refuse::unknown_model(&model.known_to(|name| who.may_name(name)));
    snapshot.table.resolve(&ask.shape.model, &snapshot.fleet(record.arrival.at)).map_err(unknown)
}
