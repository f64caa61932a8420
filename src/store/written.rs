//! An entry in bytes, as it stands in the spool and in a page.
//!
//! Numbers are seven bits a byte, the lowest first, with the high bit where more follow; texts stand behind their
//! length; what may be missing stands behind a 1, or is a 0.

use crate::store::entry::Counted;
use crate::store::entry::Entry;
use crate::store::entry::EntryId;
use crate::store::entry::Kind;
use crate::store::entry::PriceState;
use crate::store::values::MOST;
use crate::store::values::cut;

/// Which form this is. Fields are only told apart by their order: whoever changes them begins another one.
pub const FORMAT: u8 = 1;
/// More than most entries have.
const USUAL: usize = 512;

/// Appends an entry. Its texts are cut to what the store holds, so that it is never longer than 4 KiB, and its numbers
/// have a place there.
pub fn write<T: AsRef<str>>(entry: &Entry<T>, to: &mut Vec<u8>) {
    to.reserve(USUAL);
    let (boot, sequence) = ((entry.id.0 >> 64) as u64, entry.id.0 as u64);
    number(boot, to);
    number(sequence, to);
    to.push(entry.kind as u8);
    amount(entry.at, to);
    text(&entry.request_id, to);
    text(&entry.tenant, to);
    text(&entry.key, to);
    text(&entry.end_user, to);
    text(&entry.operation, to);
    text(&entry.provider, to);
    text(&entry.model_asked, to);
    text(&entry.model_served, to);
    to.push(u8::from(entry.stream));
    number(u64::from(entry.status), to);
    text(&entry.error, to);
    amount(entry.input, to);
    amount(entry.cached, to);
    amount(entry.cache_write, to);
    amount(entry.output, to);
    amount(entry.reasoning, to);
    to.push(entry.counted as u8);
    amount(entry.cost, to);
    to.push(entry.price as u8);
    amount(entry.latency_us, to);
    to.push(u8::from(entry.ttft_us.is_some()));
    entry.ttft_us.iter().for_each(|time| amount(*time, to));
    text(&entry.cache, to);
    number(u64::from(entry.attempts), to);
}

/// The first entry, and what stands behind it.
pub fn read(bytes: &[u8]) -> Option<(Entry<&str>, &[u8])> {
    let mut from = Reader(bytes);
    let entry = Entry {
        id: EntryId::new(from.number()?, from.number()?),
        kind: from.one_of(&Kind::ALL)?,
        at: from.number()?,
        request_id: from.text()?,
        tenant: from.text()?,
        key: from.text()?,
        end_user: from.text()?,
        operation: from.text()?,
        provider: from.text()?,
        model_asked: from.text()?,
        model_served: from.text()?,
        stream: from.one_of(&[false, true])?,
        status: from.small()?,
        error: from.text()?,
        input: from.number()?,
        cached: from.number()?,
        cache_write: from.number()?,
        output: from.number()?,
        reasoning: from.number()?,
        counted: from.one_of(&Counted::ALL)?,
        cost: from.number()?,
        price: from.one_of(&PriceState::ALL)?,
        latency_us: from.number()?,
        ttft_us: if from.one_of(&[false, true])? { Some(from.number()?) } else { None },
        cache: from.text()?,
        attempts: from.small()?,
    };
    Some((entry, from.0))
}

fn number(mut number: u64, to: &mut Vec<u8>) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

/// A number that the store has a place for.
fn amount(amount: u64, to: &mut Vec<u8>) {
    number(amount.min(MOST), to);
}

fn text<T: AsRef<str>>(text: &T, to: &mut Vec<u8>) {
    let text = cut(text.as_ref());
    number(text.len() as u64, to);
    to.extend_from_slice(text.as_bytes());
}

/// What is yet to be read.
struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for (place, byte) in self.0.iter().take(10).enumerate() {
            number |= u64::from(byte & 0x7f) << (7 * place);
            if *byte < 0x80 {
                self.0 = &self.0[place + 1..];
                // The tenth has room for one bit.
                return (place < 9 || *byte < 2).then_some(number);
            }
        }
        None
    }

    fn small(&mut self) -> Option<u16> {
        u16::try_from(self.number()?).ok()
    }

    fn text(&mut self) -> Option<&'b str> {
        let length = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        str::from_utf8(text).ok()
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        all.get(usize::from(*byte)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> Entry<&'static str> {
        Entry {
            id: EntryId::new(u64::MAX, 300),
            kind: Kind::Attempt,
            at: 1 << 62,
            request_id: "req_1",
            tenant: "tn_1",
            key: "key_1",
            end_user: "ü\n",
            operation: "chat",
            provider: "acme",
            model_asked: "fast",
            model_served: "acme-1",
            stream: true,
            status: 429,
            error: "timeout",
            input: 1200,
            cached: 1,
            cache_write: 127,
            output: 128,
            reasoning: 16384,
            counted: Counted::Guessed,
            cost: i64::MAX as u64,
            price: PriceState::Unknown,
            latency_us: 5_000_000,
            ttft_us: Some(0),
            cache: "miss",
            attempts: u16::MAX,
        }
    }

    #[test]
    fn entries_are_read_one_behind_the_other_and_only_whole() {
        let mut bytes = Vec::new();
        let entries = [full(), Entry::default()];
        entries.iter().for_each(|entry| write(entry, &mut bytes));
        let (first, rest) = read(&bytes).unwrap();
        let length = bytes.len() - rest.len();
        assert_eq!((first, read(rest)), (full(), Some((Entry::default(), &[][..]))));
        assert!((0..length).all(|end| read(&bytes[..end]).is_none()));
    }

    #[test]
    fn what_is_written_is_bounded() {
        let long = "\0".repeat(5000);
        let longest = Entry { id: EntryId(u128::MAX), cost: u64::MAX, ..Entry::<&str>::default() };
        let words = Entry {
            request_id: long.as_str(),
            tenant: &long,
            key: &long,
            end_user: &long,
            operation: &long,
            provider: &long,
            model_asked: &long,
            model_served: &long,
            error: &long,
            cache: &long,
            ..longest
        };
        let mut bytes = Vec::new();
        write(&words, &mut bytes);
        let (entry, _) = read(&bytes).unwrap();
        assert_eq!((entry.cost, entry.key), (i64::MAX as u64, "?".repeat(256).as_str()));
        assert!(bytes.len() < 4096, "{}", bytes.len());
    }

    /// Spools and pages of earlier programs hold these bytes.
    #[test]
    fn the_form_stays_what_its_number_says() {
        let bytes =
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\xac\x02\x01\x80\x80\x80\x80\x80\x80\x80\x80\x40\
            \x05req_1\x04tn_1\x05key_1\x03\xc3\xbc\n\x04chat\x04acme\x04fast\x06acme-1\x01\xad\x03\x07timeout\
            \xb0\x09\x01\x7f\x80\x01\x80\x80\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x02\xc0\x96\xb1\x02\
            \x01\x00\x04miss\xff\xff\x03";
        let empty = b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x02\0\x03\0\0\0\0";
        for (entry, bytes) in [(full(), &bytes[..]), (Entry::default(), empty)] {
            let mut written = Vec::new();
            write(&entry, &mut written);
            assert_eq!(written, bytes);
            assert_eq!(read(bytes), Some((entry, &[][..])));
        }
        assert_eq!(FORMAT, 1);
    }

    #[test]
    fn numbers_that_nobody_writes_are_refused() {
        let refused = |bytes: &[u8]| Reader(bytes).number().is_none();
        assert!(refused(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), "65 bits");
        assert!(refused(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00"), "11 bytes");
        assert!(refused(b"\xff"), "no end");
        assert!(Reader(b"\x80\x80\x04").small().is_none(), "17 bits");
        assert!(Reader(b"\x02").one_of(&Kind::ALL).is_none(), "no such kind");
        assert!(Reader(b"\x01\xff").text().is_none(), "no text");
    }
}
