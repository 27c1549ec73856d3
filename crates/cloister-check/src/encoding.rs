//! Bytes to text and back, without a change to what is not edited.

use crate::error::{Fault, Problem};

/// How a file's text is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
}

/// A file's text, and how to make its bytes again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decoded {
    pub(crate) text: String,
    encoding: Encoding,
    bom: bool,
}

impl Decoded {
    /// Reads UTF-8, with or without a byte order mark, and UTF-16 with one.
    pub(crate) fn read(bytes: Vec<u8>) -> Result<Self, Fault> {
        if let Some(rest) = bytes.strip_prefix(&[0xFF, 0xFE]) {
            return utf16(rest, Encoding::Utf16Le);
        }
        if let Some(rest) = bytes.strip_prefix(&[0xFE, 0xFF]) {
            return utf16(rest, Encoding::Utf16Be);
        }
        let (bytes, bom) = match bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]) {
            Some(rest) => (rest.to_vec(), true),
            None => (bytes, false),
        };
        let text = String::from_utf8(bytes).map_err(|e| {
            let good = e.as_bytes().iter().take(e.utf8_error().valid_up_to());
            Problem::Encoding.in_row(good.filter(|b| **b == b'\n').count())
        })?;
        Ok(Self { text, encoding: Encoding::Utf8, bom })
    }

    /// The bytes of a text in this file's encoding.
    pub(crate) fn bytes(&self, text: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len() + 3);
        match self.encoding {
            Encoding::Utf8 => {
                if self.bom {
                    out.extend([0xEF, 0xBB, 0xBF]);
                }
                out.extend(text.as_bytes());
            }
            Encoding::Utf16Le => {
                out.extend([0xFF, 0xFE]);
                out.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
            }
            Encoding::Utf16Be => {
                out.extend([0xFE, 0xFF]);
                out.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
            }
        }
        out
    }
}

fn utf16(bytes: &[u8], encoding: Encoding) -> Result<Decoded, Fault> {
    let mut text = String::with_capacity(bytes.len() / 2);
    let pairs = bytes.chunks(2).map(|pair| match (pair, encoding) {
        ([a, b], Encoding::Utf16Le) => u16::from_le_bytes([*a, *b]),
        ([a, b], _) => u16::from_be_bytes([*a, *b]),
        // Half a unit: a lone surrogate, which is refused below.
        _ => 0xD800,
    });
    for unit in char::decode_utf16(pairs) {
        match unit {
            Ok(c) => text.push(c),
            Err(_) => return Err(Problem::Encoding.in_row(text.matches('\n').count())),
        }
    }
    Ok(Decoded { text, encoding, bom: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_is_written_as_it_was_read() {
        let text = "é,1\r\n𝒜,2\r\n";
        let le: Vec<u8> =
            [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let be: Vec<u8> =
            [0xFE, 0xFF].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect();
        let bom = format!("\u{feff}{text}").into_bytes();
        for bytes in [text.as_bytes().to_vec(), bom, le, be] {
            let decoded = Decoded::read(bytes.clone()).unwrap();
            assert_eq!(decoded.text, text);
            assert_eq!(decoded.bytes(&decoded.text), bytes);
        }
    }

    #[test]
    fn other_encodings_are_refused_with_the_row() {
        let latin = Decoded::read(b"a,b\nM\xE4le,1\n".to_vec()).unwrap_err().of("t");
        assert_eq!((latin.code(), latin.row()), ("encoding", Some(2)));
        let half = Decoded::read(vec![0xFF, 0xFE, b'a']).unwrap_err().of("t");
        assert_eq!(half.code(), "encoding");
    }
}
