//! What is asked and answered, as it must be on the wire.
