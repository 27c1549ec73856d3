//! Putting files where they belong, whole or not at all.

use crate::StoreError;
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// Makes a file that only its owner may read; fails where it exists.
pub(crate) fn open_private(path: &Path) -> std::io::Result<File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}

/// Writes a file that did not exist and puts it on the disk; only its owner may read it.
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let mut file = open_private(path).map_err(StoreError::file(path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(StoreError::file(path))
}

/// Puts a folder's list of names on the disk.
pub fn sync_folder(path: &Path) -> Result<(), StoreError> {
    // The parent of a relative path of one part.
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    File::open(path).and_then(|f| f.sync_all()).map_err(StoreError::file(path))
}

/// Removes a file or folder, if it is there.
pub fn remove(path: &Path) -> Result<(), StoreError> {
    let done = match std::fs::symlink_metadata(path) {
        Ok(m) if m.is_dir() => std::fs::remove_dir_all(path),
        Ok(_) => std::fs::remove_file(path),
        Err(e) => Err(e),
    };
    match done {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(StoreError::file(path)(e)),
        _ => Ok(()),
    }
}

/// Moves a finished file or folder, whose contents are on the disk already, to its place.
pub fn publish(from: &Path, to: &Path) -> Result<(), StoreError> {
    if let Some(parent) = to.parent() {
        std::fs::create_dir_all(parent).map_err(StoreError::file(parent))?;
        std::fs::rename(from, to).map_err(StoreError::file(to))?;
        sync_folder(parent)?;
        if let Some(grandparent) = parent.parent() {
            sync_folder(grandparent)?;
        }
    }
    Ok(())
}
