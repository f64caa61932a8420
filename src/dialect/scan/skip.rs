//! A whole value in one loop: where it ends, and whether it is JSON up to there.

use crate::dialect::scan::BadJson;
use crate::dialect::scan::nesting::Nesting;
use crate::dialect::scan::scalar::byte;
use crate::dialect::scan::scalar::past_colon;
use crate::dialect::scan::scalar::past_space;
use crate::dialect::scan::scalar::simple;
use crate::dialect::scan::scalar::string;

/// Behind the value that begins at `at`.
#[inline]
pub(super) fn value(bytes: &[u8], at: usize) -> Result<usize, BadJson> {
    match byte(bytes, at) {
        b'{' | b'[' => nested(bytes, at),
        _ => simple(bytes, at),
    }
}

/// The same for a list or an object.
fn nested(bytes: &[u8], mut at: usize) -> Result<usize, BadJson> {
    let mut open = Nesting::new();
    loop {
        at = match byte(bytes, at) {
            b'{' => {
                let inside = past_space(bytes, at + 1);
                if byte(bytes, inside) != b'}' {
                    open.enter(true);
                    at = name(bytes, inside)?;
                    continue;
                }
                inside + 1
            }
            b'[' => {
                let inside = past_space(bytes, at + 1);
                if byte(bytes, inside) != b']' {
                    open.enter(false);
                    at = inside;
                    continue;
                }
                inside + 1
            }
            _ => simple(bytes, at)?,
        };
        // Closes what ends here, up to the next value.
        loop {
            if open.is_in_none() {
                return Ok(at);
            }
            at = past_space(bytes, at);
            match (byte(bytes, at), open.is_in_object()) {
                (b',', true) => {
                    at = name(bytes, past_space(bytes, at + 1))?;
                    break;
                }
                (b',', false) => {
                    at = past_space(bytes, at + 1);
                    break;
                }
                (b'}', true) | (b']', false) => at += 1,
                _ => return Err(BadJson { at }),
            }
            open.leave();
        }
    }
}

/// Where the value of the member begins whose name does so at `at`.
// A call would cost as much as most names do.
#[inline(always)]
fn name(bytes: &[u8], at: usize) -> Result<usize, BadJson> {
    if byte(bytes, at) != b'"' {
        return Err(BadJson { at });
    }
    past_colon(bytes, string(bytes, at + 1)?)
}
