//! What the simulated provider says is read by the side that asks it.

use crate::dialect::frame::Framer;
use crate::dialect::hub::assemble::Assembly;
use crate::dialect::responses::PROVIDER;
use crate::dialect::side::ProviderSide;
use crate::mock::ask::Ask;
use crate::mock::behaviour::Behaviour;
use crate::mock::refusal::Refusal;
use crate::mock::reply::Reply;
use crate::mock::responses::VOICE;
use crate::mock::responses::ask;
use crate::mock::voice::Head;
use crate::mock::voice::Voice;
use serde_json::Value;
use serde_json::json;

fn read(body: Value) -> Result<Ask, Refusal> {
    ask::read(body.to_string().as_bytes())
}

fn with(items: Value) -> Result<Ask, Refusal> {
    read(json!({ "model": "m", "input": items }))
}

#[test]
fn items_are_read_as_one_question() {
    let ask = read(json!({ "model": "m", "instructions": "be brief", "max_output_tokens": 20, "stream": true,
        "reasoning": { "effort": "low" },
        "tools": [{ "type": "web_search" }, { "type": "function", "name": "f", "parameters": {} }],
        "input": [{ "role": "user", "content": [{ "type": "input_text", "text": "hi" }, { "type": "input_image", "image_url": "u" }] }] }))
    .unwrap();
    assert_eq!((ask.prompt.as_str(), ask.images, ask.max_tokens), ("be brief\nhi", 1, Some(20)));
    assert!(ask.stream && ask.thinks);
    assert_eq!(ask.call().map(|call| call.name).as_deref(), Some("f"));
}

#[test]
fn what_the_vendor_refuses_is_refused() {
    let user = json!({ "role": "user", "content": "x" });
    let call = json!({ "type": "function_call", "call_id": "c", "name": "f", "arguments": "{}" });
    let output = json!({ "type": "function_call_output", "call_id": "c", "output": "1" });
    let thought =
        |seal: Value| json!({ "type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": seal });
    assert!(with(json!([user, thought("sim:rs_1".into()), call, output])).is_ok());
    for items in [
        json!([user, call]),
        json!([user, output]),
        json!([user, thought(Value::Null), call, output]),
        json!([user, thought("sim:rs_2".into()), call, output]),
        json!([thought("sim:rs_1".into()), user]),
        json!([{ "role": "user", "content": [{ "type": "output_text", "text": "x" }] }]),
        json!([{ "role": "assistant", "content": [{ "type": "input_text", "text": "x" }] }]),
        json!([{ "role": "tool", "content": "x" }]),
    ] {
        assert!(with(items.clone()).is_err(), "{items}");
    }
    for (body, code) in [
        (json!({ "model": "m" }), "missing_required_parameter"),
        (json!({ "model": "m", "input": "x", "messages": [] }), "unknown_parameter"),
        (json!({ "model": "m", "input": "x", "max_output_tokens": 3 }), "integer_below_min_value"),
        (json!({ "model": "m", "input": "x", "previous_response_id": "r" }), "previous_response_not_found"),
        (
            json!({ "model": "gpt-4.1", "input": "x", "reasoning": { "effort": "low" } }),
            "unsupported_parameter",
        ),
        (
            json!({ "model": "m", "input": "x", "tools": [{ "type": "function", "function": { "name": "f" } }] }),
            "missing_required_parameter",
        ),
    ] {
        assert_eq!(read(body.clone()).unwrap_err().code, Some(code), "{body}");
    }
}

#[test]
fn a_stream_says_what_the_whole_says() {
    let head = Head { id: "resp_1".to_owned(), created: 7, model: "m".to_owned() };
    let tools = vec!["f".to_owned()];
    let questions = [
        Ask { prompt: "hi".to_owned(), thinks: true, ..Ask::default() },
        Ask {
            prompt: "call f with {\"a\":1}".to_owned(),
            tools,
            may_call: true,
            thinks: true,
            ..Ask::default()
        },
        Ask { prompt: "hi".to_owned(), max_tokens: Some(2), ..Ask::default() },
    ];
    for ask in questions {
        let reply = Reply::to(&ask, &Behaviour::default());
        let whole = VOICE.whole(&head, &reply);
        let whole = PROVIDER.read(&whole).unwrap();
        let (mut framer, mut frames) = (Framer::new(PROVIDER.framing(), 1 << 20), Vec::new());
        let transcript = VOICE.transcript(&head, &reply, &ask);
        transcript.events.into_iter().for_each(|event| framer.push(event, &mut frames).unwrap());
        let (mut reader, mut assembly) = (PROVIDER.reader(), Assembly::default());
        for raw in &frames {
            reader.read(&framer.read(raw).unwrap(), &mut |chunk| assembly.add(&chunk)).unwrap();
        }
        let mut streamed = assembly.finish().unwrap();
        streamed.service_tier = Some("default".into());
        assert_eq!(format!("{streamed:?}"), format!("{whole:?}"));
    }
}
