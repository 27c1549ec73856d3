//! A package as one ZIP file: always the same bytes for the same files.

use crate::Files;
use crate::verify::is_name;
use std::io::{Cursor, Read, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

/// The most files of an archive that is read.
const FILES_MAX: usize = 1_000;
/// The most bytes of all files together.
const BYTES_MAX: u64 = 1 << 30;

/// What is wrong with an archive.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// It cannot be read or written.
    #[error("it is not a whole ZIP file")]
    Broken,
    /// It has a name that leads out of its folder, or one twice, or something that is no file.
    #[error("it holds `{0}`, which a package may not")]
    Name(String),
    /// It has more files, or unpacks to more, than a package may.
    #[error("it is larger than a package may be")]
    TooLarge,
}

/// The files as one archive.
///
/// # Errors
/// Where a name is none that a package may have.
pub fn zip(files: &Files) -> Result<Vec<u8>, ArchiveError> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    // Without a time of its own, so that it is always the same; not compressed, so that nothing unpacks.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    for (name, bytes) in files {
        if !is_name(name) {
            return Err(ArchiveError::Name(name.clone()));
        }
        writer.start_file(name.as_str(), options).map_err(|_| ArchiveError::Broken)?;
        writer.write_all(bytes).map_err(|_| ArchiveError::Broken)?;
    }
    Ok(writer.finish().map_err(|_| ArchiveError::Broken)?.into_inner())
}

/// The files of an archive.
///
/// # Errors
/// What is wrong with it.
pub fn unzip(bytes: &[u8]) -> Result<Files, ArchiveError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| ArchiveError::Broken)?;
    if archive.len() > FILES_MAX {
        return Err(ArchiveError::TooLarge);
    }
    let (mut files, mut left) = (Files::new(), BYTES_MAX);
    for index in 0..archive.len() {
        let file = archive.by_index(index).map_err(|_| ArchiveError::Broken)?;
        let name = file.name().map_err(|_| ArchiveError::Broken)?.into_owned();
        if !file.is_file() || file.is_symlink() || !is_name(&name) {
            return Err(ArchiveError::Name(name));
        }
        let mut bytes = Vec::new();
        // What it says of its size is not believed.
        file.take(left + 1).read_to_end(&mut bytes).map_err(|_| ArchiveError::Broken)?;
        left = u64::try_from(bytes.len())
            .ok()
            .and_then(|n| left.checked_sub(n))
            .ok_or(ArchiveError::TooLarge)?;
        if files.insert(name.clone(), bytes).is_some() {
            return Err(ArchiveError::Name(name));
        }
    }
    Ok(files)
}
