//! How answers are written: whole objects, and the events of a stream (vendors.md §11.2 and §11.3).

use crate::mock::refusal::Refusal;
use crate::mock::reply::Reply;
use crate::mock::reply::Said;
use crate::mock::responses::check::SEAL;
use crate::mock::voice::Head;
use crate::mock::voice::Transcript;
use bytes::Bytes;
use serde_json::Value;
use serde_json::json;

/// A whole answer.
pub(super) fn whole(head: &Head, reply: &Reply) -> Value {
    let cut = reply.finish == "length";
    let mut answer = begun(head);
    answer["status"] = if cut { "incomplete" } else { "completed" }.into();
    if cut {
        answer["incomplete_details"] = json!({ "reason": "max_output_tokens" });
    } else {
        answer["completed_at"] = head.created.into();
    }
    answer["output"] = items(head, reply).into();
    answer["usage"] = json!({
        "input_tokens": reply.usage.prompt_tokens,
        "input_tokens_details": { "cached_tokens": 0, "cache_write_tokens": 0 },
        "output_tokens": reply.usage.completion_tokens,
        "output_tokens_details": { "reasoning_tokens": reply.usage.thinking_tokens },
        "total_tokens": reply.usage.total_tokens });
    answer
}

/// The same answer as a stream.
pub(super) fn transcript(head: &Head, reply: &Reply) -> Transcript {
    let mut script = Script::default();
    let lead = [
        script.event("response.created", json!({ "response": begun(head) })),
        script.event("response.in_progress", json!({ "response": begun(head) })),
    ];
    let items = items(head, reply);
    let mut paced = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let pieces = match (item["type"].as_str(), &reply.said) {
            (Some("reasoning"), _) => reply.thought.clone(),
            (Some("message"), Said::Words(pieces)) => pieces.clone(),
            (_, Said::Call(call)) => halves(&call.arguments),
            (_, Said::Words(_)) => Vec::new(),
        };
        script.item(index, item, &pieces, &mut paced);
    }
    let whole = whole(head, reply);
    let kind = format!("response.{}", whole["status"].as_str().unwrap_or_default());
    let end = script.event(&kind, json!({ "response": whole }));
    let (lead_count, paced_count) = (lead.len(), paced.len());
    let events = lead.into_iter().chain(paced).chain([end]).map(Bytes::from).collect();
    Transcript { events, lead: lead_count, paced: paced_count }
}

/// The answer that failed.
pub(super) fn failure(refusal: &Refusal) -> Bytes {
    let code = refusal.code.unwrap_or("server_error");
    let response = json!({ "id": "resp_failed", "object": "response", "status": "failed", "output": [],
        "error": { "code": code, "message": refusal.message } });
    Script::default().event("response.failed", json!({ "response": response })).into()
}

fn begun(head: &Head) -> Value {
    json!({ "id": head.id, "object": "response", "created_at": head.created, "status": "in_progress",
        "completed_at": null, "error": null, "incomplete_details": null, "instructions": null, "model": head.model,
        "output": [], "parallel_tool_calls": true, "tool_choice": "auto", "tools": [], "temperature": 1, "top_p": 1,
        "max_output_tokens": null, "previous_response_id": null, "reasoning": { "effort": null, "summary": null },
        "text": { "format": { "type": "text" } }, "truncation": "disabled", "store": false, "metadata": {},
        "user": null, "service_tier": "default", "usage": null })
}

fn items(head: &Head, reply: &Reply) -> Vec<Value> {
    let rest = head.id.trim_start_matches("resp_");
    let mut items = Vec::new();
    if !reply.thought.is_empty() {
        let id = format!("rs_{rest}");
        let summary = json!([{ "type": "summary_text", "text": reply.thought.concat() }]);
        let seal = format!("{SEAL}{id}");
        items.push(json!({ "type": "reasoning", "id": id, "summary": summary, "encrypted_content": seal }));
    }
    let status = if reply.finish == "length" { "incomplete" } else { "completed" };
    items.push(match &reply.said {
        Said::Words(pieces) => json!({ "type": "message", "id": format!("msg_{rest}"), "status": status,
            "role": "assistant",
            "content": [{ "type": "output_text", "text": pieces.concat(), "annotations": [], "logprobs": [] }] }),
        Said::Call(call) => json!({ "type": "function_call", "id": format!("fc_{rest}"),
            "call_id": format!("call_{rest}"), "name": call.name, "arguments": call.arguments, "status": status }),
    });
    items
}

/// Writes events and numbers them.
#[derive(Default)]
struct Script {
    sequence: u64,
}

impl Script {
    fn event(&mut self, kind: &str, mut data: Value) -> String {
        data["type"] = kind.into();
        data["sequence_number"] = self.sequence.into();
        self.sequence += 1;
        format!("event: {kind}\ndata: {data}\n\n")
    }

    /// The events of one item: as many as it has pieces, what opens and closes it with the first and the last.
    fn item(&mut self, index: usize, item: &Value, pieces: &[String], events: &mut Vec<String>) {
        let (delta, done, field) = match item["type"].as_str() {
            Some("reasoning") => ("response.reasoning_summary_text", "summary_index", "text"),
            Some("message") => ("response.output_text", "content_index", "text"),
            _ => ("response.function_call_arguments", "output_index", "arguments"),
        };
        let place = |mut data: Value| {
            data["item_id"] = item["id"].clone();
            data[done] = 0.into();
            data["output_index"] = index.into();
            data
        };
        let mut opening =
            self.event("response.output_item.added", json!({ "output_index": index, "item": opened(item) }));
        if let Some((name, part)) = part(item, "") {
            opening += &self.event(&format!("response.{name}.added"), place(json!({ "part": part })));
        }
        let from = events.len();
        for piece in pieces {
            let event = self.event(&format!("{delta}.delta"), place(json!({ "delta": piece })));
            events.push(std::mem::take(&mut opening) + &event);
        }
        if events.len() == from {
            events.push(opening);
        }
        let text = pieces.concat();
        let mut closing = self.event(&format!("{delta}.done"), place(json!({ field: text })));
        if let Some((name, part)) = part(item, &text) {
            closing += &self.event(&format!("response.{name}.done"), place(json!({ "part": part })));
        }
        closing += &self.event("response.output_item.done", json!({ "output_index": index, "item": item }));
        if let Some(last) = events.last_mut() {
            last.push_str(&closing);
        }
    }
}

/// The item as it begins.
fn opened(item: &Value) -> Value {
    let mut opened = item.clone();
    for (field, empty) in [("content", json!([])), ("summary", json!([])), ("arguments", json!(""))] {
        if !opened[field].is_null() {
            opened[field] = empty;
        }
    }
    if !opened["status"].is_null() {
        opened["status"] = "in_progress".into();
    }
    if !opened["encrypted_content"].is_null() {
        opened["encrypted_content"] = Value::Null;
    }
    opened
}

fn part(item: &Value, text: &str) -> Option<(&'static str, Value)> {
    match item["type"].as_str() {
        Some("reasoning") => {
            Some(("reasoning_summary_part", json!({ "type": "summary_text", "text": text })))
        }
        Some("message") => {
            Some(("content_part", json!({ "type": "output_text", "text": text, "annotations": [] })))
        }
        _ => None,
    }
}

fn halves(text: &str) -> Vec<String> {
    let (first, rest) = text.split_at_checked(1).unwrap_or((text, ""));
    [first, rest].into_iter().filter(|piece| !piece.is_empty()).map(str::to_owned).collect()
}
