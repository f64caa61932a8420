//! Wire formats, both directions.
