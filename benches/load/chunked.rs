//! Takes the chunk frames of HTTP/1.1 out of a body that arrives in pieces.

/// Where in the frames the next byte stands.
#[derive(Default)]
enum State {
    #[default]
    Size,
    Bytes,
    /// The line end behind a chunk.
    Gap,
    /// Trailer lines after the last chunk; an empty one ends the body.
    Trailer,
    End,
}

/// Decodes one body.
#[derive(Default)]
pub struct Decoder {
    state: State,
    line: Vec<u8>,
    left: usize,
}

impl Decoder {
    /// Appends what `input` carries of the body to `output`. The frames must be sound: nobody here sends others.
    pub fn feed(&mut self, mut input: &[u8], output: &mut Vec<u8>) {
        while let Some(&byte) = input.first() {
            match self.state {
                State::Bytes => {
                    let taken = input.len().min(self.left);
                    output.extend_from_slice(&input[..taken]);
                    input = &input[taken..];
                    self.left -= taken;
                    if self.left == 0 {
                        self.state = State::Gap;
                    }
                    continue;
                }
                State::Size | State::Gap | State::Trailer => self.read_line(byte),
                State::End => return,
            }
            input = &input[1..];
        }
    }

    /// True once the last chunk and its trailer have been read.
    pub fn ended(&self) -> bool {
        matches!(self.state, State::End)
    }

    fn read_line(&mut self, byte: u8) {
        if byte != b'\n' {
            self.line.push(byte);
            return;
        }
        let line = String::from_utf8_lossy(&self.line).trim().to_owned();
        self.line.clear();
        self.state = match self.state {
            State::Size => self.chunk_of(&line),
            State::Gap => State::Size,
            State::Trailer if line.is_empty() => State::End,
            State::Trailer => State::Trailer,
            State::Bytes | State::End => return,
        };
    }

    fn chunk_of(&mut self, line: &str) -> State {
        let size = line.split(';').next().unwrap_or_default();
        self.left = usize::from_str_radix(size, 16).unwrap_or(0);
        if self.left == 0 { State::Trailer } else { State::Bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = b"5\r\ndata:\r\na;x=1\r\n 12345678\n\r\n0\r\n\r\n";

    #[test]
    fn any_cut_gives_the_same_body() {
        for cut in 0..BODY.len() {
            let (mut decoder, mut body) = (Decoder::default(), Vec::new());
            decoder.feed(&BODY[..cut], &mut body);
            assert!(!decoder.ended(), "cut at {cut}");
            decoder.feed(&BODY[cut..], &mut body);
            assert!(decoder.ended(), "cut at {cut}");
            assert_eq!(body, b"data: 12345678\n", "cut at {cut}");
        }
    }

    #[test]
    fn what_follows_the_last_chunk_is_left_out() {
        let (mut decoder, mut body) = (Decoder::default(), Vec::new());
        decoder.feed(b"1\r\na\r\n0\r\n\r\nHTTP/1.1", &mut body);
        assert_eq!(body, b"a");
    }
}
