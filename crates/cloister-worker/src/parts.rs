//! The files of a workspace table on their way: the worker, which writes nothing, says them in parts, and the parent
//! puts them on the disk. They are encrypted under a key that the parent does not have.

use crate::frame;
use crate::report::Message;
use cloister_model::bucket_file;
use cloister_query::TableSink;
use std::fs::{File, OpenOptions};
use std::io::{Error, Result, Write};
use std::path::PathBuf;

/// The worker's end.
pub(crate) struct Said<'a, W>(pub(crate) &'a mut W);

impl<W: Write + Send> TableSink for Said<'_, W> {
    fn take(&mut self, bucket: u32, bytes: &[u8]) -> Result<()> {
        frame::write(self.0, &Message::Part { bucket }, bytes)
    }
}

/// The parent's end: a folder that was empty, and no more bytes than a table may have.
#[derive(Debug)]
pub(crate) struct Parts {
    folder: PathBuf,
    room: u64,
    current: Option<(u32, File)>,
}

impl Parts {
    pub(crate) fn new(folder: PathBuf, room: u64) -> Self {
        Self { folder, room, current: None }
    }

    /// Writes the next bytes of a bucket's file. Buckets ascend, and none comes twice.
    pub(crate) fn take(&mut self, bucket: u32, bytes: &[u8]) -> Result<()> {
        self.room = self
            .room
            .checked_sub(bytes.len() as u64)
            .ok_or_else(|| Error::other("the table is larger than it may be"))?;
        let file = match &mut self.current {
            Some((open, file)) if *open == bucket => file,
            _ => {
                self.end()?;
                let mut options = OpenOptions::new();
                options.write(true).create_new(true);
                #[cfg(unix)]
                std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
                let file = options.open(self.folder.join(bucket_file(bucket)))?;
                &mut self.current.insert((bucket, file)).1
            }
        };
        file.write_all(bytes)
    }

    /// Puts the files and their folder on the disk.
    pub(crate) fn finish(mut self) -> Result<()> {
        self.end()?;
        File::open(&self.folder)?.sync_all()
    }

    fn end(&mut self) -> Result<()> {
        match self.current.take() {
            Some((_, file)) => file.sync_all(),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_become_files_and_no_more_than_fits() {
        let folder = tempfile::tempdir().unwrap();
        let mut parts = Parts::new(folder.path().to_owned(), 10);
        for (bucket, bytes) in [(0, "ab"), (0, "c"), (2, "def")] {
            parts.take(bucket, bytes.as_bytes()).unwrap();
        }
        // A file that was ended is not opened again.
        assert!(parts.take(0, b"x").is_err());
        parts.finish().unwrap();
        let read = |bucket| std::fs::read_to_string(folder.path().join(bucket_file(bucket))).unwrap();
        assert_eq!((read(0).as_str(), read(2).as_str()), ("abc", "def"));
        let mut parts = Parts::new(folder.path().to_owned(), 3);
        assert!(parts.take(5, b"abcd").is_err());
    }
}
