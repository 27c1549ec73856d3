//! How long files are.

use std::path::{Path, PathBuf};

/// A file that is longer is not pleasant any more.
const LINES_MAX: usize = 600;

/// Source files that are too long.
pub fn problems(root: &Path) -> Vec<String> {
    let mut problems = Vec::new();
    for folder in ["crates", "tests", "xtask"] {
        for file in sources(&root.join(folder)) {
            let lines = std::fs::read_to_string(&file).map_or(0, |t| t.lines().count());
            if lines > LINES_MAX {
                problems.push(format!("{}: {lines} lines, of at most {LINES_MAX}", file.display()));
            }
        }
    }
    problems
}

/// The Rust files under a folder.
pub fn sources(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files = Vec::new();
    for path in entries.flatten().map(|e| e.path()) {
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}
