//! Who may ask: credentials and what each may name.

pub mod credential;
pub mod first_keys;
pub mod fresh;
pub mod settings;
