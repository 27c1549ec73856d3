//! Access tokens on somebody's own machine: in the environment, in a file, or kept after signing in. What others may read
//! is not taken.

use crate::fault::Fault;
use cloister_client::{SignedIn, is_token};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// A credential that is kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Credential {
    /// Whose it is.
    pub(crate) name: String,
    /// It.
    pub(crate) token: String,
    /// When it ends.
    pub(crate) ends_at: String,
}

impl From<SignedIn> for Credential {
    fn from(signed_in: SignedIn) -> Self {
        let SignedIn { name, token, ends_at } = signed_in;
        Self { name, token, ends_at }
    }
}

/// The token that somebody gives with a command: `CLOISTER_TOKEN`, or a file that only they may read.
pub(crate) fn given(file: Option<&Path>) -> Result<Option<String>, Fault> {
    let text = match (std::env::var("CLOISTER_TOKEN"), file) {
        (Ok(text), _) if !text.trim().is_empty() => text,
        (Err(std::env::VarError::NotUnicode(_)), _) => return Err(no_token()),
        (_, Some(file)) => private(file)?,
        (_, None) => return Ok(None),
    };
    let text = text.trim();
    if is_token(text) { Ok(Some(text.to_owned())) } else { Err(no_token()) }
}

fn no_token() -> Fault {
    Fault::failed("token", "what was given as an access token is none")
}

/// A file that only its owner may read.
fn private(path: &Path) -> Result<String, Fault> {
    let wrong = |e: &dyn std::fmt::Display| Fault::failed("token-file", format!("{}: {e}", path.display()));
    let mode = std::fs::metadata(path).map_err(|e| wrong(&e))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(wrong(&"others may read it (it should have mode 0600)"));
    }
    std::fs::read_to_string(path).map_err(|e| wrong(&e))
}

/// Where credentials are kept: `CLOISTER_CONFIG`, or `cloister` in the user's folder of settings.
fn folder() -> Result<PathBuf, Fault> {
    let of = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let below = |name: &str, more: &str| of(name).map(|folder| folder.join(more));
    of("CLOISTER_CONFIG")
        .or_else(|| below("XDG_CONFIG_HOME", "cloister"))
        .or_else(|| below("HOME", ".config/cloister"))
        .ok_or_else(|| {
            Fault::failed("no-home", "there is no folder to keep a credential in (set CLOISTER_CONFIG)")
        })
}

type Kept = BTreeMap<String, Credential>;

fn read(path: &Path) -> Result<Kept, Fault> {
    if !path.exists() {
        return Ok(Kept::new());
    }
    let text = private(path)?;
    serde_json::from_str(&text)
        .map_err(|_| Fault::failed("credentials", format!("{} cannot be read", path.display())))
}

/// The credential that is kept for a server.
pub(crate) fn kept(server: &str) -> Result<Option<Credential>, Fault> {
    Ok(read(&folder()?.join("credentials.json"))?.remove(server))
}

/// Keeps a server's credential in the place of an earlier one, or none any more.
pub(crate) fn keep(server: &str, credential: Option<Credential>) -> Result<PathBuf, Fault> {
    let folder = folder()?;
    let path = folder.join("credentials.json");
    let mut all = read(&path)?;
    match credential {
        Some(credential) => all.insert(server.to_owned(), credential),
        None => all.remove(server),
    };
    write(&folder, &path, &all)
        .map_err(|e| Fault::failed("credentials", format!("{}: {e}", path.display())))?;
    Ok(path)
}

/// Written beside and moved into its place: whoever reads meanwhile reads the one or the other.
fn write(folder: &Path, path: &Path, all: &Kept) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let beside = folder.join(format!("credentials.{}.new", std::process::id()));
    let written = || {
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        file.write_all(&serde_json::to_vec_pretty(all)?)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    };
    written().inspect_err(|_| {
        let _ = std::fs::remove_file(&beside);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_ones_own() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("settings/cloister");
        let path = inside.join("credentials.json");
        let credential =
            Credential { name: "ada".into(), token: "t".repeat(40), ends_at: "2026-01-02T00:00:00Z".into() };
        let all = Kept::from([("https://hub.example".to_owned(), credential.clone())]);
        write(&inside, &path, &all).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&inside)), (0o600, 0o700));
        assert!(read(&path).unwrap() == all);
        // Again, in its place.
        write(&inside, &path, &Kept::new()).unwrap();
        assert!(read(&path).unwrap().is_empty());
        assert_eq!(std::fs::read_dir(&inside).unwrap().count(), 1);
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        assert_eq!(read(&path).err().unwrap().code(), "token-file");
    }
}
