//! Which lists and objects a walk is in.

/// The lists and objects a walk is in, a bit each behind the highest one that is set: a set bit is an object. The
/// innermost 63 cost no allocation.
pub(super) struct Nesting {
    inner: u64,
    outer: Vec<u64>,
}

/// No list and no object.
const NONE: u64 = 1;
/// One more would push out the bit that marks the end.
const FULL: u64 = 1 << 63;

impl Nesting {
    pub(super) fn new() -> Nesting {
        Nesting { inner: NONE, outer: Vec::new() }
    }

    #[inline]
    pub(super) fn enter(&mut self, object: bool) {
        if self.inner >= FULL {
            self.outer.push(self.inner);
            self.inner = NONE;
        }
        self.inner = self.inner << 1 | u64::from(object);
    }

    #[inline]
    pub(super) fn leave(&mut self) {
        self.inner >>= 1;
        if self.inner == NONE {
            self.inner = self.outer.pop().unwrap_or(NONE);
        }
    }

    #[inline]
    pub(super) fn is_in_none(&self) -> bool {
        self.inner == NONE
    }

    #[inline]
    pub(super) fn is_in_object(&self) -> bool {
        self.inner & 1 == 1
    }
}
