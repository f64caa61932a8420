//! Paths as they are matched: what two readers could read differently is read in one way here, or refused.

use percent_encoding::AsciiSet;
use percent_encoding::CONTROLS;
use percent_encoding::percent_decode_str;
use percent_encoding::utf8_percent_encode;
use std::borrow::Cow;

/// What is written as it is in a path (RFC 3986 §3.3), `/` among it.
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A path that nobody can mean well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadPath {
    /// It leads above the root.
    Escapes,
    /// It holds a NUL, no UTF-8, or an escape that is none.
    Unreadable,
}

/// A path, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path<'a> {
    /// As the client wrote it, without the query.
    pub raw: &'a str,
    /// Percent-decoded once, `\` taken for `/`, without dot segments and empty segments. Begins with a slash, and
    /// ends with one where the raw path does.
    pub plain: Cow<'a, str>,
    /// Whether dot segments were taken out.
    pub had_dots: bool,
}

impl<'a> Path<'a> {
    /// Reads a path.
    ///
    /// # Errors
    /// [`BadPath`].
    pub fn read(raw: &'a str) -> Result<Path<'a>, BadPath> {
        if is_plain(raw) {
            return Ok(Path { raw, plain: Cow::Borrowed(raw), had_dots: false });
        }
        if !has_whole_escapes(raw.as_bytes()) {
            return Err(BadPath::Unreadable);
        }
        let decoded = percent_decode_str(raw).decode_utf8().map_err(|_| BadPath::Unreadable)?;
        let (plain, had_dots) = normal(&decoded)?;
        Ok(Path { raw, plain: Cow::Owned(plain), had_dots })
    }

    /// The path as somebody reads it who decodes once more than we do; `None` if that makes no difference.
    pub fn decoded_again(&self) -> Option<Result<String, BadPath>> {
        if !self.plain.contains('%') {
            return None;
        }
        let Ok(decoded) = percent_decode_str(&self.plain).decode_utf8() else {
            return Some(Err(BadPath::Unreadable));
        };
        let again = normal(&decoded).map(|(plain, _)| plain);
        (again.as_deref() != Ok(&*self.plain)).then_some(again)
    }

    /// What a server is sent: the client's own bytes where they can only mean what was matched, without `prefix` if
    /// that is stripped.
    pub fn onward(&self, prefix: Option<&str>) -> Cow<'_, str> {
        let prefix = prefix.unwrap_or_default();
        let rest = self.raw.strip_prefix(prefix).filter(|rest| !self.had_dots && begins_segment(rest));
        match rest {
            Some("") => Cow::Borrowed("/"),
            Some(rest) => Cow::Borrowed(rest),
            None => {
                let plain = self.plain.strip_prefix(prefix).unwrap_or(&self.plain);
                let rooted = if plain.is_empty() { "/" } else { plain };
                Cow::Owned(escaped(rooted))
            }
        }
    }
}

/// As it travels in a request line.
pub fn escaped(plain: &str) -> String {
    utf8_percent_encode(plain, ESCAPED).to_string()
}

fn begins_segment(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('/')
}

/// Most paths: nothing has to be done about them.
fn is_plain(raw: &str) -> bool {
    let bytes = raw.as_bytes();
    let odd = |pair: &[u8]| pair[0] == b'/' && (pair[1] == b'/' || pair[1] == b'.');
    raw.starts_with('/') && memchr::memchr3(b'%', b'\\', 0, bytes).is_none() && !bytes.windows(2).any(odd)
}

/// Two hexadecimal digits behind every `%` (RFC 3986 §2.1).
fn has_whole_escapes(raw: &[u8]) -> bool {
    let is_whole =
        |at: usize| raw.get(at + 1..at + 3).is_some_and(|pair| pair.iter().all(u8::is_ascii_hexdigit));
    memchr::memchr_iter(b'%', raw).all(is_whole)
}

fn normal(decoded: &str) -> Result<(String, bool), BadPath> {
    if decoded.contains('\0') {
        return Err(BadPath::Unreadable);
    }
    let (mut segments, mut had_dots): (Vec<&str>, bool) = (Vec::new(), false);
    let mut is_folder = false;
    for segment in decoded.split(['/', '\\']) {
        is_folder = matches!(segment, "" | "." | "..");
        match segment {
            "" => {}
            "." => had_dots = true,
            ".." => {
                had_dots = true;
                segments.pop().ok_or(BadPath::Escapes)?;
            }
            name => segments.push(name),
        }
    }
    let mut plain = String::with_capacity(decoded.len() + 1);
    for segment in &segments {
        plain.push('/');
        plain.push_str(segment);
    }
    if is_folder || segments.is_empty() {
        plain.push('/');
    }
    Ok((plain, had_dots))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(raw: &str) -> Result<String, BadPath> {
        Path::read(raw).map(|path| path.plain.into_owned())
    }

    #[test]
    fn a_path_is_read_in_one_way() {
        for (raw, read) in [
            ("/", "/"),
            ("/a/b", "/a/b"),
            ("/a/b/", "/a/b/"),
            ("//a///b", "/a/b"),
            ("/a/./b", "/a/b"),
            ("/a/../b", "/b"),
            ("/a/b/..", "/a/"),
            ("/%61/b", "/a/b"),
            ("/a%2fb", "/a/b"),
            ("/a%2F..%2Fb", "/b"),
            ("/a/%2e%2E/b", "/b"),
            ("/a\\..\\b", "/b"),
            ("/a%5c..%5cb", "/b"),
            ("/%252e%252e/b", "/%2e%2e/b"),
            ("/.well-known/x", "/.well-known/x"),
            ("/a/...", "/a/..."),
            ("/gr%C3%BC%C3%9Fe", "/grüße"),
        ] {
            assert_eq!(plain(raw).as_deref(), Ok(read), "{raw}");
        }
        for raw in ["/..", "/a/../../b", "/%2e%2e/b", "/..%2f", "/a/..\\..\\b"] {
            assert_eq!(plain(raw), Err(BadPath::Escapes), "{raw}");
        }
        for raw in ["/a%00b", "/%ff", "/%c0%af", "/%", "/%2", "/%zz", "/a%2fb%"] {
            assert_eq!(plain(raw), Err(BadPath::Unreadable), "{raw}");
        }
    }

    #[test]
    fn what_is_sent_on_is_what_the_client_wrote_where_that_is_safe() {
        let onward = |raw: &str, prefix: Option<&str>| Path::read(raw).unwrap().onward(prefix).into_owned();
        assert_eq!(onward("/storage/a%20b//c", None), "/storage/a%20b//c");
        assert_eq!(onward("/storage/a%2Fb", Some("/storage")), "/a%2Fb");
        assert_eq!(onward("/storage", Some("/storage")), "/");
        assert_eq!(onward("/x/../storage/a%20b", Some("/storage")), "/a%20b");
        assert_eq!(onward("//storage/a", Some("/storage")), "/a");
        assert_eq!(onward("/a/%2e%2e/b", None), "/b");
        assert_eq!(onward("/%73torage/a", Some("/storage")), "/a");
    }

    #[test]
    fn a_second_decoding_is_seen() {
        let again = |raw: &str| Path::read(raw).unwrap().decoded_again();
        assert_eq!(again("/a/b"), None);
        assert_eq!(again("/100%25"), None);
        assert_eq!(again("/a/%252e%252e/b"), Some(Ok("/b".to_owned())));
        assert_eq!(again("/%252e%252e/b"), Some(Err(BadPath::Escapes)));
    }
}
