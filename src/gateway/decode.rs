//! A request body as its client compressed it becomes the body it stands for.

use crate::gateway::refuse;
use crate::gateway::refuse::Refusal;
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use flate2::read::ZlibDecoder;
use http::HeaderMap;
use http::header;
use std::io::Read;

/// The body without its `Content-Encoding` (RFC 9110 §8.4.1), of `limit` bytes at most.
///
/// # Errors
/// 415 for an encoding that is not known, 400 for a body that is not in it, 413 for one that grows over the limit.
pub fn decode(headers: &HeaderMap, body: Bytes, limit: usize) -> Result<Bytes, Refusal> {
    let Some(encoding) = headers.get(header::CONTENT_ENCODING) else { return Ok(body) };
    let encoding = encoding.to_str().unwrap_or_default().trim().to_ascii_lowercase();
    match encoding.as_str() {
        "" | "identity" => Ok(body),
        "gzip" | "x-gzip" => inflate(MultiGzDecoder::new(&*body), limit),
        "deflate" => inflate(ZlibDecoder::new(&*body), limit),
        "zstd" => match zstd::Decoder::new(&*body) {
            Ok(decoder) => inflate(decoder, limit),
            Err(_) => Err(refuse::not_encoded()),
        },
        _ => Err(refuse::unknown_encoding()),
    }
}

fn inflate(decoder: impl Read, limit: usize) -> Result<Bytes, Refusal> {
    let mut body = Vec::new();
    let one_more = (limit as u64).saturating_add(1);
    decoder.take(one_more).read_to_end(&mut body).map_err(|_| refuse::not_encoded())?;
    match body.len() > limit {
        true => Err(refuse::too_large(limit)),
        false => Ok(body.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::read::GzEncoder;
    use flate2::read::ZlibEncoder;

    const SAID: &[u8] = br#"{"model":"m","messages":[{"role":"user","content":"to be, or not to be"}]}"#;

    fn decoded(encoding: &'static str, body: &[u8]) -> Result<Bytes, u16> {
        let headers = [(header::CONTENT_ENCODING, encoding.parse().unwrap())].into_iter().collect();
        decode(&headers, Bytes::copy_from_slice(body), SAID.len()).map_err(|refusal| refusal.status)
    }

    fn all(mut reader: impl Read) -> Vec<u8> {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).unwrap();
        bytes
    }

    fn forms(said: &[u8]) -> [(&'static str, Vec<u8>); 3] {
        [
            ("gzip", all(GzEncoder::new(said, Compression::fast()))),
            ("deflate", all(ZlibEncoder::new(said, Compression::fast()))),
            ("zstd", zstd::encode_all(said, 1).unwrap()),
        ]
    }

    #[test]
    fn every_known_encoding_is_undone() {
        for (encoding, body) in forms(SAID) {
            assert_eq!(decoded(encoding, &body).as_deref(), Ok(SAID), "{encoding}");
        }
        assert_eq!(decoded("Identity", SAID).as_deref(), Ok(SAID));
        assert_eq!(
            decode(&HeaderMap::new(), SAID.into(), 1).unwrap(),
            SAID,
            "its length is judged elsewhere"
        );
    }

    #[test]
    fn what_grows_over_the_limit_is_refused() {
        for (encoding, body) in forms(&vec![b' '; 10 << 20]) {
            assert!(body.len() < 200_000, "{encoding}");
            assert_eq!(decoded(encoding, &body), Err(413), "{encoding}");
        }
    }

    #[test]
    fn half_a_body_is_none() {
        for (encoding, body) in forms(SAID) {
            assert_eq!(decoded(encoding, &body[..body.len() / 2]), Err(400), "{encoding}");
            assert_eq!(decoded(encoding, SAID), Err(400), "{encoding}");
        }
        assert_eq!(decoded("br", SAID), Err(415));
        assert_eq!(decoded("gzip, gzip", SAID), Err(415));
    }
}
