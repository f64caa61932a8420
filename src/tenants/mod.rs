//! Who may ask, who pays, and what each may name.

pub mod credential;
pub mod credentials;
pub mod first_keys;
pub mod fresh;
pub mod in_force;
pub mod registry;
pub mod settings;
pub mod settle;
pub mod tenant;
