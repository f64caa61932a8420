//! A configuration becomes a running server.
