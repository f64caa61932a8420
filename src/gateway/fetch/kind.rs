//! What a fetched file is, by what its server says of it or, where it says nothing, by its first bytes.

/// How files of some kinds begin.
const BEGINNINGS: &[(&[u8], &str)] = &[
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
];

/// The media type of a file; `None` for a kind that no model is given.
pub fn kind(said: Option<&str>, bytes: &[u8]) -> Option<String> {
    let said = said.map(|said| said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    match said.as_deref() {
        None | Some("" | "application/octet-stream" | "binary/octet-stream") => {
            sniffed(bytes).map(str::to_owned)
        }
        Some("application/pdf" | "text/plain") => said,
        // Some servers' name for it, which providers do not know.
        Some("image/jpg") => Some("image/jpeg".to_owned()),
        Some(image) => is_image(image).then(|| image.to_owned()),
    }
}

fn is_image(kind: &str) -> bool {
    let sign = |sign: u8| sign.is_ascii_alphanumeric() || b"+-.".contains(&sign);
    kind.strip_prefix("image/").is_some_and(|name| !name.is_empty() && name.bytes().all(sign))
}

fn sniffed(bytes: &[u8]) -> Option<&'static str> {
    let is_webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
    let known = BEGINNINGS.iter().find(|(beginning, _)| bytes.starts_with(beginning));
    known.map(|(_, kind)| *kind).or(is_webp.then_some("image/webp"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_believed() {
        for (said, expected) in [
            ("image/png", Some("image/png")),
            ("Image/SVG+XML; charset=utf-8", Some("image/svg+xml")),
            ("image/jpg", Some("image/jpeg")),
            ("application/pdf", Some("application/pdf")),
            ("text/plain; charset=utf-8", Some("text/plain")),
            ("text/html", None),
            ("application/json", None),
            ("image/", None),
            ("image/a\"b", None),
        ] {
            assert_eq!(kind(Some(said), b"\x89PNG\r\n\x1a\n").as_deref(), expected, "{said}");
        }
    }

    #[test]
    fn what_is_not_said_is_seen_from_the_first_bytes() {
        let files: [(&[u8], Option<&str>); 8] = [
            (b"\x89PNG\r\n\x1a\nx", Some("image/png")),
            (b"\xff\xd8\xff\xe0", Some("image/jpeg")),
            (b"GIF89a.", Some("image/gif")),
            (b"RIFF\x01\x02\x03\x04WEBPVP8 ", Some("image/webp")),
            (b"RIFF\x01\x02\x03\x04WAVE", None),
            (b"%PDF-1.7", Some("application/pdf")),
            (b"<html>", None),
            (b"", None),
        ];
        for (bytes, expected) in files {
            for said in [None, Some(""), Some("application/octet-stream"), Some("binary/octet-stream;x=y")] {
                assert_eq!(kind(said, bytes).as_deref(), expected, "{said:?} {bytes:?}");
            }
        }
    }
}
