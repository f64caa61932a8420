//! Redis's protocol as far as scripts need it: a command in one buffer, and the few kinds of answers they give.

use crate::telemetry::decimal::decimal;

/// A command that is put together: its arguments as they go over the wire.
#[derive(Debug, Default)]
pub struct Command {
    arguments: Vec<u8>,
    count: usize,
}

/// What Redis answered.
#[derive(Debug, PartialEq, Eq)]
pub enum Said<'a> {
    /// A text, a number or a status, as it is written; nothing where there is nothing.
    Text(&'a [u8]),
    /// An error, which begins with its kind.
    Error(&'a [u8]),
}

/// An answer of no kind that was asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Garbage;

impl Command {
    pub fn clear(&mut self) {
        self.arguments.clear();
        self.count = 0;
    }

    pub fn text(&mut self, text: &str) -> &mut Command {
        head(b'$', text.len() as u64, &mut self.arguments);
        self.arguments.extend_from_slice(text.as_bytes());
        self.arguments.extend_from_slice(b"\r\n");
        self.count += 1;
        self
    }

    pub fn number(&mut self, number: u64) -> &mut Command {
        self.digits(false, number)
    }

    pub fn signed(&mut self, number: i64) -> &mut Command {
        self.digits(number < 0, number.unsigned_abs())
    }

    /// Appends the whole command to what is to be sent.
    pub fn send(&self, out: &mut Vec<u8>) {
        head(b'*', self.count as u64, out);
        out.extend_from_slice(&self.arguments);
    }

    fn digits(&mut self, negative: bool, number: u64) -> &mut Command {
        let length = number.checked_ilog10().unwrap_or(0) + 1;
        head(b'$', u64::from(length) + u64::from(negative), &mut self.arguments);
        if negative {
            self.arguments.push(b'-');
        }
        decimal(&mut self.arguments, number);
        self.arguments.extend_from_slice(b"\r\n");
        self.count += 1;
        self
    }
}

/// The first answer in these bytes and how many of them it is; `None` if it is not all there.
///
/// # Errors
/// It is none that scripts and the opening of a connection know.
pub fn read(bytes: &[u8]) -> Result<Option<(Said<'_>, usize)>, Garbage> {
    let Some(end) = memchr::memchr(b'\n', bytes) else { return Ok(None) };
    let [kind, line @ .., b'\r'] = &bytes[..end] else { return Err(Garbage) };
    let begin = end + 1;
    match kind {
        b'+' | b':' => Ok(Some((Said::Text(line), begin))),
        b'-' => Ok(Some((Said::Error(line), begin))),
        b'$' if line == b"-1" => Ok(Some((Said::Text(b""), begin))),
        b'$' => {
            let length: Option<usize> = std::str::from_utf8(line).ok().and_then(|line| line.parse().ok());
            let end = begin + length.filter(|length| *length <= LONGEST).ok_or(Garbage)?;
            let whole = |text| (Said::Text(text), end + 2);
            Ok(bytes.get(begin..end).filter(|_| bytes.len() >= end + 2).map(whole))
        }
        _ => Err(Garbage),
    }
}

/// No script of ours says more.
const LONGEST: usize = 1 << 20;

fn head(kind: u8, number: u64, out: &mut Vec<u8>) {
    out.push(kind);
    decimal(out, number);
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_written_as_redis_reads_it() {
        let mut command = Command::default();
        command.text("left over");
        command.clear();
        command.text("SET").text("").number(0).number(u64::MAX).signed(-12).signed(i64::MIN).signed(7);
        let mut out = b"before".to_vec();
        command.send(&mut out);
        let expected = "before*7\r\n$3\r\nSET\r\n$0\r\n\r\n$1\r\n0\r\n$20\r\n18446744073709551615\r\n$3\r\n-12\r\n\
                        $20\r\n-9223372036854775808\r\n$1\r\n7\r\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn an_answer_is_read_when_all_of_it_is_there() {
        for (bytes, said) in [
            (&b"+OK\r\n"[..], Said::Text(b"OK")),
            (b":12\r\n", Said::Text(b"12")),
            (b"$5\r\n1\r\n 2\r\n", Said::Text(b"1\r\n 2")),
            (b"$0\r\n\r\n", Said::Text(b"")),
            (b"$-1\r\n", Said::Text(b"")),
            (b"-NOSCRIPT no such script\r\n", Said::Error(b"NOSCRIPT no such script")),
        ] {
            let more = [bytes, b"+next\r\n"].concat();
            assert_eq!(read(&more), Ok(Some((said, bytes.len()))));
            for cut in 0..bytes.len() {
                assert_eq!(read(&bytes[..cut]), Ok(None), "{cut} of {bytes:?}");
            }
        }
    }

    #[test]
    fn what_no_script_says_is_garbage() {
        for bytes in ["*1\r\n", "$x\r\n", "$-2\r\n", "\n", "\r\n", "+OK\n", "$99999999999999999999\r\n"] {
            assert_eq!(read(bytes.as_bytes()), Err(Garbage), "{bytes:?}");
        }
        assert_eq!(read(format!("${}\r\n", usize::MAX).as_bytes()), Err(Garbage), "nobody waits for that");
    }
}
