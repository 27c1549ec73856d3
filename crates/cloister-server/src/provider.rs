//! The settings of a sign-in provider (OpenID Connect).

use cloister_http::ProviderSettings;
use serde::Deserialize;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A sign-in provider. What each is for stands in `deploy/cloisterd.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ProviderConfig {
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    #[serde(default)]
    pub(crate) client_secret_file: Option<PathBuf>,
    #[serde(default)]
    pub(crate) device_client_id: Option<String>,
    #[serde(default = "name")]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) scopes: Vec<String>,
    #[serde(default)]
    pub(crate) amr: Vec<String>,
    #[serde(default)]
    pub(crate) acr: Vec<String>,
    #[serde(default)]
    pub(crate) ca_file: Option<PathBuf>,
    #[serde(default = "yes")]
    pub(crate) passwords: bool,
}

fn name() -> String {
    "your organisation".to_owned()
}

fn yes() -> bool {
    true
}

impl ProviderConfig {
    /// Paths are relative to where the settings lie.
    pub(crate) fn beside(&mut self, folder: &Path) {
        for path in self.client_secret_file.iter_mut().chain(&mut self.ca_file) {
            *path = folder.join(&*path);
        }
    }

    pub(crate) fn validate(&self) -> Result<(), String> {
        let wrong = |name: &str, why: &str| Err(format!("provider.{name} {why}"));
        let host = |scheme: &str| self.issuer.strip_prefix(scheme).and_then(|rest| rest.split('/').next());
        let local = |host: &str| {
            let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
            ["localhost", "127.0.0.1", "[::1]"].contains(&name)
        };
        let secure = host("https://").is_some_and(|host| !host.is_empty());
        if !secure && !host("http://").is_some_and(local) {
            return wrong("issuer", "must begin with https://, but for this machine alone");
        }
        if self.issuer.contains(['?', '#', ' ', '@']) {
            return wrong("issuer", "must be an address without a query, as the provider's tokens name it");
        }
        if self.client_id.trim().is_empty() {
            return wrong("client-id", "must not be empty");
        }
        if self.device_client_id.as_ref().is_some_and(|id| id.trim().is_empty() || *id == self.client_id) {
            return wrong("device-client-id", "must be another client than client-id: it has no secret");
        }
        if self.name.trim().is_empty() || self.name.chars().any(char::is_control) {
            return wrong("name", "must be a name that people read");
        }
        let unfit = |word: &String| word.is_empty() || word.contains(char::is_whitespace);
        for (name, words) in [("scopes", &self.scopes), ("amr", &self.amr), ("acr", &self.acr)] {
            if words.iter().any(unfit) {
                return wrong(name, "must be words without spaces");
            }
        }
        Ok(())
    }

    /// The provider for people who reach the hub there. Reads the files that the settings name.
    pub(crate) fn provider(&self, origin: &str) -> Result<ProviderSettings, String> {
        let secret = self.client_secret_file.as_deref().map(secret).transpose()?;
        let read = |path: &PathBuf| std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()));
        Ok(ProviderSettings {
            issuer: self.issuer.clone(),
            name: self.name.clone(),
            client_id: self.client_id.clone(),
            client_secret: secret,
            device_client_id: self.device_client_id.clone(),
            scopes: self.scopes.clone(),
            amr: self.amr.clone(),
            acr: self.acr.clone(),
            ca: self.ca_file.as_ref().map(read).transpose()?,
            passwords: self.passwords,
            origin: origin.to_owned(),
        })
    }
}

/// A secret from its file, which nobody else may read.
fn secret(path: &Path) -> Result<String, String> {
    let wrong = |e: &dyn std::fmt::Display| format!("{}: {e}", path.display());
    let mode = std::fs::metadata(path).map_err(|e| wrong(&e))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(wrong(&"others may read it (it should have mode 0600)"));
    }
    let text = std::fs::read_to_string(path).map_err(|e| wrong(&e))?;
    let text = text.trim();
    if text.is_empty() { Err(wrong(&"it is empty")) } else { Ok(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_others_can_read_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, "s3cret\n").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        assert!(secret(&path).unwrap_err().contains("0600"));
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        assert_eq!(secret(&path).unwrap(), "s3cret");
        std::fs::write(&path, "\n").unwrap();
        assert!(secret(&path).unwrap_err().contains("empty"));
    }
}
