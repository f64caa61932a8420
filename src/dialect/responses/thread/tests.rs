//! What is stored of an answer, and what is made of it.

use crate::dialect::responses::marks;
use crate::dialect::responses::page::Page;
use crate::dialect::responses::page::input_items;
use crate::dialect::responses::tests::json;
use crate::dialect::responses::thread;
use bytes::Bytes;

const FIRST: &str = r#"{"model":"m","instructions":"Be brief.","input":"hi \"you\"","temperature":1.50}"#;
const ANSWER: &str = r#"{"id":"resp_a","object":"response","status":"completed","output":[
    {"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gAAA"},
    {"type":"reasoning","id":"rs_2","summary":[],"encrypted_content":null},
    {"type":"message","id":"msg_1","status":"completed","role":"assistant","content":[{"type":"output_text","text":"yo","annotations":[]}]},
    {"type":"function_call","id":"fc_1","call_id":"call_1","name":"f","arguments":"{}","status":"completed"},
    {"type":"web_search_call","id":"ws_1","status":"completed"}]}"#;
const SECOND: &str = r#"{"previous_response_id":"resp_a","model":"m2","stream":true,
    "input":[{"type":"function_call_output","call_id":"call_1","output":"1"}]}"#;

const USER: &str =
    r#"{"type":"message","role":"user","content":[{"type":"input_text","text":"hi \"you\""}]}"#;

fn stored() -> Vec<u8> {
    let kept = thread::kept(FIRST.as_bytes(), ANSWER.as_bytes()).unwrap();
    assert_eq!(kept.id, "resp_a");
    kept.bytes
}

#[test]
fn the_next_request_holds_the_whole_conversation() {
    assert_eq!(thread::previous(SECOND.as_bytes()).as_deref(), Some("resp_a"));
    let escaped = SECOND.replace("previous_", "previous\\u005f");
    assert_eq!(thread::previous(escaped.as_bytes()).as_deref(), Some("resp_a"));
    for twice in [r#"{"previous_response_id":null,"#, r#"{"previous_response_id":"resp_b","#] {
        let twice = SECOND.replacen('{', twice, 1);
        assert_eq!(thread::previous(twice.as_bytes()).as_deref(), Some("resp_a"));
        let body = thread::resumed(twice.as_bytes(), &stored()).unwrap();
        assert_eq!(thread::previous(&body), None);
    }
    let body = thread::resumed(SECOND.as_bytes(), &stored()).unwrap();
    let expected = format!(
        r#"{{"model":"m2","stream":true,"input":[{USER},
            {{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gAAA"}},
            {{"type":"message","status":"completed","role":"assistant","content":[{{"type":"output_text","text":"yo","annotations":[]}}]}},
            {{"type":"function_call","call_id":"call_1","name":"f","arguments":"{{}}","status":"completed"}},
            {{"type":"web_search_call","id":"ws_1","status":"completed"}},
            {{"type":"function_call_output","call_id":"call_1","output":"1"}}]}}"#
    );
    assert_eq!(json(&body), json(&expected), "instructions are not carried over");
    assert_eq!(thread::previous(&body), None);
}

#[test]
fn a_third_request_holds_the_first_one_too() {
    let second = thread::resumed(SECOND.as_bytes(), &stored()).unwrap();
    let answer = r#"{"id":"resp_b","status":"incomplete","output":[]}"#;
    let kept = thread::kept(&second, answer.as_bytes()).unwrap();
    let third =
        thread::resumed(br#"{"model":"m","previous_response_id":"resp_b","input":"on"}"#, &kept.bytes)
            .unwrap();
    assert_eq!(json(&third)["input"].as_array().unwrap().len(), 7);
    let silent = thread::resumed(br#"{"model":"m","previous_response_id":"resp_b"}"#, &kept.bytes).unwrap();
    assert_eq!(json(&silent)["input"].as_array().unwrap().len(), 6);
}

#[test]
fn only_answers_that_ended_are_stored_and_only_where_the_client_lets_them() {
    for answer in [
        r#"{"id":"r","status":"failed"}"#,
        r#"{"id":"r","status":"in_progress"}"#,
        "{",
        "{}",
        "[]",
        r#"{"id":"","status":"completed"}"#,
    ] {
        assert_eq!(thread::kept(FIRST.as_bytes(), answer.as_bytes()), None, "{answer}");
    }
    assert!(thread::may_be_stored(FIRST.as_bytes()));
    assert!(thread::may_be_stored(br#"{"store":null}"#) && thread::may_be_stored(br#"{"store":true}"#));
    assert!(!thread::may_be_stored(br#"{"store" : false}"#));
}

#[test]
fn the_answer_of_a_stream_is_in_its_last_event() {
    let end = r#"{"type":"response.completed","sequence_number":9,"response":{"id":"resp_a","status":"completed","output":[]}}"#;
    let delta = r#"{"type":"response.output_text.delta","delta":"x"}"#;
    let events =
        Bytes::from(format!("event: x\ndata: {delta}\n\nevent: response.completed\ndata: {end}\n\n"));
    let answer = thread::answer_of(&events).unwrap();
    assert_eq!(json(&answer)["id"], "resp_a");
    assert_eq!(thread::answer_of(&Bytes::from(format!("data: {delta}\n\n"))), None);
    let failed = Bytes::from(format!("data: {}\n\n", end.replace("completed", "failed")));
    assert_eq!(thread::answer_of(&failed), None);
}

#[test]
fn what_was_stored_is_shown_again() {
    assert_eq!(thread::shown(&stored()).unwrap(), ANSWER.as_bytes());
    assert_eq!(
        json(thread::deleted("resp_a")),
        json(r#"{"id":"resp_a","object":"response","deleted":true}"#)
    );
    assert_eq!(thread::shown(b"nonsense"), None);
}

#[test]
fn input_items_have_ids_and_their_full_form() {
    let request = r#"{"model":"m","input":[{"role":"user","content":"hi"},{"role":"assistant","content":"yo"},
        {"type":"function_call_output","id":"fco_1","call_id":"c","output":"1"}]}"#;
    let kept = thread::kept(request.as_bytes(), ANSWER.as_bytes()).unwrap();
    let page = Page { ascending: true, ..Page::default() };
    let expected = r#"{"object":"list","data":[
        {"id":"msg_a_0","type":"message","status":"completed","role":"user","content":[{"type":"input_text","text":"hi"}]},
        {"id":"msg_a_1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"yo","annotations":[]}]},
        {"id":"fco_1","type":"function_call_output","call_id":"c","output":"1"}],
        "first_id":"msg_a_0","last_id":"fco_1","has_more":false}"#;
    assert_eq!(json(input_items(&kept.bytes, &page).unwrap()), json(expected));
    let next = Page::read("order=desc&limit=1&after=fco_1&include=x");
    assert_eq!(next, Page { ascending: false, limit: 1, after: Some("fco_1".to_owned()) });
    let second = json(input_items(&kept.bytes, &next).unwrap());
    assert_eq!((&second["first_id"], &second["has_more"]), (&"msg_a_1".into(), &true.into()));
    assert_eq!(Page::read("limit=0").limit, 1);
    assert_eq!(Page::read("limit=x&order"), Page::default());
}

#[test]
fn marks_are_lifted_before_a_provider_sees_them() {
    let body = r#"{"model":"m","input":[
        {"type":"reasoning","id":"rs_n0","summary":[],"encrypted_content":"tollgate.sealed:tollgate-responses:openai-reasoning:4:rs_1gAAA"},
        {"type":"reasoning","id":"rs_n1","summary":[],"encrypted_content":"tollgate.sealed:tollgate-anthropic:EqQB"},
        {"type":"reasoning","id":"rs_n2","summary":[],"encrypted_content":"tollgate.redacted:tollgate-anthropic:xyz"},
        {"type":"reasoning","id":"rs_9","summary":[],"encrypted_content":"gBBB"},
        {"role":"user","content":"what is tollgate.sealed?"}],"top_p":1}"#;
    let expected = r#"{"model":"m","top_p":1,"input":[
        {"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gAAA"},
        {"type":"reasoning","id":"rs_9","summary":[],"encrypted_content":"gBBB"},
        {"role":"user","content":"what is tollgate.sealed?"}]}"#;
    assert_eq!(json(marks::lifted(body.as_bytes()).unwrap()), json(expected));
    assert_eq!(marks::lifted(FIRST.as_bytes()), None);
}
