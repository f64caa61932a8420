//! Compression of answers: which coding a client takes, which answers are worth it, and the work.

use crate::edge::vary;
use crate::head;
use brotli::CompressorWriter;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::StatusCode;
use http::header;
use pingora::ErrorType;
use pingora::OrErr;
use pingora::http::ResponseHeader;
use std::io;
use std::io::Write;

/// A shorter body does not get shorter by enough.
const LEAST: u64 = 256;
/// Pages are made while somebody waits: more effort costs much time and saves little.
const BROTLI_EFFORT: u32 = 4;
const ZSTD_EFFORT: i32 = 3;
const GZIP_EFFORT: u32 = 6;
/// How far back they look, as a power of two: what one answer may take of memory.
const WINDOW: u32 = 18;
const BROTLI_BUFFER: usize = 4096;

/// True of the body as it was, and of no other.
const OF_OLD_BODY: [HeaderName; 6] = [
    header::CONTENT_LENGTH,
    header::ACCEPT_RANGES,
    HeaderName::from_static("content-md5"),
    HeaderName::from_static("digest"),
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
];

/// Types besides `text/…`, `…+json` and `…+xml` that are text, or as compressible.
const COMPRESSIBLE: &[&str] = &[
    "application/graphql",
    "application/javascript",
    "application/json",
    "application/toml",
    "application/vnd.ms-fontobject",
    "application/wasm",
    "application/x-javascript",
    "application/x-ndjson",
    "application/x-sh",
    "application/xml",
    "application/yaml",
    "font/otf",
    "font/ttf",
    "image/bmp",
    "image/vnd.microsoft.icon",
    "image/x-icon",
];

/// A coding, the one that packs tightest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    Brotli,
    Zstd,
    Gzip,
}

impl Coding {
    const ALL: [Coding; 3] = [Coding::Brotli, Coding::Zstd, Coding::Gzip];

    fn token(self) -> &'static str {
        match self {
            Coding::Brotli => "br",
            Coding::Zstd => "zstd",
            Coding::Gzip => "gzip",
        }
    }
}

/// The coding that a client would rather have (RFC 9110 §12.5.3); `None`: the body as it is.
pub fn wanted(headers: &HeaderMap) -> Option<Coding> {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let asked: Vec<(&str, u16)> = values.flat_map(|value| value.split(',')).filter_map(weighed).collect();
    let of = |name: &str| asked.iter().find(|(token, _)| token.eq_ignore_ascii_case(name)).map(|(_, q)| *q);
    let quality = |coding: Coding| of(coding.token()).or(of("*")).unwrap_or(0);
    // Of equals the last is taken, and that is to be the first of ours.
    let best = Coding::ALL.into_iter().rev().max_by_key(|coding| quality(*coding))?;
    let as_it_is = of("identity").unwrap_or(0);
    (quality(best) > 0 && quality(best) >= as_it_is).then_some(best)
}

/// A token and its quality, in thousandths.
fn weighed(item: &str) -> Option<(&str, u16)> {
    let mut parts = item.split(';').map(str::trim);
    let token = parts.next().filter(|token| !token.is_empty())?;
    let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    let quality = quality.map_or(Some(1.0), |text| text.trim().parse::<f32>().ok())?;
    (0.0..=1.0).contains(&quality).then(|| (token, (quality * 1000.0).round() as u16))
}

/// Whether an answer gets smaller, and may be touched.
pub fn is_worth(head: &ResponseHeader) -> bool {
    let kind = head.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let has_body = !head.status.is_informational()
        && ![
            StatusCode::NO_CONTENT,
            StatusCode::RESET_CONTENT,
            StatusCode::PARTIAL_CONTENT,
            StatusCode::NOT_MODIFIED,
        ]
        .contains(&head.status);
    has_body
        && !head.headers.contains_key(header::CONTENT_ENCODING)
        && head::length(&head.headers).is_none_or(|length| length >= LEAST)
        && kind.is_some_and(is_compressible)
        && !forbids(&head.headers)
}

fn is_compressible(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match kind.as_str() {
        // Each event is waited for, and is small.
        "text/event-stream" => false,
        kind => {
            kind.starts_with("text/")
                || kind.ends_with("+json")
                || kind.ends_with("+xml")
                || COMPRESSIBLE.contains(&kind)
        }
    }
}

fn forbids(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let mut words = values.flat_map(|value| value.split(',')).map(str::trim);
    words.any(|word| word.eq_ignore_ascii_case("no-transform"))
}

/// One body on its way through a coding.
pub struct Encoder {
    /// `None` once the end has been seen.
    work: Option<Work>,
    /// A server that does not say how much there will be may say the rest much later.
    is_awaited: bool,
}

enum Work {
    Brotli(Box<CompressorWriter<Vec<u8>>>),
    Zstd(zstd::Encoder<'static, Vec<u8>>),
    Gzip(GzEncoder<Vec<u8>>),
}

impl Encoder {
    /// Makes the head one for a compressed body, whose length nobody knows yet.
    ///
    /// # Errors
    /// What cannot be written in a head, or a lack of memory.
    pub fn begin(head: &mut ResponseHeader, coding: Coding) -> pingora::Result<Encoder> {
        let is_awaited = !head.headers.contains_key(header::CONTENT_LENGTH);
        for name in &OF_OLD_BODY {
            head.remove_header(name);
        }
        head.insert_header(header::CONTENT_ENCODING, HeaderValue::from_static(coding.token()))?;
        head.insert_header(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"))?;
        vary::add(head, "Accept-Encoding")?;
        if let Some(tag) = head.headers.get(header::ETAG).and_then(weakened) {
            head.insert_header(header::ETAG, tag)?;
        }
        let work = Work::new(coding).or_err(ErrorType::InternalError, "compression")?;
        Ok(Encoder { work: Some(work), is_awaited })
    }

    /// What is to be sent for a piece of the body; `None`: nothing yet.
    ///
    /// # Errors
    /// A lack of memory.
    pub fn piece(&mut self, piece: &[u8], end: bool) -> pingora::Result<Option<Bytes>> {
        let packed = self.packed(piece, end).or_err(ErrorType::InternalError, "compression")?;
        Ok((!packed.is_empty()).then(|| packed.into()))
    }

    fn packed(&mut self, piece: &[u8], end: bool) -> io::Result<Vec<u8>> {
        let Some(mut work) = self.work.take() else { return Ok(Vec::new()) };
        work.writer().write_all(piece)?;
        if end {
            return work.finish();
        }
        if self.is_awaited && !piece.is_empty() {
            work.writer().flush()?;
        }
        Ok(std::mem::take(self.work.insert(work).out()))
    }
}

impl Work {
    fn new(coding: Coding) -> io::Result<Work> {
        Ok(match coding {
            Coding::Brotli => {
                let writer = CompressorWriter::new(Vec::new(), BROTLI_BUFFER, BROTLI_EFFORT, WINDOW);
                Work::Brotli(Box::new(writer))
            }
            Coding::Zstd => {
                let mut writer = zstd::Encoder::new(Vec::new(), ZSTD_EFFORT)?;
                writer.window_log(WINDOW)?;
                Work::Zstd(writer)
            }
            Coding::Gzip => Work::Gzip(GzEncoder::new(Vec::new(), Compression::new(GZIP_EFFORT))),
        })
    }

    fn writer(&mut self) -> &mut dyn Write {
        match self {
            Work::Brotli(writer) => writer,
            Work::Zstd(writer) => writer,
            Work::Gzip(writer) => writer,
        }
    }

    fn out(&mut self) -> &mut Vec<u8> {
        match self {
            Work::Brotli(writer) => writer.get_mut(),
            Work::Zstd(writer) => writer.get_mut(),
            Work::Gzip(writer) => writer.get_mut(),
        }
    }

    fn finish(self) -> io::Result<Vec<u8>> {
        match self {
            Work::Brotli(writer) => Ok(writer.into_inner()),
            Work::Zstd(writer) => writer.finish(),
            Work::Gzip(writer) => writer.finish(),
        }
    }
}

/// Two bodies that are not the same byte by byte must not have one strong name.
fn weakened(tag: &HeaderValue) -> Option<HeaderValue> {
    let tag = tag.as_bytes();
    (!tag.starts_with(b"W/")).then(|| HeaderValue::from_bytes(&[b"W/", tag].concat()).ok())?
}

#[cfg(test)]
mod tests;
