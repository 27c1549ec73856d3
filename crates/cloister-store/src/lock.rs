//! Locks between processes. The operating system frees them when a process dies.

use crate::StoreError;
use std::fs::{File, TryLockError};
use std::path::Path;

/// A lock that is held until this is dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock at a path, or says that another process has it.
    ///
    /// # Errors
    /// [`StoreError::Busy`] with `busy` as its text.
    pub fn take(path: &Path, busy: &'static str) -> Result<Self, StoreError> {
        loop {
            let file = open(path)?;
            match file.try_lock() {
                // Whoever cleared up between our opening and our locking has removed the file's name.
                Ok(()) if is_at(&file, path) => return Ok(Self { _file: file }),
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(StoreError::Busy(busy)),
                Err(TryLockError::Error(e)) => return Err(StoreError::file(path)(e)),
            }
        }
    }

    /// Takes the lock at a path of one's own: another process that clears up may have it for a moment, and may
    /// remove it.
    pub(crate) fn own(path: &Path) -> Result<Self, StoreError> {
        loop {
            let lock = Self::wait(path)?;
            if is_at(&lock._file, path) {
                return Ok(lock);
            }
        }
    }

    /// Takes a lock that is held while others are awaited: a thread that waits for it must not be one that whoever has
    /// it needs to go on.
    pub(crate) async fn wait_aside(path: std::path::PathBuf) -> Result<Self, StoreError> {
        let wait = tokio::task::spawn_blocking({
            let path = path.clone();
            move || Self::wait(&path)
        });
        wait.await.map_err(|e| StoreError::file(path)(std::io::Error::other(e)))?
    }

    /// Takes the lock at a path, waiting for whoever has it; only for what is held for a moment.
    pub(crate) fn wait(path: &Path) -> Result<Self, StoreError> {
        let file = open(path)?;
        file.lock().map_err(StoreError::file(path))?;
        Ok(Self { _file: file })
    }
}

/// Whether the path still names this file.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(open), Ok(named)) => (open.dev(), open.ino()) == (named.dev(), named.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

fn open(path: &Path) -> Result<File, StoreError> {
    let mut options = File::options();
    options.write(true).create(true).truncate(false);
    options.open(path).map_err(StoreError::file(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who clears up takes a lock that its owner has made and not yet taken.
    #[test]
    fn an_owner_outlasts_who_clears_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.lock");
        let clearing = Lock::take(&path, "busy").unwrap();
        let owner = std::thread::scope(|scope| {
            let owner = scope.spawn(|| Lock::own(&path).unwrap());
            std::thread::sleep(std::time::Duration::from_millis(50));
            std::fs::remove_file(&path).unwrap();
            drop(clearing);
            owner.join().unwrap()
        });
        assert!(is_at(&owner._file, &path));
        assert!(Lock::take(&path, "busy").is_err());
    }

    #[test]
    fn one_holder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.lock");
        let held = Lock::take(&path, "busy").unwrap();
        assert_eq!(Lock::take(&path, "busy").unwrap_err().to_string(), "busy");
        // A lock on a file that was removed keeps nobody out, and nobody is given one.
        std::fs::remove_file(&path).unwrap();
        let second = Lock::take(&path, "busy").unwrap();
        assert!(Lock::take(&path, "busy").is_err());
        drop((held, second));
        assert!(Lock::take(&path, "busy").is_ok());
    }
}
