//! The free text in the arguments `{"input": "…"}`, read as they come in pieces.

/// How far one call's arguments have been read.
#[derive(Default)]
pub struct Free {
    place: Place,
    /// Not yet understood: the beginning, or half an escape.
    held: String,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    /// Before the text begins.
    #[default]
    Head,
    Text,
    /// Behind it; nothing that follows is part of it.
    Tail,
    /// The model wrote something else: its client gets that as it is.
    Other,
}

/// What an unfinished text begins with.
enum Sign {
    Said(char, usize),
    End,
    /// More has to come to tell.
    Short,
}

impl Free {
    /// What `piece` adds to the text.
    pub fn read(&mut self, piece: &str) -> String {
        self.held.push_str(piece);
        if self.place == Place::Head {
            self.begin();
        }
        match self.place {
            Place::Head => String::new(),
            Place::Text => self.text(),
            Place::Tail => {
                self.held.clear();
                String::new()
            }
            Place::Other => std::mem::take(&mut self.held),
        }
    }

    /// Nothing follows: what was held back because it might have become something else.
    pub fn end(&mut self) -> String {
        match std::mem::replace(&mut self.place, Place::Tail) {
            Place::Head => std::mem::take(&mut self.held),
            Place::Text | Place::Tail | Place::Other => String::new(),
        }
    }

    fn begin(&mut self) {
        let mut rest = self.held.as_str();
        for token in ["{", "\"input\"", ":", "\""] {
            rest = rest.trim_start();
            match rest.strip_prefix(token) {
                Some(more) => rest = more,
                None if token.starts_with(rest) => return,
                None => {
                    self.place = Place::Other;
                    return;
                }
            }
        }
        self.held = rest.to_owned();
        self.place = Place::Text;
    }

    fn text(&mut self) -> String {
        let (mut said, mut rest) = (String::with_capacity(self.held.len()), self.held.as_str());
        loop {
            match next(rest) {
                Sign::Said(sign, length) => {
                    said.push(sign);
                    rest = rest.get(length..).unwrap_or_default();
                }
                Sign::End => {
                    self.place = Place::Tail;
                    rest = "";
                    break;
                }
                Sign::Short => break,
            }
        }
        self.held = rest.to_owned();
        said
    }
}

fn next(text: &str) -> Sign {
    let mut signs = text.chars();
    match signs.next() {
        None => Sign::Short,
        Some('"') => Sign::End,
        Some('\\') => match signs.next() {
            None => Sign::Short,
            Some('n') => Sign::Said('\n', 2),
            Some('t') => Sign::Said('\t', 2),
            Some('r') => Sign::Said('\r', 2),
            Some('b') => Sign::Said('\u{8}', 2),
            Some('f') => Sign::Said('\u{c}', 2),
            Some('u') => unicode(text),
            Some(sign) => Sign::Said(sign, 1 + sign.len_utf8()),
        },
        Some(sign) => Sign::Said(sign, sign.len_utf8()),
    }
}

/// `\uXXXX`, or two of them where one sign takes both.
fn unicode(text: &str) -> Sign {
    if text.len() < 6 {
        return Sign::Short;
    }
    let Some(high) = unit(text) else {
        return Sign::Said(char::REPLACEMENT_CHARACTER, 2);
    };
    if let Some(sign) = char::from_u32(high) {
        return Sign::Said(sign, 6);
    }
    let rest = text.get(6..).unwrap_or_default();
    if high < 0xDC00 && (rest.is_empty() || rest == "\\" || (rest.starts_with("\\u") && rest.len() < 6)) {
        return Sign::Short;
    }
    let low = unit(rest).filter(|low| high < 0xDC00 && (0xDC00..0xE000).contains(low));
    let pair = low.and_then(|low| char::from_u32(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)));
    pair.map_or(Sign::Said(char::REPLACEMENT_CHARACTER, 6), |sign| Sign::Said(sign, 12))
}

/// The number of the `\uXXXX` that `text` begins with.
fn unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_hex.then(|| u32::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: &[&str]) -> String {
        let mut free = Free::default();
        let mut said: String = pieces.iter().map(|piece| free.read(piece)).collect();
        said.push_str(&free.end());
        said
    }

    #[test]
    fn the_text_is_the_same_wherever_it_is_cut() {
        let text = "*** Begin\n\t\"ü\\\" 😀 \u{8}\u{c}\r/ end";
        let plain = serde_json::json!({ "input": text }).to_string();
        let escaped = plain.replace('😀', "\\ud83d\\ude00").replace('ü', "\\u00fc").replace('/', "\\/");
        for whole in [plain, escaped.replacen("{\"input\":\"", " { \"input\"\n: \"", 1)] {
            for at in (0..=whole.len()).filter(|at| whole.is_char_boundary(*at)) {
                assert_eq!(read(&[&whole[..at], &whole[at..]]), text, "{whole} cut at {at}");
            }
            let signs: Vec<String> = whole.chars().map(String::from).collect();
            assert_eq!(read(&signs.iter().map(String::as_str).collect::<Vec<_>>()), text, "{whole}");
        }
    }

    #[test]
    fn what_follows_the_text_is_no_part_of_it() {
        assert_eq!(read(&["{\"input\":\"a\",\"more\":1}", " {"]), "a");
        assert_eq!(read(&["{\"input\":\"a"]), "a", "cut off");
    }

    #[test]
    fn other_arguments_stay_as_they_are() {
        for said in
            ["{\"command\":\"ls\"}", "{\"input\":7}", "{}", "ls -l", "{\"inp", "[\"input\"]", "\"ls\"", ""]
        {
            assert_eq!(read(&[said]), said);
            let signs: Vec<String> = said.chars().map(String::from).collect();
            assert_eq!(read(&signs.iter().map(String::as_str).collect::<Vec<_>>()), said);
        }
    }

    #[test]
    fn broken_escapes_lose_only_themselves() {
        for (said, text) in [
            (r"\ud83dx", "\u{fffd}x"),
            (r"\ud83d\u0041", "\u{fffd}A"),
            (r"\ude00x", "\u{fffd}x"),
            (r"\u+123x", "\u{fffd}+123x"),
            (r"\ü\", "ü"),
            (r"\u12ü3 ", "\u{fffd}12ü3 "),
        ] {
            assert_eq!(read(&["{\"input\":\"", said]), text, "{said}");
        }
    }
}
