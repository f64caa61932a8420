//! Reads predictions: answers, and promises of answers.

use crate::dialect::hub::ChatResponse;
use crate::dialect::hub::Choice;
use crate::dialect::hub::Finish;
use crate::dialect::hub::Part;
use crate::dialect::side::Follow;
use crate::dialect::side::NoAnswer;
use crate::dialect::usage::Usage;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::time::Duration;

/// Replicate's own clients ask as often.
const POLL_AFTER: Duration = Duration::from_millis(500);

#[derive(Deserialize)]
struct Prediction<'a> {
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    model: Option<Cow<'a, str>>,
    #[serde(borrow)]
    status: Option<Cow<'a, str>>,
    #[serde(borrow)]
    output: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    /// What errors have instead.
    #[serde(borrow)]
    detail: Option<&'a RawValue>,
    metrics: Option<Metrics>,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
    #[serde(borrow)]
    urls: Option<Urls<'a>>,
}

#[derive(Clone, Copy, Deserialize)]
struct Metrics {
    input_token_count: Option<u64>,
    output_token_count: Option<u64>,
}

/// The limit that was asked for, which comes back with the answer.
#[derive(Deserialize)]
struct Limit {
    max_tokens: Option<u64>,
    max_new_tokens: Option<u64>,
    max_completion_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct Urls<'a> {
    #[serde(borrow)]
    get: Option<Cow<'a, str>>,
    #[serde(borrow)]
    cancel: Option<Cow<'a, str>>,
    #[serde(borrow)]
    stream: Option<Cow<'a, str>>,
}

/// Where the answer is.
pub fn follow(body: &[u8], stream: bool) -> Follow {
    let Ok(prediction) = serde_json::from_slice::<Prediction<'_>>(body) else { return Follow::Answer };
    if !matches!(prediction.status.as_deref(), Some("starting" | "processing")) {
        return Follow::Answer;
    }
    let Some(urls) = prediction.urls else { return Follow::Answer };
    let cancel = urls.cancel.map(Cow::into_owned);
    match (urls.stream.filter(|_| stream), urls.get) {
        (Some(url), _) => Follow::Stream { url: url.into_owned(), cancel },
        (None, Some(url)) => Follow::Poll { url: url.into_owned(), after: POLL_AFTER, cancel },
        (None, None) => Follow::Answer,
    }
}

/// # Errors
/// [`NoAnswer`]: an error where it failed or was cancelled, else something that nobody knows.
pub fn read(body: &[u8]) -> Result<ChatResponse<'_>, NoAnswer> {
    let told: Prediction<'_> = serde_json::from_slice(body).map_err(|_| NoAnswer::Malformed)?;
    match told.status.as_deref() {
        Some("succeeded") if told.error.is_none() => {}
        Some("starting" | "processing") => return Err(NoAnswer::Malformed),
        Some("succeeded" | "failed" | "canceled" | "aborted") => return Err(NoAnswer::Error),
        _ if told.error.is_some() || told.detail.is_some() => return Err(NoAnswer::Error),
        _ => return Err(NoAnswer::Malformed),
    }
    let text = output(told.output.ok_or(NoAnswer::Malformed)?.get())?;
    let finish = if is_cut(&told) { Finish::Length } else { Finish::Stop };
    let choice = Choice { parts: vec![Part::text(text)], finish: Some(finish), ..Choice::default() };
    Ok(ChatResponse {
        id: told.id.unwrap_or_default(),
        model: told.model.unwrap_or_default(),
        choices: vec![choice],
        usage: told.metrics.and_then(usage),
        ..ChatResponse::default()
    })
}

/// Models speak in a list of pieces or in one.
fn output(raw: &str) -> Result<Cow<'_, str>, NoAnswer> {
    #[derive(Deserialize)]
    struct Piece<'a>(#[serde(borrow)] Cow<'a, str>);
    let parsed = match raw.as_bytes().first() {
        Some(b'[') => serde_json::from_str::<Vec<Piece<'_>>>(raw)
            .map(|pieces| Cow::Owned(pieces.iter().map(|piece| piece.0.as_ref()).collect())),
        Some(b'"') => serde_json::from_str::<Piece<'_>>(raw).map(|piece| piece.0),
        _ => return Err(NoAnswer::Malformed),
    };
    parsed.map_err(|_| NoAnswer::Malformed)
}

/// Whether the answer is as long as it was allowed to be: the prediction does not say why it ended.
fn is_cut(told: &Prediction<'_>) -> bool {
    let limit = told.input.and_then(|input| serde_json::from_str::<Limit>(input.get()).ok());
    let limit = limit.and_then(|l| l.max_tokens.or(l.max_new_tokens).or(l.max_completion_tokens));
    let said = told.metrics.and_then(|metrics| metrics.output_token_count);
    limit.zip(said).is_some_and(|(limit, said)| said >= limit)
}

fn usage(metrics: Metrics) -> Option<Usage> {
    let (input, output) = (metrics.input_token_count, metrics.output_token_count);
    let counted = input.is_some() || output.is_some();
    counted.then(|| Usage { input: input.unwrap_or(0), output: output.unwrap_or(0), ..Usage::default() })
}
