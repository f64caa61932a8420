//! From a model name to an ordered plan of targets, and what to do when one of them fails.
