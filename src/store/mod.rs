//! Durable rows.

mod entry;

pub use entry::Counted;
pub use entry::Entry;
pub use entry::EntryId;
pub use entry::Kind;
pub use entry::NotAnId;
pub use entry::PriceState;
