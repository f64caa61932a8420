//! Names of models, as far as a provider can be asked for them.

use crate::dialect::bad_request::BadRequest;
use crate::dialect::bad_request::wrong;

/// Longest name of a model, in bytes: it is repeated in headers, and no vendor's is nearly as long.
const MAX_NAME: usize = 1024;

/// Whether a provider can be asked for a model of this name.
pub(super) fn check_name(name: &str) -> Result<(), BadRequest> {
    match name.len() {
        // In the path of a request they would lead out of it.
        _ if name.contains('.') && name.split('/').any(|part| matches!(part, "." | "..")) => {
            Err(wrong("model", "a name without `.` and `..` as parts"))
        }
        // Prices and limits go by the name; a provider may read past such signs.
        _ if !name.bytes().all(|byte| byte.is_ascii_graphic())
            && (name.trim() != name || name.chars().any(char::is_control)) =>
        {
            Err(wrong("model", "a name without control signs, and without spaces around it"))
        }
        0 => Err(wrong("model", "a string that is not empty")),
        1..=MAX_NAME => Ok(()),
        _ => Err(wrong("model", "a string of at most 1024 bytes")),
    }
}
