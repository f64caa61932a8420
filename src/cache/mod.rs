//! The exact cache: an identical request is answered from memory.
