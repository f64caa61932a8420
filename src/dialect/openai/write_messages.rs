//! The messages of the hub as a provider of this dialect takes them (vendors.md §1.2 and §10.2).

use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Document;
use crate::dialect::hub::Image;
use crate::dialect::hub::Media;
use crate::dialect::hub::Message as Said;
use crate::dialect::hub::Part;
use crate::dialect::hub::Role;
use crate::dialect::hub::ToolCall;
use crate::dialect::hub::ToolResult;
use crate::dialect::side::Fetched;
use crate::dialect::side::Target;
use crate::dialect::side::Unsayable;
use crate::dialect::text::object;
use serde::Serialize;
use std::borrow::Cow;

#[derive(Default, Serialize)]
pub struct Message<'a> {
    role: &'static str,
    content: Option<Content<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Call<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Content<'a> {
    Text(Cow<'a, str>),
    Parts(Vec<SaidPart<'a>>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum SaidPart<'a> {
    Text { text: &'a str },
    ImageUrl { image_url: ImageUrl<'a> },
    InputAudio { input_audio: InputAudio<'a> },
    File { file: File<'a> },
}

#[derive(Serialize)]
struct ImageUrl<'a> {
    url: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

#[derive(Serialize)]
struct InputAudio<'a> {
    data: &'a str,
    format: &'a str,
}

#[derive(Serialize)]
struct File<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    file_data: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filename: Option<&'a str>,
}

#[derive(Serialize)]
struct Call<'a> {
    id: &'a str,
    #[serde(flatten)]
    called: Called<'a>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Called<'a> {
    Function { function: Function<'a> },
    Custom { custom: Custom<'a> },
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    arguments: Cow<'a, str>,
}

#[derive(Serialize)]
struct Custom<'a> {
    name: &'a str,
    input: &'a str,
}

/// Writes all messages. Results of tools become messages of their own, before what else the user says.
///
/// # Errors
/// [`Unsayable`] where a part has no place here.
pub fn messages<'a>(
    request: &'a ChatRequest<'_>,
    target: &Target<'a>,
) -> Result<Vec<Message<'a>>, Unsayable> {
    let (mut all, mut shown) = (Vec::with_capacity(request.messages.len()), Vec::new());
    for message in &request.messages {
        match message.role {
            Role::System => {
                show(&mut shown, &mut all);
                all.push(system(message));
            }
            Role::User => user(message, target, &mut shown, &mut all)?,
            Role::Assistant => {
                show(&mut shown, &mut all);
                all.push(assistant(message, target));
            }
        }
    }
    show(&mut shown, &mut all);
    Ok(all)
}

/// What results of tools have shown, as a person's message.
fn show<'a>(shown: &mut Vec<SaidPart<'a>>, all: &mut Vec<Message<'a>>) {
    if !shown.is_empty() {
        let content = Some(content(std::mem::take(shown)));
        all.push(Message { role: "user", content, ..Message::default() });
    }
}

fn system<'a>(said: &'a Said<'_>) -> Message<'a> {
    let texts: Vec<&str> = said.parts.iter().filter_map(text_of).collect();
    let content = Some(Content::Text(joined(&texts, "\n\n")));
    Message { role: "system", content, name: said.name.as_deref(), ..Message::default() }
}

/// Results of tools are text here. What they show waits in `shown` until all of a turn are said: they have to follow
/// their calls with nothing between.
fn user<'a>(
    said: &'a Said<'_>,
    target: &Target<'a>,
    shown: &mut Vec<SaidPart<'a>>,
    all: &mut Vec<Message<'a>>,
) -> Result<(), Unsayable> {
    let mut rest = Vec::new();
    for part in &said.parts {
        match part {
            Part::ToolResult(result) => {
                all.push(tool(result));
                for part in result.content.iter().filter(|part| text_of(part).is_none()) {
                    shown.extend(written(part, target.fetched)?);
                }
            }
            part => rest.extend(written(part, target.fetched)?),
        }
    }
    if rest.is_empty() && said.parts.iter().any(|part| matches!(part, Part::ToolResult(_))) {
        return Ok(());
    }
    let mut parts = std::mem::take(shown);
    parts.append(&mut rest);
    all.push(Message {
        role: "user",
        content: Some(content(parts)),
        name: said.name.as_deref(),
        ..Message::default()
    });
    Ok(())
}

fn content(parts: Vec<SaidPart<'_>>) -> Content<'_> {
    match &parts[..] {
        [] => Content::Text(Cow::Borrowed("")),
        [SaidPart::Text { text }] => Content::Text(Cow::Borrowed(text)),
        _ => Content::Parts(parts),
    }
}

fn tool<'a>(result: &'a ToolResult<'_>) -> Message<'a> {
    let texts: Vec<&str> = result.content.iter().filter_map(text_of).collect();
    let said = joined(&texts, "\n");
    let said = if result.is_error { Cow::Owned(format!("Error: {said}")) } else { said };
    Message {
        role: "tool",
        content: Some(Content::Text(said)),
        tool_call_id: Some(&result.call_id),
        ..Message::default()
    }
}

fn assistant<'a>(said: &'a Said<'_>, target: &Target<'_>) -> Message<'a> {
    let mut message = Message { role: "assistant", name: said.name.as_deref(), ..Message::default() };
    let mut texts = Vec::new();
    for part in &said.parts {
        match part {
            Part::Text(text) => texts.push(text.text.as_ref()),
            Part::Thinking(thinking) if target.traits.replays_reasoning => {
                message.reasoning_content.get_or_insert_default().push_str(&thinking.text);
            }
            Part::ToolCall(call) => message.tool_calls.push(Call::of(call)),
            Part::Refusal(refusal) => message.refusal = Some(refusal),
            // What a model has shown or said aloud cannot be said back in this dialect.
            Part::Thinking(_) | Part::Image(_) | Part::Audio(_) | Part::Document(_) | Part::ToolResult(_) => {
            }
        }
    }
    if target.traits.replays_reasoning && message.reasoning_content.as_deref().is_none_or(str::is_empty) {
        // Wanted with every answer that is said back, even where nothing is known of it (vendors.md §6.8).
        message.reasoning_content = Some(" ".to_owned());
    }
    let silent = texts.is_empty() && (!message.tool_calls.is_empty() || message.refusal.is_some());
    message.content = (!silent).then(|| Content::Text(joined(&texts, "")));
    message
}

impl<'a> Call<'a> {
    fn of(call: &'a ToolCall<'_>) -> Call<'a> {
        let name: &str = &call.name;
        let called = match call.custom {
            true => Called::Custom { custom: Custom { name, input: &call.arguments } },
            false => Called::Function { function: Function { name, arguments: object(&call.arguments) } },
        };
        Call { id: &call.id, called }
    }
}

fn written<'a>(part: &'a Part<'_>, fetched: &'a Fetched) -> Result<Option<SaidPart<'a>>, Unsayable> {
    Ok(match part {
        Part::Text(text) if text.text.is_empty() => None,
        Part::Text(text) => Some(SaidPart::Text { text: &text.text }),
        Part::Image(image) => Some(picture(image, fetched)?),
        Part::Audio(audio) => {
            let input_audio = InputAudio { data: &audio.data, format: &audio.format };
            Some(SaidPart::InputAudio { input_audio })
        }
        Part::Document(document) => Some(file(document, fetched)?),
        // No person says these.
        Part::Thinking(_) | Part::ToolCall(_) | Part::ToolResult(_) | Part::Refusal(_) => None,
    })
}

fn picture<'a>(image: &'a Image<'_>, fetched: &'a Fetched) -> Result<SaidPart<'a>, Unsayable> {
    let url: Cow<'a, str> = match &image.media {
        Media::Url(url) => match fetched.get(url.as_ref()) {
            Some(file) => format!("data:{};base64,{}", file.kind, file.data).into(),
            None => Cow::Borrowed(url),
        },
        Media::Inline { kind, data } => format!("data:{kind};base64,{data}").into(),
        Media::FileId(_) | Media::Plain(_) => {
            let message = "images that are files kept by another vendor cannot be sent to this model's \
                provider; send a URL or base64";
            return Err(Unsayable { message: message.to_owned(), param: "messages" });
        }
    };
    Ok(SaidPart::ImageUrl { image_url: ImageUrl { url, detail: image.detail.as_deref() } })
}

fn file<'a>(document: &'a Document<'_>, fetched: &'a Fetched) -> Result<SaidPart<'a>, Unsayable> {
    let filename = document.name.as_deref();
    let data = |kind: &str, data: &str| Some(Cow::Owned(format!("data:{kind};base64,{data}")));
    let said = match &document.media {
        Media::Inline { kind, data: bytes } => File { file_data: data(kind, bytes), file_id: None, filename },
        Media::FileId(id) => File { file_data: None, file_id: Some(id), filename },
        Media::Plain(text) => return Ok(SaidPart::Text { text }),
        Media::Url(url) => match fetched.get(url.as_ref()) {
            Some(file) => File { file_data: data(&file.kind, &file.data), file_id: None, filename },
            None => {
                let message = "documents by URL cannot be sent to this model's provider; send base64";
                return Err(Unsayable { message: message.to_owned(), param: "messages" });
            }
        },
    };
    // The vendor wants a name for what it is given whole.
    let filename = said.filename.or(said.file_data.as_ref().map(|_| "document.pdf"));
    Ok(SaidPart::File { file: File { filename, ..said } })
}

fn text_of<'a>(part: &'a Part<'_>) -> Option<&'a str> {
    match part {
        Part::Text(text) => Some(&text.text),
        _ => None,
    }
}

fn joined<'a>(texts: &[&'a str], between: &str) -> Cow<'a, str> {
    match texts {
        [] => Cow::Borrowed(""),
        [one] => Cow::Borrowed(one),
        many => Cow::Owned(many.join(between)),
    }
}
