//! Which coding is taken, for which answers, and that what is packed is whole.

use super::*;
use std::io::Read;

fn asks(values: &[&'static str]) -> HeaderMap {
    values.iter().map(|value| (header::ACCEPT_ENCODING, HeaderValue::from_static(value))).collect()
}

fn head(fields: &[(&'static str, &str)]) -> ResponseHeader {
    let mut head = ResponseHeader::build(200, None).unwrap();
    for (name, value) in fields {
        head.insert_header(*name, *value).unwrap();
    }
    head
}

fn unpacked(coding: Coding, packed: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    match coding {
        Coding::Brotli => brotli::Decompressor::new(packed, 4096).read_to_end(&mut plain).unwrap(),
        Coding::Zstd => zstd::Decoder::new(packed).unwrap().read_to_end(&mut plain).unwrap(),
        Coding::Gzip => flate2::read::GzDecoder::new(packed).read_to_end(&mut plain).unwrap(),
    };
    plain
}

#[test]
fn the_client_chooses_the_coding_and_we_between_equals() {
    let (br, zstd, gzip) = (Some(Coding::Brotli), Some(Coding::Zstd), Some(Coding::Gzip));
    for (asked, coding) in [
        (&["gzip, deflate, br, zstd"][..], br),
        (&["gzip, zstd"], zstd),
        (&["gzip", "br"], br),
        (&["GZIP"], gzip),
        (&["br;q=0.5, gzip;q=0.8"], gzip),
        (&["br; q=0.5 , zstd ; q=0.500, gzip;Q=0.4"], br),
        (&["br;q=0, *;q=0.1"], zstd),
        (&["*"], br),
        (&["*;q=0"], None),
        (&["br;q=0.0"], None),
        (&["identity, gzip;q=0.5"], None),
        (&["identity;q=0.5, gzip;q=0.5"], gzip),
        (&["br;q=2, gzip;q=x"], None),
        (&["deflate, compress"], None),
        (&[""], None),
        (&[], None),
    ] {
        assert_eq!(wanted(&asks(asked)), coding, "{asked:?}");
    }
}

#[test]
fn only_what_gets_smaller_and_may_be_touched_is_compressed() {
    let json = ("content-type", "application/json; charset=utf-8");
    assert!(is_worth(&head(&[json])));
    assert!(is_worth(&head(&[json, ("content-length", "256")])));
    assert!(is_worth(&head(&[("content-type", "Application/Problem+JSON")])));
    assert!(is_worth(&head(&[("content-type", "image/svg+xml")])));
    for fields in [
        &[][..],
        &[json, ("content-length", "255")],
        &[json, ("content-encoding", "gzip")],
        &[json, ("content-encoding", "identity")],
        &[json, ("cache-control", "private, No-Transform")],
        &[("content-type", "text/event-stream; charset=utf-8")],
        &[("content-type", "image/png")],
        &[("content-type", "application/octet-stream")],
    ] {
        assert!(!is_worth(&head(fields)), "{fields:?}");
    }
    for status in [101, 103, 204, 206, 304] {
        let mut head = head(&[json]);
        head.set_status(status).unwrap();
        assert!(!is_worth(&head), "{status}");
    }
}

#[test]
fn a_head_says_what_became_of_its_body() {
    let mut head = head(&[
        ("content-length", "1000"),
        ("etag", "\"a\""),
        ("accept-ranges", "bytes"),
        ("vary", "Origin"),
        ("repr-digest", "sha-256=:x:"),
    ]);
    Encoder::begin(&mut head, Coding::Brotli).unwrap();
    let mut lines: Vec<String> =
        head.headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    lines.sort();
    let expected = [
        "content-encoding: br",
        "etag: W/\"a\"",
        "transfer-encoding: chunked",
        "vary: Accept-Encoding",
        "vary: Origin",
    ];
    assert_eq!(lines, expected);
    Encoder::begin(&mut head, Coding::Gzip).unwrap();
    assert_eq!(head.headers[header::ETAG], "W/\"a\"", "a weak one stays as it is");
    assert_eq!(head.headers.get_all(header::VARY).iter().count(), 2);
}

#[test]
fn what_is_packed_in_pieces_is_whole_again() {
    let pieces = ["first ".repeat(400), String::new(), "second ".repeat(9000), "third".to_owned()];
    for coding in Coding::ALL {
        for length in [None, Some("100000")] {
            let mut head = head(&[]);
            length.into_iter().for_each(|length| head.insert_header("content-length", length).unwrap());
            let mut encoder = Encoder::begin(&mut head, coding).unwrap();
            let mut packed = Vec::new();
            for piece in &pieces {
                packed.extend(encoder.piece(piece.as_bytes(), false).unwrap().unwrap_or_default());
            }
            packed.extend(encoder.piece(b"", true).unwrap().unwrap_or_default());
            assert_eq!(encoder.piece(b"", true).unwrap(), None, "an end is said once");
            assert!(packed.len() < 5000, "{coding:?}: {}", packed.len());
            assert_eq!(unpacked(coding, &packed), pieces.concat().into_bytes(), "{coding:?}");
        }
    }
}

#[test]
fn what_trickles_is_not_held_back() {
    for coding in Coding::ALL {
        let mut encoder = Encoder::begin(&mut head(&[]), coding).unwrap();
        for piece in ["one\n", "two\n"] {
            let sent = encoder.piece(piece.as_bytes(), false).unwrap();
            assert!(sent.is_some_and(|sent| sent.len() > 4), "{coding:?} keeps `{piece}`");
        }
    }
}

#[test]
fn an_empty_body_is_one_in_every_coding() {
    for coding in Coding::ALL {
        let mut encoder = Encoder::begin(&mut head(&[]), coding).unwrap();
        let packed = encoder.piece(b"", true).unwrap().unwrap_or_default();
        assert!(unpacked(coding, &packed).is_empty(), "{coding:?}");
    }
}
