//! Answers that a client goes on from by their id: what is stored of one, and the request that goes on from it.
