//! Weighted: the first is drawn by weight, the others follow in the order of the group.

use crate::routing::plan::Choice;
use rand::RngExt;

/// Brings one choice, drawn by weight, to the front; those of weight zero go to the end.
/// Where all weights are zero nothing is drawn and the order stays.
pub(super) fn order(choices: &mut [Choice], dice: &mut dyn rand::Rng) {
    let Some(drawn) = draw(choices, dice) else { return };
    choices[..=drawn].rotate_right(1);
    choices.sort_by_key(|choice| choice.weight == Some(0));
}

fn draw(choices: &[Choice], dice: &mut dyn rand::Rng) -> Option<usize> {
    let weight = |choice: &Choice| u64::from(choice.weight.unwrap_or(0));
    let total: u64 = choices.iter().map(weight).sum();
    if total == 0 {
        return None;
    }
    let mut point = dice.random_range(0..total);
    choices.iter().position(|choice| match point.checked_sub(weight(choice)) {
        Some(rest) => {
            point = rest;
            false
        }
        None => true,
    })
}
