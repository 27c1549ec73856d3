//! Which file is which table.

use crate::LandingError;
use cloister_governance::{Contract, TableContract};
use cloister_model::{Digest, Hasher};
use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Csv,
    GzippedCsv,
    Parquet,
}

/// A file of an extract.
#[derive(Clone, Debug)]
pub(crate) struct InputFile {
    pub(crate) path: PathBuf,
    pub(crate) name: String,
    pub(crate) format: Format,
    pub(crate) bytes: u64,
    digest: Digest,
}

/// An extract's files, by table.
#[derive(Clone, Debug)]
pub struct Inputs {
    pub(crate) tables: HashMap<String, Vec<InputFile>>,
}

impl Inputs {
    /// Names this extract by content, whatever its files are called and in whatever order they come.
    pub fn digest(&self) -> Digest {
        let files = self
            .tables
            .iter()
            .flat_map(|(t, files)| files.iter().map(move |f| format!("{t} {}\n", f.digest)));
        let mut lines: Vec<String> = files.collect();
        lines.sort();
        Digest::of(lines.concat().as_bytes())
    }

    /// The number of files.
    pub fn files(&self) -> usize {
        self.tables.values().map(Vec::len).sum()
    }
}

/// Finds the files of an extract in files and folders. Everything that does not fit is listed.
pub fn resolve_inputs(contract: &Contract, paths: &[PathBuf]) -> Result<Inputs, LandingError> {
    let mut problems = Vec::new();
    let mut files = Vec::new();
    for path in paths {
        if let Err(e) = collect(path, &mut files) {
            problems.push(format!("{}: cannot be read ({})", path.display(), e.kind()));
        }
    }
    files.sort();
    let mut tables: HashMap<String, Vec<InputFile>> = HashMap::new();
    for input in inputs(contract, &files) {
        match input {
            Ok((table, file)) => {
                let of_table = tables.entry(table.name.as_str().to_owned()).or_default();
                match of_table.iter().find(|f| f.digest == file.digest) {
                    Some(same) => {
                        problems.push(format!("{}: has the same content as {}", file.name, same.name))
                    }
                    None => of_table.push(file),
                }
            }
            Err(problem) => problems.push(problem),
        }
    }
    for table in contract.tables.iter().filter(|t| !t.optional && !tables.contains_key(t.name.as_str())) {
        problems.push(format!("no file for the table `{}` ({})", table.name, table.files.join(" or ")));
    }
    if problems.is_empty() && tables.is_empty() {
        problems.push("there are no files".to_owned());
    }
    if problems.is_empty() { Ok(Inputs { tables }) } else { Err(LandingError::Inputs(problems)) }
}

/// Files of a folder, without those of folders within it and without hidden ones.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !path.is_dir() {
        File::open(path)?;
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if !hidden && entry.path().is_file() && data_file(&entry.path()) {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// A folder may hold a licence or notes beside the data; a file named on its own may not.
fn data_file(path: &Path) -> bool {
    let name = file_name(path).to_lowercase();
    [".csv", ".csv.gz", ".parquet"].iter().any(|ending| name.ends_with(ending))
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}

type Input<'a> = Result<(&'a TableContract, InputFile), String>;

/// Every file's [`input`], in order: the hashing of a large extract takes all processors.
fn inputs<'a>(contract: &'a Contract, files: &[PathBuf]) -> Vec<Input<'a>> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = files.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let hash = |part: &'_ [PathBuf]| part.iter().map(|path| input(contract, path)).collect::<Vec<_>>();
        let workers: Vec<_> =
            files.chunks(share).map(|part| (part, scope.spawn(move || hash(part)))).collect();
        let stopped = |part: &[PathBuf]| {
            part.iter().map(|path| Err(format!("{}: could not be read", file_name(path)))).collect()
        };
        workers
            .into_iter()
            .flat_map(|(part, worker)| worker.join().unwrap_or_else(|_| stopped(part)))
            .collect()
    })
}

fn input<'a>(contract: &'a Contract, path: &Path) -> Result<(&'a TableContract, InputFile), String> {
    let name = file_name(path);
    let matches = |t: &&TableContract| t.files.iter().any(|pattern| fits(pattern, &name));
    let tables: Vec<&TableContract> = contract.tables.iter().filter(matches).collect();
    let table = match tables.as_slice() {
        [table] => *table,
        [] => return Err(format!("{name}: is no file of this contract")),
        [first, second, ..] => {
            return Err(format!("{name}: could be the table `{}` or `{}`", first.name, second.name));
        }
    };
    let unreadable = |e: std::io::Error| format!("{name}: cannot be read ({})", e.kind());
    let mut file = File::open(path).map_err(unreadable)?;
    let (mut hasher, mut buffer, mut bytes) = (Hasher::new(), vec![0u8; 1 << 16], 0u64);
    let mut start: Vec<u8> = Vec::new();
    loop {
        let read = file.read(&mut buffer).map_err(unreadable)?;
        let Some(part) = buffer.get(..read).filter(|part| !part.is_empty()) else { break };
        if start.is_empty() {
            start = part.iter().take(4).copied().collect();
        }
        hasher.update(part);
        bytes += part.len() as u64;
    }
    if bytes == 0 {
        return Err(format!("{name}: is empty"));
    }
    let format = format_of(&name, &start)?;
    Ok((table, InputFile { path: path.to_owned(), name, format, bytes, digest: hasher.finish() }))
}

/// By the name, and the first bytes must agree.
fn format_of(name: &str, start: &[u8]) -> Result<Format, String> {
    let lower = name.to_lowercase();
    let by_name = if lower.ends_with(".gz") {
        Format::GzippedCsv
    } else if lower.ends_with(".parquet") {
        Format::Parquet
    } else {
        Format::Csv
    };
    let by_content = match start {
        [0x1f, 0x8b, ..] => Format::GzippedCsv,
        b"PAR1" | b"PARE" => Format::Parquet,
        _ => Format::Csv,
    };
    if by_name == by_content {
        Ok(by_name)
    } else {
        let expected = match by_name {
            Format::Csv => "CSV",
            Format::GzippedCsv => "gzip",
            Format::Parquet => "Parquet",
        };
        Err(format!("{name}: is not {expected}, as its name says"))
    }
}

/// Whether a file name is one of a pattern's, without regard to case; `.gz` may follow.
fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_lowercase(), name.to_lowercase());
    let bare = name.strip_suffix(".gz").unwrap_or(&name);
    glob(pattern.as_bytes(), name.as_bytes()) || glob(pattern.as_bytes(), bare.as_bytes())
}

fn glob(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), None) => glob(rest, name),
        (Some((b'*', rest)), Some((_, after))) => glob(rest, name) || glob(pattern, after),
        (Some((p, pattern)), Some((n, name))) => p == n && glob(pattern, name),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, name, fitting) in [
            ("person.csv", "PERSON.csv", true),
            ("person.csv", "person.csv.gz", true),
            ("person*.csv", "person_2.CSV", true),
            ("person*.csv", "persons.csv.bak", false),
            ("person.csv", "xperson.csv", false),
            ("*", "", true),
        ] {
            assert_eq!(fits(pattern, name), fitting, "{pattern} {name}");
        }
    }
}
