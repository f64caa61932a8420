//! How a model is told to think (vendors.md §4.3, §4.4).

use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Dropped;
use crate::dialect::hub::Effort;
use crate::dialect::hub::ModelTraits;
use crate::dialect::hub::Reasoning;
use crate::dialect::hub::ThinkingStyle;
use serde::Serialize;

/// The `thinking` field.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Thinking {
    Enabled {
        budget_tokens: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        display: Option<&'static str>,
    },
    Adaptive {
        #[serde(skip_serializing_if = "Option::is_none")]
        display: Option<&'static str>,
    },
    Disabled,
}

/// What is said of thinking.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) thinking: Option<Thinking>,
    /// `output_config.effort`.
    pub(super) effort: Option<&'static str>,
}

impl Plan {
    pub(super) fn thinks(&self) -> bool {
        matches!(self.thinking, Some(Thinking::Enabled { .. } | Thinking::Adaptive { .. }))
    }
}

/// `lost`: an earlier turn called tools and its thoughts are gone; models that think by a budget refuse to think on
/// from there. Those that decide themselves may have called without a thought.
pub(super) fn plan(
    request: &ChatRequest<'_>,
    traits: &ModelTraits,
    max_tokens: u64,
    lost: bool,
    dropped: &mut Dropped,
) -> Plan {
    let Some(reasoning) = &request.reasoning else { return Plan::default() };
    match traits.thinking {
        ThinkingStyle::Budget { least, .. } => {
            let tokens = budget(reasoning, traits).filter(|tokens| *tokens > 0);
            let fitting = tokens.filter(|_| !lost).and_then(|tokens| fit(tokens, least, max_tokens));
            dropped.note_if(tokens.is_some() && fitting.is_none(), "reasoning_effort");
            let display = shown(reasoning).filter(|display| *display != SUMMARIZED);
            let enabled = |budget_tokens| Thinking::Enabled { budget_tokens, display };
            Plan { thinking: fitting.map(enabled), effort: None }
        }
        ThinkingStyle::Adaptive { always } => adapt(reasoning, traits, always, dropped),
        ThinkingStyle::Effort | ThinkingStyle::Level => by_effort(reasoning, traits, dropped),
    }
}

/// What models that think by a budget show by themselves.
const SUMMARIZED: &str = "summarized";

fn budget(reasoning: &Reasoning<'_>, traits: &ModelTraits) -> Option<u64> {
    reasoning.budget.or_else(|| {
        Some(match reasoning.effort.or(traits.default_effort)? {
            Effort::None => 0,
            Effort::Minimal | Effort::Low => 1024,
            Effort::Medium => 2048,
            Effort::High => 4096,
            Effort::XHigh => 8192,
            Effort::Max => 16_384,
        })
    })
}

/// A budget that leaves some of the answer's tokens for words; `None` where there is no room for thinking.
fn fit(tokens: u64, least: u64, max_tokens: u64) -> Option<u64> {
    let wanted = tokens.max(least);
    let fitting = if wanted < max_tokens { wanted } else { least.max(max_tokens / 2) };
    (fitting < max_tokens).then_some(fitting)
}

fn adapt(reasoning: &Reasoning<'_>, traits: &ModelTraits, always: bool, dropped: &mut Dropped) -> Plan {
    let told = told(reasoning);
    match told.or(traits.default_effort) {
        None => Plan::default(),
        Some(Effort::None) if !always => Plan { thinking: Some(Thinking::Disabled), effort: None },
        Some(Effort::None) => {
            dropped.note("reasoning_effort");
            Plan { thinking: None, effort: nearest(Effort::None, traits) }
        }
        Some(_) => Plan {
            thinking: Some(Thinking::Adaptive { display: shown(reasoning) }),
            effort: told.and_then(|effort| nearest(effort, traits)),
        },
    }
}

fn by_effort(reasoning: &Reasoning<'_>, traits: &ModelTraits, dropped: &mut Dropped) -> Plan {
    match told(reasoning) {
        None => Plan::default(),
        Some(Effort::None) => Plan { thinking: Some(Thinking::Disabled), effort: None },
        Some(effort) => {
            let effort = nearest(effort, traits);
            dropped.note_if(effort.is_none(), "reasoning_effort");
            Plan { thinking: None, effort }
        }
    }
}

fn told(reasoning: &Reasoning<'_>) -> Option<Effort> {
    reasoning.effort.or(reasoning.budget.map(Effort::of_budget))
}

/// The vendor's word for the nearest effort; it has none below `low`.
fn nearest(effort: Effort, traits: &ModelTraits) -> Option<&'static str> {
    let known: Vec<Effort> = traits.efforts.iter().copied().filter(|known| *known >= Effort::Low).collect();
    effort.nearest(&known).map(Effort::word)
}

fn shown(reasoning: &Reasoning<'_>) -> Option<&'static str> {
    let show = reasoning.show.or(reasoning.summary.is_some().then_some(true));
    show.map(|show| if show { SUMMARIZED } else { "omitted" })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: ModelTraits = ModelTraits {
        thinking: ThinkingStyle::Budget { least: 1024, zero: true },
        efforts: &[],
        ..ModelTraits::UNKNOWN
    };
    const ADAPTIVE: ModelTraits = ModelTraits {
        thinking: ThinkingStyle::Adaptive { always: false },
        efforts: &[Effort::Low, Effort::Medium, Effort::High, Effort::Max],
        ..ModelTraits::UNKNOWN
    };
    const ALWAYS: ModelTraits =
        ModelTraits { thinking: ThinkingStyle::Adaptive { always: true }, ..ADAPTIVE };

    fn planned(reasoning: Reasoning<'_>, traits: &ModelTraits, max_tokens: u64, lost: bool) -> (Plan, bool) {
        let mut dropped = Dropped::default();
        let request = ChatRequest { reasoning: Some(reasoning), ..ChatRequest::default() };
        let plan = plan(&request, traits, max_tokens, lost, &mut dropped);
        (plan, dropped.names() == ["reasoning_effort"])
    }

    fn effort(effort: Effort) -> Reasoning<'static> {
        Reasoning { effort: Some(effort), ..Reasoning::default() }
    }

    fn enabled(budget_tokens: u64) -> Plan {
        Plan { thinking: Some(Thinking::Enabled { budget_tokens, display: None }), effort: None }
    }

    fn adaptive(effort: &'static str) -> Plan {
        Plan { thinking: Some(Thinking::Adaptive { display: None }), effort: Some(effort) }
    }

    const OFF: Plan = Plan { thinking: Some(Thinking::Disabled), effort: None };

    #[test]
    fn efforts_become_budgets_that_leave_room_for_the_answer() {
        assert_eq!(planned(effort(Effort::Minimal), &BUDGET, 64_000, false), (enabled(1024), false));
        assert_eq!(planned(effort(Effort::Max), &BUDGET, 64_000, false), (enabled(16_384), false));
        assert_eq!(planned(effort(Effort::High), &BUDGET, 4096, false), (enabled(2048), false));
        assert_eq!(planned(effort(Effort::High), &BUDGET, 1500, false), (enabled(1024), false));
        assert_eq!(planned(effort(Effort::High), &BUDGET, 1024, false), (Plan::default(), true));
        assert_eq!(planned(effort(Effort::None), &BUDGET, 64_000, false), (Plan::default(), false));
        let counted = Reasoning { budget: Some(10), ..Reasoning::default() };
        assert_eq!(planned(counted, &BUDGET, 64_000, false), (enabled(1024), false));
    }

    #[test]
    fn the_nearest_effort_that_the_model_knows_is_named() {
        assert_eq!(planned(effort(Effort::Minimal), &ADAPTIVE, 9, false), (adaptive("low"), false));
        assert_eq!(planned(effort(Effort::XHigh), &ADAPTIVE, 9, false), (adaptive("high"), false));
        let counted = Reasoning { budget: Some(3000), ..Reasoning::default() };
        assert_eq!(planned(counted, &ADAPTIVE, 9, false), (adaptive("medium"), false));
    }

    #[test]
    fn thinking_is_turned_off_where_it_can_be() {
        assert_eq!(planned(effort(Effort::None), &ADAPTIVE, 9, false), (OFF, false));
        let lowest = Plan { thinking: None, effort: Some("low") };
        assert_eq!(planned(effort(Effort::None), &ALWAYS, 9, false), (lowest, true));
    }

    #[test]
    fn lost_thoughts_turn_thinking_off_where_it_goes_by_a_budget() {
        assert_eq!(planned(effort(Effort::High), &BUDGET, 64_000, true), (Plan::default(), true));
        assert_eq!(planned(effort(Effort::High), &ADAPTIVE, 9, true), (adaptive("high"), false));
        assert_eq!(planned(effort(Effort::High), &ALWAYS, 9, true), (adaptive("high"), false));
    }

    #[test]
    fn who_wants_to_read_thoughts_is_shown_them() {
        let show = |show| Reasoning { effort: Some(Effort::Low), show: Some(show), ..Reasoning::default() };
        let display = |plan: Plan| match plan.thinking {
            Some(Thinking::Adaptive { display } | Thinking::Enabled { display, .. }) => display,
            Some(Thinking::Disabled) | None => None,
        };
        assert_eq!(display(planned(show(true), &ADAPTIVE, 9, false).0), Some("summarized"));
        assert_eq!(display(planned(show(false), &ADAPTIVE, 9, false).0), Some("omitted"));
        assert_eq!(display(planned(show(true), &BUDGET, 9000, false).0), None);
        assert_eq!(display(planned(show(false), &BUDGET, 9000, false).0), Some("omitted"));
    }
}
