//! Keys as files: 64 hexadecimal digits that only their owner may read.

use crate::StoreError;
use crate::publish::{open_private, sync_folder};
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::path::Path;
use zeroize::Zeroizing;

/// Makes a key of the operating system's randomness. Fails where the file exists.
pub fn create_key(path: &Path) -> Result<(), StoreError> {
    let mut key = Zeroizing::new([0u8; 32]);
    getrandom::fill(key.as_mut())
        .map_err(|e| StoreError::file(path)(std::io::Error::other(e.to_string())))?;
    let mut text = Zeroizing::new(String::with_capacity(65));
    for byte in key.iter() {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.push('\n');
    let mut file = open_private(path).map_err(StoreError::file(path))?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(StoreError::file(path))?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// Reads a key, and refuses one that others could have read.
pub fn read_key(path: &Path) -> Result<Zeroizing<[u8; 32]>, StoreError> {
    let mut file = std::fs::File::open(path).map_err(StoreError::file(path))?;
    refuse_exposed(&file, path)?;
    let mut text = Zeroizing::new(Vec::with_capacity(128));
    Read::take(&mut file, 128).read_to_end(&mut text).map_err(StoreError::file(path))?;
    let mut key = Zeroizing::new([0u8; 32]);
    let (pairs, rest) = text.trim_ascii_end().as_chunks::<2>();
    if pairs.len() != key.len() || !rest.is_empty() {
        return Err(StoreError::KeyForm(path.to_owned()));
    }
    for (byte, [high, low]) in key.iter_mut().zip(pairs) {
        let digit = |d: &u8| char::from(*d).to_digit(16).and_then(|d| u8::try_from(d).ok());
        match (digit(high), digit(low)) {
            (Some(high), Some(low)) => *byte = high << 4 | low,
            _ => return Err(StoreError::KeyForm(path.to_owned())),
        }
    }
    Ok(key)
}

/// Refuses a file with a secret that others than its owner can read.
pub(crate) fn refuse_exposed(file: &std::fs::File, path: &Path) -> Result<(), StoreError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = file.metadata().map_err(StoreError::file(path))?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(StoreError::KeyExposed(path.to_owned()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_only_its_owner_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.key");
        create_key(&path).unwrap();
        let key = read_key(&path).unwrap();
        assert_eq!(read_key(&path).unwrap(), key);
        assert_eq!(create_key(&path).unwrap_err().code(), "file");
        assert_eq!(read_key(&path).unwrap(), key);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            for wide in [0o640, 0o604, 0o660] {
                std::fs::set_permissions(&path, PermissionsExt::from_mode(wide)).unwrap();
                assert_eq!(read_key(&path).unwrap_err().code(), "key-exposed");
            }
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        }
        for wrong in ["", "00", &"g".repeat(64), &"0".repeat(63), &"0".repeat(66)] {
            std::fs::write(&path, wrong).unwrap();
            assert_eq!(read_key(&path).unwrap_err().code(), "key-form", "{wrong}");
        }
    }
}
