//! Messages on a pipe: a JSON head and bytes, each with its length before it.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{Error, ErrorKind, Read, Result, Write};

/// The longest head: a grant over many thousand files.
const HEAD_BYTES_MAX: u32 = 64 << 20;
/// The most bytes after it: a table.
const BODY_BYTES_MAX: u32 = 256 << 20;

/// Writes a message whole.
pub(crate) fn write(to: &mut impl Write, head: &impl Serialize, body: &[u8]) -> Result<()> {
    let head = serde_json::to_vec(head)?;
    for (part, max) in [(head.as_slice(), HEAD_BYTES_MAX), (body, BODY_BYTES_MAX)] {
        let length = u32::try_from(part.len()).ok().filter(|n| *n <= max);
        let length = length.ok_or_else(|| Error::new(ErrorKind::InvalidData, "the message is too long"))?;
        to.write_all(&length.to_be_bytes())?;
        to.write_all(part)?;
    }
    to.flush()
}

/// Reads a message; what is too long, cut off or of another form is an error.
pub(crate) fn read<T: DeserializeOwned>(from: &mut impl Read) -> Result<(T, Vec<u8>)> {
    let head = part(from, HEAD_BYTES_MAX)?;
    let body = part(from, BODY_BYTES_MAX)?;
    // The text of a JSON error may quote the message.
    let head = serde_json::from_slice(&head)
        .map_err(|_| Error::new(ErrorKind::InvalidData, "the message is of another form"))?;
    Ok((head, body))
}

fn part(from: &mut impl Read, max: u32) -> Result<Vec<u8>> {
    let mut length = [0u8; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    if length > max {
        return Err(Error::new(ErrorKind::InvalidData, "the message is too long"));
    }
    // Room grows with what arrives, not with what is announced.
    let mut bytes = Vec::new();
    from.take(u64::from(length)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 != u64::from(length) {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_arrive_whole_or_not_at_all() {
        let mut pipe = Vec::new();
        write(&mut pipe, &("head", 1), b"body").unwrap();
        let (head, body): ((String, u32), Vec<u8>) = read(&mut pipe.as_slice()).unwrap();
        assert_eq!((head, body), (("head".to_owned(), 1), b"body".to_vec()));
        for end in 0..pipe.len() {
            assert!(read::<(String, u32)>(&mut &pipe[..end]).is_err(), "{end}");
        }
        assert!(read::<u32>(&mut pipe.as_slice()).is_err());
        assert!(read::<u32>(&mut [255; 64].as_slice()).is_err());
    }
}
