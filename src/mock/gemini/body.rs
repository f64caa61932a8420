//! Request bodies. A field that is not here is refused, as the vendor does.

use serde::Deserialize;
use serde_json::Map;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Body {
    pub(super) contents: Option<Vec<Content>>,
    pub(super) system_instruction: Option<Instruction>,
    pub(super) tools: Option<Vec<Tools>>,
    pub(super) tool_config: Option<ToolConfig>,
    #[serde(rename = "safetySettings")]
    _safety_settings: Option<Vec<Map<String, Value>>>,
    #[serde(rename = "cachedContent")]
    _cached_content: Option<String>,
    pub(super) service_tier: Option<String>,
    pub(super) generation_config: Option<Settings>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Instruction {
    pub(super) parts: Vec<Part>,
    #[serde(rename = "role")]
    _role: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Content {
    pub(super) role: Option<String>,
    pub(super) parts: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Part {
    pub(super) text: Option<String>,
    pub(super) inline_data: Option<Blob>,
    pub(super) file_data: Option<File>,
    pub(super) function_call: Option<Call>,
    pub(super) function_response: Option<Outcome>,
    #[serde(rename = "thought")]
    _thought: Option<bool>,
    pub(super) thought_signature: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Blob {
    pub(super) mime_type: String,
    pub(super) data: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct File {
    #[serde(rename = "mimeType")]
    _mime_type: Option<String>,
    pub(super) file_uri: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Call {
    pub(super) id: Option<String>,
    pub(super) name: String,
    #[serde(rename = "args")]
    _args: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Outcome {
    pub(super) id: Option<String>,
    pub(super) name: String,
    pub(super) response: Map<String, Value>,
    #[serde(default)]
    pub(super) parts: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Tools {
    #[serde(default)]
    pub(super) function_declarations: Vec<Declaration>,
    #[serde(rename = "googleSearch")]
    _google_search: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Declaration {
    pub(super) name: String,
    #[serde(rename = "description")]
    _description: Option<String>,
    #[serde(rename = "parametersJsonSchema")]
    _parameters_json_schema: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ToolConfig {
    pub(super) function_calling_config: Calling,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Calling {
    pub(super) mode: String,
    #[serde(default)]
    pub(super) allowed_function_names: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Settings {
    pub(super) temperature: Option<f64>,
    #[serde(rename = "topP")]
    _top_p: Option<f64>,
    #[serde(rename = "topK")]
    _top_k: Option<u32>,
    pub(super) candidate_count: Option<u32>,
    pub(super) max_output_tokens: Option<u32>,
    #[serde(default)]
    pub(super) stop_sequences: Vec<String>,
    pub(super) response_mime_type: Option<String>,
    pub(super) response_json_schema: Option<Map<String, Value>>,
    pub(super) presence_penalty: Option<f64>,
    pub(super) frequency_penalty: Option<f64>,
    #[serde(rename = "seed")]
    _seed: Option<i32>,
    #[serde(default)]
    pub(super) response_logprobs: bool,
    pub(super) logprobs: Option<u32>,
    #[serde(rename = "responseModalities")]
    _response_modalities: Option<Vec<Modality>>,
    #[serde(rename = "speechConfig")]
    _speech_config: Option<Map<String, Value>>,
    #[serde(rename = "imageConfig")]
    _image_config: Option<Map<String, Value>>,
    pub(super) thinking_config: Option<Thinking>,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Modality {
    Text,
    Image,
    Audio,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Thinking {
    #[serde(default)]
    pub(super) include_thoughts: bool,
    pub(super) thinking_budget: Option<i32>,
    pub(super) thinking_level: Option<Level>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    Minimal,
    Low,
    Medium,
    High,
    XHigh,
}
