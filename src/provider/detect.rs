//! Which vendor a bare model name belongs to.
