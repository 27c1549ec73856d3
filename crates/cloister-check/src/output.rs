//! A folder of files, written whole or not at all.

use crate::error::{CheckError, Problem};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// A file to write, by its path in the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputFile {
    /// The path, with `/` between its parts.
    pub path: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// Every file of a check's folder that is always there.
pub(crate) const REPORTS: [&str; 3] = ["findings.txt", "findings.json", "report.html"];
/// The folder for the SACRO viewer.
pub(crate) const ACRO: &str = "acro";

/// The time of a check, to the second, in UTC.
pub fn now() -> String {
    let now = chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now());
    now.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Writes files into a new folder: they are made beside it and get its name when all are on the disk.
///
/// # Errors
/// If there is something of that name; with `force`, if it is anything but the folder of an earlier check.
pub fn write_folder(folder: &Path, files: &[OutputFile], force: bool) -> Result<(), CheckError> {
    let name = folder.display().to_string();
    let failed = |e: std::io::Error| Problem::File(e.kind().to_string()).whole().of(&name);
    let there = folder.symlink_metadata().is_ok();
    if there && !(force && is_check(folder)) {
        return Err(Problem::Exists.whole().of(&name));
    }
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(parent).map_err(failed)?;
    let staging = tempfile::Builder::new().prefix(".check-").tempdir_in(parent).map_err(failed)?;
    let made = staging.path().join("new");
    std::fs::create_dir(&made).map_err(failed)?;
    for file in files {
        write(&made, file).map_err(failed)?;
    }
    File::open(&made).and_then(|f| f.sync_all()).map_err(failed)?;
    if there {
        std::fs::rename(folder, staging.path().join("old")).map_err(failed)?;
    }
    std::fs::rename(&made, folder).map_err(failed)?;
    File::open(parent).and_then(|f| f.sync_all()).map_err(failed)
}

fn write(folder: &Path, file: &OutputFile) -> std::io::Result<()> {
    let path: PathBuf = file.path.split('/').fold(folder.to_path_buf(), |path, part| path.join(part));
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let mut out = File::create_new(path)?;
    out.write_all(&file.bytes)?;
    out.sync_all()
}

/// Whether a folder was made by a check: it has its reports.
fn is_check(folder: &Path) -> bool {
    folder.is_dir() && !folder.is_symlink() && REPORTS.iter().all(|r| folder.join(r).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> OutputFile {
        OutputFile { path: path.into(), bytes: text.into() }
    }

    #[test]
    fn a_folder_is_written_whole_and_not_twice() {
        let home = tempfile::tempdir().unwrap();
        let out = home.path().join("a/out");
        let files = [file("findings.txt", "1"), file("findings.json", "{}"), file("report.html", "")];
        write_folder(&out, &files, false).unwrap();
        let more = [&files[..], &[file("acro/checksums/x.txt", "2")]].concat();
        assert_eq!(write_folder(&out, &more, false).unwrap_err().code(), "exists");
        assert!(!out.join("acro").exists());
        write_folder(&out, &more, true).unwrap();
        assert_eq!(std::fs::read_to_string(out.join("acro/checksums/x.txt")).unwrap(), "2");
        let left: Vec<_> = std::fs::read_dir(out.parent().unwrap()).unwrap().collect();
        assert_eq!(left.len(), 1);
    }

    #[test]
    fn somebody_elses_folder_is_never_replaced() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("thesis.txt"), "years of work").unwrap();
        let error = write_folder(home.path(), &[file("findings.txt", "1")], true).unwrap_err();
        assert_eq!(error.code(), "exists");
        assert!(home.path().join("thesis.txt").exists());
    }

    #[test]
    fn what_cannot_be_written_leaves_nothing() {
        let home = tempfile::tempdir().unwrap();
        let out = home.path().join("out");
        let twice = [file("a", "1"), file("a", "2")];
        assert_eq!(write_folder(&out, &twice, false).unwrap_err().code(), "file");
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
    }
}
