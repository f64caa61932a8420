//! Which URLs of a request somebody has to open.

use crate::dialect::hub::ChatRequest;
use crate::dialect::hub::Media;
use crate::dialect::hub::Part;
use crate::gateway::fetch::link::is_web;

/// The URLs of images and documents, each once, that the target does not open by itself. `opens` is asked with the
/// URL and whether it is that of a document.
pub fn wanted<'r>(request: &'r ChatRequest<'_>, opens: &dyn Fn(&str, bool) -> bool) -> Vec<&'r str> {
    let mut urls: Vec<&str> = Vec::new();
    let parts = request.messages.iter().flat_map(|message| &message.parts);
    let parts = parts.flat_map(|part| std::iter::once(part).chain(within(part)));
    for (url, is_document) in parts.filter_map(url_of) {
        if is_web(url) && !urls.contains(&url) && !opens(url, is_document) {
            urls.push(url);
        }
    }
    urls
}

fn within<'p, 'a>(part: &'p Part<'a>) -> &'p [Part<'a>] {
    match part {
        Part::ToolResult(result) => &result.content,
        Part::Text(_)
        | Part::Image(_)
        | Part::Audio(_)
        | Part::Document(_)
        | Part::Thinking(_)
        | Part::ToolCall(_)
        | Part::Refusal(_) => &[],
    }
}

fn url_of<'p>(part: &'p Part<'_>) -> Option<(&'p str, bool)> {
    let (media, is_document) = match part {
        Part::Image(image) => (&image.media, false),
        Part::Document(document) => (&document.media, true),
        Part::Text(_)
        | Part::Audio(_)
        | Part::Thinking(_)
        | Part::ToolCall(_)
        | Part::ToolResult(_)
        | Part::Refusal(_) => return None,
    };
    match media {
        Media::Url(url) => Some((url, is_document)),
        Media::Inline { .. } | Media::FileId(_) | Media::Plain(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::hub::Document;
    use crate::dialect::hub::Image;
    use crate::dialect::hub::Message;
    use crate::dialect::hub::Role;
    use crate::dialect::hub::ToolResult;

    fn image(url: &'static str) -> Part<'static> {
        Part::Image(Image { media: Media::Url(url.into()), detail: None, cache: None })
    }

    fn request() -> ChatRequest<'static> {
        let inline = Media::Inline { kind: "image/png".into(), data: "AA==".into() };
        let document = Document { media: Media::Url("https://a.test/d.pdf".into()), name: None, cache: None };
        let result = ToolResult { content: vec![image("https://a.test/shown.png")], ..ToolResult::default() };
        let parts = vec![
            Part::text("https://a.test/only-words.png"),
            image("https://a.test/a.png"),
            Part::Image(Image { media: inline, detail: None, cache: None }),
            image("gs://bucket/b.png"),
            Part::Document(document),
            Part::ToolResult(result),
        ];
        let again = Message { role: Role::User, parts: vec![image("https://a.test/a.png")], name: None };
        let messages = vec![Message { role: Role::User, parts, name: None }, again];
        ChatRequest { messages, ..ChatRequest::default() }
    }

    #[test]
    fn images_and_documents_are_found_wherever_they_stand() {
        let all = ["https://a.test/a.png", "https://a.test/d.pdf", "https://a.test/shown.png"];
        assert_eq!(wanted(&request(), &|_, _| false), all);
    }

    #[test]
    fn what_the_target_opens_is_left_to_it() {
        assert_eq!(wanted(&request(), &|_, is_document| !is_document), ["https://a.test/d.pdf"]);
        assert!(wanted(&request(), &|_, _| true).is_empty());
    }
}
