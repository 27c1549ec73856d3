//! The reference data that lies beside a checkout. Crates whose tests stand apart include this file by its path.

use std::path::{Path, PathBuf};

/// The folder of this name beside the checkout, or where `CLOISTER_SHARED_DATA` says. Where this machine has none that
/// is said loudly, and is an error under `CI=true` unless `CLOISTER_NO_SHARED_DATA` admits it.
pub fn shared_data(checkout: &Path, name: &str) -> Option<PathBuf> {
    let beside = checkout.join("../shared/data");
    let folder = std::env::var_os("CLOISTER_SHARED_DATA").map_or(beside, PathBuf::from).join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("NOT TESTED: {} is not on this machine", folder.display());
    let admitted = std::env::var_os("CI").is_none() || std::env::var_os("CLOISTER_NO_SHARED_DATA").is_some();
    assert!(admitted, "the reference data is not on this machine");
    None
}
