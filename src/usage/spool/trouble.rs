//! A file whose next entries the store does not take, although it is there.

use std::time::Duration;
use std::time::Instant;

/// How long a file rests after it was refused: at first, and at most.
const FIRST_REST: Duration = Duration::from_millis(100);
const LONGEST_REST: Duration = Duration::from_secs(5);
/// So often the store may refuse a file while it takes others.
const MOST: u32 = 10;

#[derive(Debug, Default)]
pub(super) struct Trouble {
    refusals: u32,
    /// Refused since the store last took something else.
    is_open: bool,
    /// How often it took something else in between.
    blamed: u32,
    rests_until: Option<Instant>,
}

impl Trouble {
    /// Whether it is the first time.
    pub fn refused(&mut self, now: Instant) -> bool {
        let rest = FIRST_REST * 2u32.saturating_pow(self.refusals.min(8));
        self.refusals = self.refusals.saturating_add(1);
        self.is_open = true;
        self.rests_until = Some(now + rest.min(LONGEST_REST));
        self.refusals == 1
    }

    /// Whether the fault must be the file's: a store that refuses everything says nothing about it.
    pub fn others_are_taken(&mut self) -> bool {
        self.blamed += u32::from(std::mem::take(&mut self.is_open));
        self.blamed >= MOST
    }

    pub fn is_lasting(&self) -> bool {
        self.refusals >= MOST
    }

    pub fn rests(&self, now: Instant) -> bool {
        self.rests_until.is_some_and(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_to_blame_only_where_others_are_taken() {
        let (mut trouble, now) = (Trouble::default(), Instant::now());
        assert_eq!((0..100).filter(|_| trouble.refused(now)).count(), 1);
        assert!(!trouble.others_are_taken() && trouble.is_lasting());
        // It was not tried in between.
        assert!((0..100).all(|_| !trouble.others_are_taken()));
        let blamed = (0..MOST).map(|_| {
            trouble.refused(now);
            trouble.others_are_taken()
        });
        assert_eq!(blamed.filter(|blamed| *blamed).count(), 2);
    }

    #[test]
    fn it_rests_longer_each_time_up_to_a_bound() {
        let (mut trouble, now) = (Trouble::default(), Instant::now());
        assert!(!trouble.rests(now) && trouble.refused(now));
        assert!(trouble.rests(now) && !trouble.rests(now + FIRST_REST));
        assert!((0..100).all(|_| !trouble.refused(now)));
        assert!(trouble.rests(now + LONGEST_REST / 2) && !trouble.rests(now + LONGEST_REST));
    }
}
