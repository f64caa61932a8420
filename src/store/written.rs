//! An entry in bytes, as it stands in the spool and in a page.

use crate::store::entry::Entry;
use postcard::ser_flavors::Flavor;

/// Which form this is. Fields are only told apart by their order: whoever changes them begins another one.
pub const FORMAT: u8 = 1;

/// Appends an entry. Its texts are cut to what the store holds, so that it is never longer than 4 KiB.
pub fn write<T: AsRef<str>>(entry: &Entry<T>, to: &mut Vec<u8>) {
    let begin = to.len();
    // Nothing in an entry cannot be written.
    if postcard::serialize_with_flavor(&entry.bounded(), Onto(to)).is_err() {
        to.truncate(begin);
    }
}

/// The first entry, and what stands behind it.
pub fn read(bytes: &[u8]) -> Option<(Entry<&str>, &[u8])> {
    postcard::take_from_bytes(bytes).ok()
}

/// The end of what is there already.
struct Onto<'v>(&'v mut Vec<u8>);

impl Flavor for Onto<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::entry::Counted;
    use crate::store::entry::EntryId;
    use crate::store::entry::Kind;
    use crate::store::entry::PriceState;

    #[test]
    fn entries_survive_their_written_form() {
        let full = Entry {
            id: EntryId::new(u64::MAX, 7),
            kind: Kind::Attempt,
            at: 1 << 62,
            end_user: "ü\n".to_owned(),
            ttft_us: Some(0),
            counted: Counted::Guessed,
            price: PriceState::Unknown,
            attempts: u16::MAX,
            ..Entry::default()
        };
        let mut bytes = Vec::new();
        let entries = [full, Entry::default()];
        entries.iter().for_each(|entry| write(entry, &mut bytes));
        let (first, rest) = read(&bytes).unwrap();
        let (second, rest) = read(rest).unwrap();
        assert_eq!(([first.owned(), second.owned()], rest.len()), (entries, 0));
        assert!((0..bytes.len() / 2).all(|end| read(&bytes[..end]).is_none()));
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
}
