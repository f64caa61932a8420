//! How much a model is to think, and whether it shows it (vendors.md §5.2).

use crate::dialect::hub::Dropped;
use crate::dialect::hub::Effort;
use crate::dialect::hub::ModelTraits;
use crate::dialect::hub::Reasoning;
use crate::dialect::hub::ThinkingStyle;
use serde::Serialize;

/// A budget or a level, never both.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ThinkingConfig {
    include_thoughts: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_budget: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_level: Option<&'static str>,
}

/// The levels that there are.
const LEVELS: [Effort; 5] = [Effort::Minimal, Effort::Low, Effort::Medium, Effort::High, Effort::XHigh];
/// The largest budget that all models with budgets take.
const LARGEST_BUDGET: u64 = 24_576;

/// What `reasoning` is to a model with these traits; `None` leaves all of it to the model.
pub(super) fn write(
    reasoning: &Reasoning<'_>,
    traits: &ModelTraits,
    dropped: &mut Dropped,
) -> Option<ThinkingConfig> {
    let asked = reasoning.effort.is_some() || reasoning.budget.is_some();
    let is_off = reasoning.budget.map_or(reasoning.effort == Some(Effort::None), |tokens| tokens == 0);
    let seen = reasoning.show.unwrap_or(asked || reasoning.summary.is_some());
    let mut config =
        ThinkingConfig { include_thoughts: seen && !is_off, thinking_budget: None, thinking_level: None };
    match traits.thinking {
        ThinkingStyle::Budget { least, zero } => config.thinking_budget = budget(reasoning, least, zero),
        ThinkingStyle::Effort | ThinkingStyle::Adaptive { .. } | ThinkingStyle::Level => {
            let known: Vec<Effort> =
                LEVELS.into_iter().filter(|level| traits.efforts.contains(level)).collect();
            if known.is_empty() {
                // It does not think. To be told not to is no loss.
                dropped.note_if(asked && !is_off, "reasoning_effort");
                return None;
            }
            let effort = reasoning.effort.or(reasoning.budget.map(Effort::of_budget));
            config.thinking_level = effort.and_then(|effort| effort.nearest(&known)).map(Effort::word);
        }
    }
    (asked || reasoning.show.is_some() || reasoning.summary.is_some()).then_some(config)
}

fn budget(reasoning: &Reasoning<'_>, least: u64, zero: bool) -> Option<u64> {
    let tokens = reasoning.budget.or_else(|| reasoning.effort.map(|effort| tokens(effort, least)))?;
    match (tokens, zero) {
        (0, true) => Some(0),
        (tokens, _) => Some(tokens.clamp(least, LARGEST_BUDGET)),
    }
}

fn tokens(effort: Effort, least: u64) -> u64 {
    match effort {
        Effort::None => 0,
        Effort::Minimal => least,
        Effort::Low => 1024,
        Effort::Medium => 2048,
        Effort::High => 4096,
        Effort::XHigh | Effort::Max => LARGEST_BUDGET,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_stays_within_what_the_models_take() {
        assert_eq!(budget(&counted(31_999), 128, false), Some(24_576));
        assert_eq!(budget(&counted(1), 128, false), Some(128));
        assert_eq!(budget(&counted(5_000), 128, false), Some(5_000));
        assert_eq!(budget(&counted(0), 128, true), Some(0));
    }

    fn counted(tokens: u64) -> Reasoning<'static> {
        Reasoning { budget: Some(tokens), ..Reasoning::default() }
    }
}
