//! Sound: transcripts that tell which bytes were heard, and speech whose bytes tell what was said.

use crate::mock::behaviour::Behaviour;
use crate::mock::chance;
use crate::mock::openai::media::Said;
use crate::mock::openai::media::ask::Asked;
use crate::mock::refusal::Refusal;
use crate::mock::reply;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;
use serde_json::json;

/// Bytes of one piece of speech.
const PIECE: usize = 480;
/// Bytes of one second of sound: a poor telephone.
const SECOND: usize = 8000;

pub fn transcribe(asked: &Asked, behaviour: &Behaviour) -> Result<Said, Refusal> {
    hear(asked, behaviour, "transcribe")
}

pub fn translate(asked: &Asked, behaviour: &Behaviour) -> Result<Said, Refusal> {
    hear(asked, behaviour, "translate")
}

fn hear(asked: &Asked, behaviour: &Behaviour, task: &str) -> Result<Said, Refusal> {
    let url = asked.text("url").map(|url| Bytes::copy_from_slice(url.as_bytes()));
    let file = asked.files("file").next().cloned().or(url).ok_or_else(|| Refusal::missing("file"))?;
    let (length, mark) = (file.len(), chance::mark(&file));
    let text = format!("{} heard {length} bytes, mark {mark:016x}, for {}.", behaviour.name, asked.model);
    let seconds = length.div_ceil(SECOND);
    if asked.flag("stream") {
        return Ok(told(&text, seconds));
    }
    let plain = |kind: &'static str, text: String| Said::Whole { kind, body: text.into() };
    Ok(match asked.text("response_format") {
        Some("text") => plain("text/plain; charset=utf-8", format!("{text}\n")),
        Some("srt") => {
            plain("text/plain; charset=utf-8", format!("1\n00:00:00,000 --> 00:00:01,000\n{text}\n"))
        }
        Some("vtt") => plain("text/vtt", format!("WEBVTT\n\n00:00.000 --> 00:01.000\n{text}\n")),
        Some("verbose_json") => {
            Said::json(&json!({ "task": task, "language": "english", "duration": seconds,
            "text": text, "segments": [], "usage": { "type": "duration", "seconds": seconds } }))
        }
        _ => Said::json(&json!({ "text": text, "usage": usage(&text, seconds) })),
    })
}

fn told(text: &str, seconds: usize) -> Said {
    let words = text.split_inclusive(' ');
    let delta = |word: &str| json!({ "type": "transcript.text.delta", "delta": word });
    let done = json!({ "type": "transcript.text.done", "text": text, "usage": usage(text, seconds) });
    Said::events(&words.map(delta).chain([done]).collect::<Vec<Value>>())
}

/// Ten tokens to a second.
fn usage(text: &str, seconds: usize) -> Value {
    let (heard, told) = (seconds * 10, reply::tokens(text));
    json!({ "type": "tokens", "input_tokens": heard, "output_tokens": told, "total_tokens": heard + told,
        "input_token_details": { "text_tokens": 0, "audio_tokens": heard } })
}

pub fn speak(asked: &Asked, behaviour: &Behaviour) -> Result<Said, Refusal> {
    let input = asked.needed("input")?;
    asked.value("voice")?;
    let mark = chance::mark(format!("{} {} {input}", behaviour.name, asked.model));
    let piece = |at: usize| -> Bytes {
        let noise = (0..).map(|draw| chance::stir(mark.wrapping_add((at * PIECE) as u64 + draw)) as u8);
        noise.take(PIECE).collect()
    };
    let pieces: Vec<Bytes> = (0..behaviour.reply_tokens).map(piece).collect();
    if asked.text("stream_format") == Some("sse") {
        let (asked, told) = (reply::tokens(input), pieces.len());
        let usage = json!({ "input_tokens": asked, "output_tokens": told, "total_tokens": asked + told });
        let delta = |piece: &Bytes| json!({ "type": "speech.audio.delta", "audio": STANDARD.encode(piece) });
        let done = json!({ "type": "speech.audio.done", "usage": usage });
        return Ok(Said::events(&pieces.iter().map(delta).chain([done]).collect::<Vec<Value>>()));
    }
    let kind = match asked.text("response_format") {
        None | Some("mp3") => "audio/mpeg",
        Some("opus") => "audio/opus",
        Some("aac") => "audio/aac",
        Some("flac") => "audio/flac",
        Some("wav") => "audio/wav",
        Some("pcm") => "audio/pcm",
        Some(_) => return Err(Refusal::unsupported("response_format", "no such format of sound")),
    };
    Ok(Said::Pieces { kind, pieces })
}
