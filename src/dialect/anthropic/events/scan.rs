//! Whether the JSON object that comes in pieces is whole.

/// How far it has been read.
pub(super) struct Scan {
    /// Free text has no end that could be seen.
    endless: bool,
    depth: u32,
    in_string: bool,
    escaped: bool,
    begun: bool,
}

impl Scan {
    pub(super) fn new(endless: bool) -> Scan {
        Scan { endless, depth: 0, in_string: false, escaped: false, begun: false }
    }

    pub(super) fn read(&mut self, piece: &str) {
        for sign in piece.bytes() {
            if self.in_string {
                match sign {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_string = false,
                    _ => {}
                }
                continue;
            }
            match sign {
                b'"' => self.in_string = true,
                b'{' | b'[' => {
                    self.begun = true;
                    self.depth = self.depth.saturating_add(1);
                }
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
    }

    pub(super) fn is_whole(&self) -> bool {
        !self.endless && self.begun && self.depth == 0 && !self.in_string
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_whole_at_its_last_brace_and_not_before() {
        let json = r#"{"a":"}\"{","b":[{}]}"#;
        let mut scan = Scan::new(false);
        for at in 0..json.len() {
            assert!(!scan.is_whole(), "at {at}");
            scan.read(&json[at..=at]);
        }
        assert!(scan.is_whole());
    }
}
