//! Limits: token buckets and reservations.
