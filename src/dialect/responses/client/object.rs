//! The object that is an answer, finished or not (vendors.md §11.2).

use crate::dialect::hub::Finish;
use crate::dialect::responses::client::echo;
use crate::dialect::responses::json::Object;
use crate::dialect::side::Opening;
use crate::dialect::usage::Usage;

/// What stands in every form of one answer.
pub struct Head {
    id: String,
    nonce: String,
    created: u64,
    model: String,
    echo: Vec<u8>,
}

/// How far an answer has come.
#[derive(Clone, Copy, Debug)]
pub enum Status<'s> {
    InProgress,
    Completed,
    /// It ends where it should not, and why.
    Incomplete(&'static str),
    Failed {
        code: &'s str,
        message: &'s str,
    },
}

/// What is known only at the end.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome<'o> {
    /// The items, separated by commas.
    pub output: &'o [u8],
    pub usage: Option<Usage>,
    pub service_tier: Option<&'o str>,
}

impl Head {
    pub fn new(opening: &Opening) -> Head {
        Head {
            id: format!("resp_{}", opening.nonce),
            nonce: opening.nonce.clone(),
            created: opening.created,
            model: opening.model.clone(),
            echo: echo::entries(&opening.request),
        }
    }

    /// Takes over what the provider says of itself; an id only where it is of this dialect.
    pub fn learn(&mut self, id: &str, model: &str) {
        if id.starts_with("resp_") {
            self.id = id.to_owned();
        }
        if !model.is_empty() {
            self.model = model.to_owned();
        }
    }

    /// The id of item number `index`; each type of item has a prefix of its own.
    pub fn item_id(&self, prefix: &str, index: u32) -> String {
        format!("{prefix}_{}{index}", self.nonce)
    }

    /// The whole object.
    pub fn write(&self, status: Status<'_>, outcome: Outcome<'_>, out: &mut Vec<u8>) {
        let completed_at = matches!(status, Status::Completed).then_some(self.created);
        let mut object = Object::open(out);
        object.put("id", &self.id).put("object", "response").put("created_at", &self.created);
        object.put("status", status.word()).put("completed_at", &completed_at);
        status.write_error(object.nest("error"));
        status.write_details(object.nest("incomplete_details"));
        object.put("model", &self.model);
        let output = object.nest("output");
        output.push(b'[');
        output.extend_from_slice(outcome.output);
        output.push(b']');
        object.splice(&self.echo);
        object.put("service_tier", outcome.service_tier.unwrap_or("default"));
        match outcome.usage {
            Some(usage) => write_usage(usage, object.nest("usage")),
            None => {
                object.put_raw("usage", b"null");
            }
        }
        object.close();
    }
}

impl Status<'_> {
    pub fn of(finish: Option<Finish>) -> Status<'static> {
        match finish {
            Some(Finish::Length) => Status::Incomplete("max_output_tokens"),
            Some(Finish::ContentFilter) => Status::Incomplete("content_filter"),
            Some(Finish::Stop | Finish::ToolCalls) | None => Status::Completed,
        }
    }

    /// The name of the event that ends a stream so.
    pub fn event(self) -> &'static str {
        match self {
            Status::InProgress => "response.in_progress",
            Status::Completed => "response.completed",
            Status::Incomplete(_) => "response.incomplete",
            Status::Failed { .. } => "response.failed",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Status::InProgress => "in_progress",
            Status::Completed => "completed",
            Status::Incomplete(_) => "incomplete",
            Status::Failed { .. } => "failed",
        }
    }

    fn write_error(self, out: &mut Vec<u8>) {
        match self {
            Status::Failed { code, message } => {
                let mut error = Object::open(out);
                error.put("code", code).put("message", message);
                error.close();
            }
            Status::InProgress | Status::Completed | Status::Incomplete(_) => out.extend_from_slice(b"null"),
        }
    }

    fn write_details(self, out: &mut Vec<u8>) {
        match self {
            Status::Incomplete(reason) => {
                let mut details = Object::open(out);
                details.put("reason", reason);
                details.close();
            }
            Status::InProgress | Status::Completed | Status::Failed { .. } => out.extend_from_slice(b"null"),
        }
    }
}

fn write_usage(usage: Usage, out: &mut Vec<u8>) {
    let mut object = Object::open(out);
    object.put("input_tokens", &usage.input);
    let mut input = Object::open(object.nest("input_tokens_details"));
    input.put("cached_tokens", &usage.cached).put("cache_write_tokens", &usage.cache_write);
    input.close();
    object.put("output_tokens", &usage.output);
    let mut output = Object::open(object.nest("output_tokens_details"));
    output.put("reasoning_tokens", &usage.reasoning);
    output.close();
    object.put("total_tokens", &usage.total());
    object.close();
}
