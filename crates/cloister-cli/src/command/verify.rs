//! `cloister verify`: what a hub signed, without the hub: release packages, exported logs, proofs.

use crate::args::VerifyArgs;
use crate::exit;
use cloister_audit::{AuditError, Checkpoint, ConsistencyProof, PublicKey, Receipt, Record, Verifier};
use cloister_package::{Files, unzip, verify};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::ExitCode;

/// The most bytes of a package that is read.
const BYTES_MAX: u64 = 1 << 30;

pub(crate) fn run(args: &VerifyArgs) -> ExitCode {
    let key = match args.key.as_deref().map(key).transpose() {
        Ok(key) => key,
        Err(text) => return exit::fail("key", &text),
    };
    match first_line(&args.package) {
        Ok(Some(line)) => return signed_text(args, key.as_ref(), &line),
        Ok(None) => {}
        Err(text) => return exit::fail("package", &text),
    }
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

/// The first line, where the file is text that a hub signed and not a package.
fn first_line(path: &Path) -> Result<Option<String>, String> {
    if path.is_dir() {
        return Ok(None);
    }
    let wrong = |e: std::io::Error| format!("{}: {e}", path.display());
    let mut reader = BufReader::new(File::open(path).map_err(wrong)?);
    if !reader.fill_buf().map_err(wrong)?.starts_with(b"{") {
        return Ok(None);
    }
    reader.lines().next().transpose().map_err(wrong)
}

/// A log, a receipt or a proof of consistency. Nobody vouches for these but a key.
fn signed_text(args: &VerifyArgs, key: Option<&PublicKey>, line: &str) -> ExitCode {
    let Some(key) = key else {
        return exit::fail(
            "key",
            &"logs and proofs are verified with the hub's public key: give it with --key",
        );
    };
    let said: Result<String, AuditError> = if let Ok(receipt) = Receipt::from_line(line) {
        receipt.verify(key).and_then(|()| {
            Ok(format!(
                "record {} is in the log of {} records that was signed {}:\n{}",
                receipt.record().seq(),
                receipt.checkpoint().size(),
                receipt.checkpoint().at(),
                receipt.record().to_line()?
            ))
        })
    } else if let Ok(proof) = ConsistencyProof::from_line(line) {
        proof.verify(key).map(|()| {
            format!(
                "the log of {} records begins with the {} of the checkpoint with root {}: compare it with one that you kept",
                proof.later().size(),
                proof.earlier().size(),
                proof.earlier().root()
            )
        })
    } else {
        log(&args.package, key)
    };
    match said {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(e) => exit::fail(e.code(), &e.to_string()),
    }
}

/// An exported log: its records, then its checkpoints. It is read twice, as the checkpoints are needed first.
fn log(path: &Path, key: &PublicKey) -> Result<String, AuditError> {
    let lines =
        || File::open(path).map(|file| BufReader::new(file).lines()).map_err(|_| AuditError::RecordForm);
    let is_record = |line: &str| line.starts_with(r#"{"event":"#);
    let mut checkpoints = Vec::new();
    for line in lines()? {
        let line = line.map_err(|_| AuditError::RecordForm)?;
        if !is_record(&line) {
            checkpoints.push(Checkpoint::from_line(&line)?);
        }
    }
    let mut verifier = Verifier::new(checkpoints, key)?;
    for line in lines()? {
        let line = line.map_err(|_| AuditError::RecordForm)?;
        if is_record(&line) {
            verifier.push(&Record::from_line(&line)?)?;
        }
    }
    let verified = verifier.finish()?;
    let tail = match verified.unsigned_tail {
        0 => String::new(),
        tail => format!("; nothing vouches for the last {tail}"),
    };
    Ok(format!(
        "the audit log is whole: {} records, {} signed checkpoints{tail}",
        verified.records, verified.checkpoints
    ))
}
