//! An answer found in its text: one pass, and strings that borrow from it.

use crate::dialect::gemini::reply::Blob;
use crate::dialect::gemini::reply::Call;
use crate::dialect::gemini::reply::Candidate;
use crate::dialect::gemini::reply::Content;
use crate::dialect::gemini::reply::Counts;
use crate::dialect::gemini::reply::Feedback;
use crate::dialect::gemini::reply::File;
use crate::dialect::gemini::reply::Part;
use crate::dialect::gemini::reply::Reply;
use crate::dialect::scan::BadJson;
use crate::dialect::scan::Reader;

impl<'a> Reply<'a> {
    /// `None` where it is none. Some are wrapped into a list of one.
    pub(super) fn read(body: &'a [u8]) -> Option<Reply<'a>> {
        let mut json = Reader::new(std::str::from_utf8(body).ok()?);
        let reply = match json.next_sign()? {
            b'[' => {
                let mut replies = None;
                json.fill_objects(&mut replies, Reply::member).ok()?;
                let [reply] = <[Reply<'a>; 1]>::try_from(replies?).ok()?;
                reply
            }
            _ => {
                let mut reply = None;
                json.fill_object(&mut reply, Reply::member).ok()?;
                reply?
            }
        };
        json.end().ok()?;
        Some(reply)
    }

    fn member(&mut self, json: &mut Reader<'a>, name: &str) -> Result<(), BadJson> {
        match name {
            "candidates" => json.fill_objects(&mut self.candidates, Candidate::member),
            "promptFeedback" => json.fill_object(&mut self.feedback, Feedback::member),
            "usageMetadata" => json.fill_object(&mut self.counts, Counts::member),
            "modelVersion" => json.fill_text(&mut self.model),
            "responseId" => json.fill_text(&mut self.id),
            "error" => json.fill_raw(&mut self.error),
            _ => json.skip(),
        }
    }
}

impl<'a> Candidate<'a> {
    fn member(&mut self, json: &mut Reader<'a>, name: &str) -> Result<(), BadJson> {
        match name {
            "content" => json.fill_object(&mut self.content, Content::member),
            "finishReason" => json.fill_text(&mut self.finish_reason),
            "index" => json.fill_plain(&mut self.index),
            "citationMetadata" => json.fill_raw(&mut self.citation_metadata),
            "groundingMetadata" => json.fill_raw(&mut self.grounding_metadata),
            "logprobsResult" => json.fill_raw(&mut self.logprobs_result),
            _ => json.skip(),
        }
    }
}

impl<'a> Content<'a> {
    fn member(&mut self, json: &mut Reader<'a>, name: &str) -> Result<(), BadJson> {
        match name {
            "parts" => json.fill_objects(&mut self.parts, Part::member),
            _ => json.skip(),
        }
    }
}

impl<'a> Part<'a> {
    fn member(&mut self, json: &mut Reader<'a>, name: &str) -> Result<(), BadJson> {
        match name {
            "text" => json.fill_text(&mut self.text),
            "thought" => json.fill_plain(&mut self.thought),
            "thoughtSignature" => json.fill_text(&mut self.thought_signature),
            "functionCall" => json.fill_object(&mut self.function_call, Call::member),
            "inlineData" => json.fill_object(&mut self.inline_data, Blob::member),
            "fileData" => json.fill_object(&mut self.file_data, File::member),
            _ => json.skip(),
        }
    }
}

impl<'a> Call<'a> {
    fn member(&mut self, json: &mut Reader<'a>, name: &str) -> Result<(), BadJson> {
        match name {
            "id" => json.fill_text(&mut self.id),
            "name" => json.fill_text(&mut self.name),
            "args" => json.fill_raw(&mut self.args),
            _ => json.skip(),
        }
    }
}

impl<'a> Blob<'a> {
    fn member(&mut self, json: &mut Reader<'a>, name: &str) -> Result<(), BadJson> {
        match name {
            "mimeType" => json.fill_text(&mut self.kind),
            "data" => json.fill_text(&mut self.data),
            _ => json.skip(),
        }
    }
}

impl<'a> File<'a> {
    fn member(&mut self, json: &mut Reader<'a>, name: &str) -> Result<(), BadJson> {
        match name {
            "mimeType" => json.fill_text(&mut self.kind),
            "fileUri" => json.fill_text(&mut self.uri),
            _ => json.skip(),
        }
    }
}

impl<'a> Feedback<'a> {
    fn member(&mut self, json: &mut Reader<'a>, name: &str) -> Result<(), BadJson> {
        match name {
            "blockReason" => json.fill_text(&mut self.block_reason),
            _ => json.skip(),
        }
    }
}

impl Counts {
    fn member(&mut self, json: &mut Reader<'_>, name: &str) -> Result<(), BadJson> {
        match name {
            "promptTokenCount" => json.fill_plain(&mut self.prompt),
            "candidatesTokenCount" => json.fill_plain(&mut self.candidates),
            "thoughtsTokenCount" => json.fill_plain(&mut self.thoughts),
            "cachedContentTokenCount" => json.fill_plain(&mut self.cached),
            "toolUsePromptTokenCount" => json.fill_plain(&mut self.tool_prompt),
            "totalTokenCount" => json.fill_plain(&mut self.total),
            _ => json.skip(),
        }
    }
}
