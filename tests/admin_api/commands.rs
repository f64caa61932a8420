//! The commands, on the store and through the admin API.
