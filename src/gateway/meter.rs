//! What a stream costs while it runs, for accounts that cut it where their money ends.

use crate::clock;
use crate::clock::Moment;
use crate::dialect::relay::Flow;
use crate::dialect::relay::Relay;
use crate::gateway::receive::Ask;
use crate::gateway::record::Record;
use crate::gateway::verdicts;
use crate::limits::Reservation;
use crate::state::Limited;
use crate::usage::pricing::Price;
use crate::usage::pricing::cost;

/// Keeps the reservation of a stream as large as what has come of it.
pub struct Meter<'a> {
    reservation: &'a mut Reservation,
    ask: &'a Ask,
    price: Price,
    begun: Moment,
}

impl<'a> Meter<'a> {
    /// `None` where nobody wants its streams cut, or nobody knows what they cost.
    pub fn of(record: &'a mut Record, ask: &'a Ask) -> Option<Meter<'a>> {
        let begun = record.arrival.moment();
        let reservation = record.held.reservation.as_mut().filter(|held| held.cuts_streams())?;
        let price = record.service.lane.as_ref()?.price;
        matches!(price, Price::Known(_)).then_some(Meter { reservation, ask, price, begun })
    }

    /// Takes what the stream has come to cost by now.
    ///
    /// # Errors
    /// The budget that has no more. A stream that has come to its end is not cut.
    pub async fn follow(&mut self, relay: &Relay) -> Result<(), Limited> {
        if *relay.flow() != Flow::Open {
            return Ok(());
        }
        let (usage, _) = verdicts::streamed(relay, self.ask);
        let cost = cost(&self.price, &usage).unwrap_or_default();
        self.reservation.follow(cost, self.begun.at(clock::now())).await
    }
}
