//! What single models take and refuse, a file for each vendor.

pub mod anthropic;
