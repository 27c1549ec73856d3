//! `cloister verify`: a release package, without a hub.

use crate::args::VerifyArgs;
use crate::exit;
use cloister_audit::PublicKey;
use cloister_package::{Files, unzip, verify};
use std::path::Path;
use std::process::ExitCode;

/// The most bytes of a package that is read.
const BYTES_MAX: u64 = 1 << 30;

pub(crate) fn run(args: &VerifyArgs) -> ExitCode {
    let key = match args.key.as_deref().map(key).transpose() {
        Ok(key) => key,
        Err(text) => return exit::fail("key", &text),
    };
    let files = match read(&args.package) {
        Ok(files) => files,
        Err(text) => return exit::fail("package", &text),
    };
    match verify(&files, key.as_ref()) {
        Ok(verified) => {
            println!(
                "whole: {} files of release {}, made {}",
                verified.files, verified.request, verified.made_at
            );
            if verified.vouched {
                println!("signed by the key that you gave");
            } else {
                println!(
                    "signed by {}: compare it with the hub's (audit/audit.pub), or give it with --key",
                    verified.signed_by
                );
            }
            ExitCode::SUCCESS
        }
        Err(faults) => {
            for fault in faults {
                eprintln!("error[package]: {fault}");
            }
            ExitCode::from(exit::FAILED)
        }
    }
}

/// A key's text, or that of its file.
fn key(text: &str) -> Result<PublicKey, String> {
    let from_file = std::fs::read_to_string(text);
    let text = from_file.as_deref().unwrap_or(text).trim();
    text.parse().map_err(|_| "a public key has 64 hexadecimal digits".to_owned())
}

fn read(path: &Path) -> Result<Files, String> {
    let wrong = |e: std::io::Error| format!("{}: {e}", path.display());
    if !path.is_dir() {
        let size = std::fs::metadata(path).map_err(wrong)?.len();
        if size > BYTES_MAX {
            return Err("it is larger than a package may be".to_owned());
        }
        return unzip(&std::fs::read(path).map_err(wrong)?).map_err(|e| e.to_string());
    }
    let mut files = Files::new();
    for entry in std::fs::read_dir(path).map_err(wrong)? {
        let entry = entry.map_err(wrong)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // A link may lead anywhere: what it leads to is not of the package.
        if !entry.file_type().map_err(wrong)?.is_file() {
            return Err(format!("`{name}` is no file"));
        }
        files.insert(name, std::fs::read(entry.path()).map_err(wrong)?);
    }
    Ok(files)
}
