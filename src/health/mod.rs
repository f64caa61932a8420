//! Which providers and keys are fit to be asked.

pub mod allowances;
pub mod board;
pub mod breaker;
pub mod keys;
pub mod vitals;

pub use allowances::Allowances;
pub use board::Board;
pub use breaker::{Breaker, Change, Pass, Standing};
pub use keys::{ASIDE_FOR, KeyRing, KeyState, Pick, Rest};
pub use vitals::{Admission, Vitals};
