//! What a route answers by itself: fixed answers, redirects, preflights and files.

use crate::config::edge::Files;
use crate::edge::Passage;
use crate::edge::Refused;
use crate::edge::cors::Fields;
use crate::edge::encode::Encoder;
use crate::edge::files;
use crate::edge::files::Found;
use crate::edge::files::Opened;
use crate::edge::fresh::Need;
use crate::edge::fresh::Version;
use crate::edge::path;
use crate::gateway::client::Head;
use crate::gateway::passage::Way;
use crate::gateway::passage::refuse_at_edge;
use crate::gateway::record::Record;
use bytes::Bytes;
use bytes::BytesMut;
use http::HeaderValue;
use http::Method;
use http::StatusCode;
use http::header;
use pingora::Error;
use pingora::ErrorType;
use pingora::OrErr;
use pingora::http::ResponseHeader;
use pingora::proxy::Session;
use std::io;
use std::io::SeekFrom;
use std::ops::Range;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncSeekExt;

/// How much of a file is in memory at once.
const PIECE: usize = 64 * 1024;

/// A whole answer that is at hand.
pub async fn whole(
    session: &mut Session,
    record: &mut Record,
    passage: &Passage,
    head: Head,
    body: Bytes,
) -> pingora::Result<Way> {
    let mut head = head.finish();
    let has_none = matches!(head.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    match has_none {
        // RFC 9110 §8.6: an answer that can have no body has no length.
        true => drop(head.remove_header(&header::CONTENT_TYPE)),
        false => head.insert_header(header::CONTENT_LENGTH, body.len())?,
    }
    passage.dress(&mut head)?;
    let body = match passage.encode(&mut head)? {
        None => body,
        Some(mut encoder) => {
            let packed = encoder.piece(&body, true)?.unwrap_or_default();
            head.remove_header(&header::TRANSFER_ENCODING);
            head.insert_header(header::CONTENT_LENGTH, packed.len())?;
            packed
        }
    };
    record.settle();
    let bodiless = has_none || body.is_empty() || session.req_header().method == Method::HEAD;
    open(session, record, head, bodiless).await?;
    if !bodiless {
        let sent = session.write_response_body(Some(body), true).await;
        sent.inspect_err(|_| record.client_left())?;
    }
    Ok(Way::Answered)
}

/// Tells a browser what its page may do.
pub async fn preflight(
    session: &mut Session,
    record: &mut Record,
    passage: &Passage,
    permissions: Fields,
) -> pingora::Result<Way> {
    let mut head = Head::new(StatusCode::NO_CONTENT.as_u16(), record).finish();
    passage.dress(&mut head)?;
    for (name, value) in permissions {
        head.insert_header(name, value)?;
    }
    record.settle();
    open(session, record, head, true).await.map(|()| Way::Answered)
}

/// A redirect to where a path or a template leads.
pub async fn redirect(
    session: &mut Session,
    record: &mut Record,
    passage: &Passage,
    status: u16,
    location: &str,
) -> pingora::Result<Way> {
    let mut head = Head::new(status, record);
    if let Ok(location) = HeaderValue::from_str(location) {
        head.value(header::LOCATION, location);
    }
    whole(session, record, passage, head, Bytes::new()).await
}

/// The file that the path means.
pub async fn file(
    session: &mut Session,
    record: &mut Record,
    passage: &Passage,
    files: &Files,
) -> pingora::Result<Way> {
    let method = &session.req_header().method;
    if method != Method::GET && method != Method::HEAD {
        return refuse_at_edge(session, record, &Refused::Method("GET, HEAD".to_owned())).await;
    }
    match files::find(files, &passage.onward, passage.plain.ends_with('/')).await {
        Ok(Found::File(opened)) => send(session, record, passage, opened).await,
        Ok(Found::Folder) => {
            // Of the plain path: `//host/` as it is written would lead to another host.
            let query = passage.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
            let location = format!("{}/{query}", path::escaped(&passage.plain));
            redirect(session, record, passage, StatusCode::PERMANENT_REDIRECT.as_u16(), &location).await
        }
        Ok(Found::Nothing) => refuse_at_edge(session, record, &Refused::NotFound).await,
        Err(error) => {
            tracing::warn!(path = %passage.plain, %error, "file cannot be read");
            refuse_at_edge(session, record, &Refused::Unreadable).await
        }
    }
}

async fn send(
    session: &mut Session,
    record: &mut Record,
    passage: &Passage,
    opened: Opened,
) -> pingora::Result<Way> {
    let (version, request) = (&opened.version, session.req_header());
    let need = version.need(&request.method, &request.headers);
    let is_head = request.method == Method::HEAD;
    let mut head = described(record, version, &need);
    let part = match need {
        Need::Nothing | Need::NoSuchPart => None,
        Need::Whole => Some(0..version.size),
        Need::Part(part) => Some(part),
    };
    if let Some(part) = &part {
        head.value(header::CONTENT_TYPE, opened.kind);
        head.number(header::CONTENT_LENGTH, part.end - part.start);
    }
    let mut head = head.finish();
    passage.dress(&mut head)?;
    let encoder = passage.encode(&mut head)?;
    let part = part.filter(|part| !is_head && !part.is_empty());
    open(session, record, head, part.is_none()).await?;
    let Some(part) = part else {
        record.settle();
        return Ok(Way::Answered);
    };
    pour(session, record, opened.file, part, encoder).await.map(|()| Way::Answered)
}

fn described(record: &Record, version: &Version, need: &Need) -> Head {
    let (status, range) = match need {
        Need::Nothing => (StatusCode::NOT_MODIFIED, None),
        Need::Whole => (StatusCode::OK, None),
        Need::Part(part) => {
            let (first, last, size) = (part.start, part.end - 1, version.size);
            (StatusCode::PARTIAL_CONTENT, Some(format!("bytes {first}-{last}/{size}")))
        }
        Need::NoSuchPart => (StatusCode::RANGE_NOT_SATISFIABLE, Some(format!("bytes */{}", version.size))),
    };
    let mut head = Head::new(status.as_u16(), record);
    head.text(header::ETAG, &version.tag());
    version.date().into_iter().for_each(|date| head.text(header::LAST_MODIFIED, &date));
    range.into_iter().for_each(|range| head.text(header::CONTENT_RANGE, &range));
    head.word(header::ACCEPT_RANGES, "bytes");
    head.word(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    if *need == Need::NoSuchPart {
        head.number(header::CONTENT_LENGTH, 0);
    }
    head
}

/// Reads on only when what was read is on its way, so that a slow client fills no memory.
async fn pour(
    session: &mut Session,
    record: &mut Record,
    file: std::fs::File,
    part: Range<u64>,
    mut encoder: Option<Encoder>,
) -> pingora::Result<()> {
    let mut file = tokio::fs::File::from_std(file);
    file.seek(SeekFrom::Start(part.start)).await.or_err(ErrorType::FileReadError, "file")?;
    let mut left = part.end - part.start;
    while left > 0 {
        let piece = piece(&mut file, left).await.map_err(|error| cut(record, error))?;
        left -= piece.len() as u64;
        let body = match &mut encoder {
            Some(encoder) => encoder.piece(&piece, left == 0)?,
            None => Some(piece),
        };
        if left == 0 {
            record.settle();
        }
        let sent = session.write_response_body(body, left == 0).await;
        sent.inspect_err(|_| record.client_left())?;
    }
    Ok(())
}

async fn piece(file: &mut tokio::fs::File, left: u64) -> io::Result<Bytes> {
    let size = PIECE.min(usize::try_from(left).unwrap_or(PIECE));
    let mut piece = BytesMut::with_capacity(size);
    match file.take(size as u64).read_buf(&mut piece).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(piece.freeze()),
    }
}

/// Whoever gets less than was promised must see it: the connection ends.
fn cut(record: &mut Record, error: io::Error) -> Box<Error> {
    tracing::warn!(%error, "file ended early");
    record.outcome.error = Some("cut");
    Error::because(ErrorType::FileReadError, "file", error)
}

async fn open(
    session: &mut Session,
    record: &mut Record,
    head: Box<ResponseHeader>,
    bodiless: bool,
) -> pingora::Result<()> {
    record.outcome.status = head.status.as_u16();
    record.first_byte();
    session.write_response_header(head, bodiless).await.inspect_err(|_| record.client_left())
}
