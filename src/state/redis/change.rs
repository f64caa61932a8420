//! What Redis has to be told behind a request's back: what was given back, charged and left, and what it forgot.

use crate::clock;
use crate::config::{Quota, Rate, Unit};
use crate::state::Account;
use crate::state::counters::Places;
use crate::state::redis::keeper::PATIENCE;
use crate::state::redis::lane::{Reply, Told};
use crate::state::redis::lost::Lost;
use crate::state::redis::present::Present;
use crate::state::redis::resp::Command;
use crate::state::redis::wire::Item;
use crate::state::redis::{FORGOTTEN, Link, wire};
use crate::state::window;
use std::sync::Arc;
use std::time::Duration;

/// How long places are remembered without a sign of life of any replica that holds one.
pub const LIFE_OF_PLACES: Duration = Duration::from_secs(120);

/// What of an account Redis was not told.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Untold {
    /// When it was counted, since the epoch.
    pub at: Duration,
    pub places: Option<Places>,
    /// Units that are given back, or charged below 0.
    pub rates: Vec<(Unit, Rate, i64)>,
    pub quotas: Vec<Known>,
}

/// A quota's counter as a replica knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    pub quota: Quota,
    pub start: Duration,
    /// Of the rest of it, where Redis may know less.
    pub base: Option<u64>,
    /// What was counted since, and comes on top.
    pub untold: i64,
}

impl Link {
    /// Tells of changes.
    ///
    /// # Errors
    /// Redis was not there, or refused.
    pub(super) async fn change(
        &self,
        present: &Present,
        changes: &[(Arc<Account>, Untold)],
        whole: bool,
    ) -> Result<Reply, Lost> {
        let asked = present.first.ask(PATIENCE, |command, number| {
            self.change.begin(whole, 1 + 2 * changes.len(), command);
            command.text(&present.heard);
            let distant =
                || changes.iter().filter_map(|(account, untold)| Some((account.distant()?, untold)));
            distant().for_each(|(distant, _)| _ = command.text(&distant.counters).text(&distant.places));
            command.text(&present.first.name).number(number).text(&present.me).number(changes.len() as u64);
            distant().for_each(|(distant, untold)| untold.write(distant.number, command));
            changes.iter().flat_map(|(account, untold)| untold.told(account)).collect()
        });
        match asked.ok_or(Lost::Closed)?.await {
            Ok(Reply::Text(said)) if said == FORGOTTEN => Err(Lost::Forgotten),
            Ok(Reply::Error(said)) => Err(Lost::refused(&said)),
            Ok(Reply::Late(_)) => Err(Lost::Late(PATIENCE)),
            Ok(reply) => Ok(reply),
            Err(_) => Err(Lost::Closed),
        }
    }
}

impl Untold {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.places.is_none() && self.rates.is_empty() && self.quotas.is_empty()
    }

    /// Writes its part of the arguments.
    pub fn write(&self, account: u32, command: &mut Command) {
        command.number(clock::millis(self.at));
        match self.places {
            Some(places) => {
                command.number(account.into()).number(places.own).number(places.left);
                command.number(clock::millis(LIFE_OF_PLACES))
            }
            None => command.signed(-1),
        };
        let rates = self.rates.iter().map(|(_, rate, _)| *rate);
        command.number(wire::life_of(rates, self.quotas.iter().map(|known| &known.quota)));
        command.number((self.rates.len() + self.quotas.len()) as u64);
        for (unit, rate, untold) in &self.rates {
            Item::Bucket(*unit, *rate).write(Duration::ZERO, command);
            command.number(0).signed(*untold);
        }
        self.quotas.iter().for_each(|known| known.write(command));
    }

    /// What may have to be told again.
    fn told(&self, account: &Arc<Account>) -> impl Iterator<Item = Told> {
        let told = |known: &Known| {
            let Known { quota, start, untold: amount, .. } = *known;
            Told { account: account.clone(), quota, start, amount }
        };
        self.quotas.iter().map(told)
    }
}

impl Known {
    fn write(&self, command: &mut Command) {
        let span = window::opened(self.quota.period, self.quota.window, self.start);
        command.text(wire::field(&self.quota)).text(if self.base.is_some() { "k" } else { "w" });
        command.number(clock::millis(self.start)).number(wire::length(&self.quota, span));
        command.number(0).number(self.base.unwrap_or(0)).signed(self.untold);
    }
}
