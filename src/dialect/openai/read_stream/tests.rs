//! A stream of chunks as providers send it.
