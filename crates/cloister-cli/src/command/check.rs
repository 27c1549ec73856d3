//! `cloister check`: tables made elsewhere. It opens no hub, only files.

use crate::args::{CheckArgs, FindingsFormat};
use crate::exit;
use cloister_check::{CheckError, Purpose, Range, Settings, Status, Table, audit, check, now, write_folder};
use cloister_disclosure::Policy;
use cloister_store::Home;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub(crate) fn run(home: PathBuf, args: CheckArgs) -> ExitCode {
    let policy = match policy(home, &args.policy) {
        Ok(policy) => policy,
        Err(words) => return exit::fail("policy", &words),
    };
    let settings = match settings(&args) {
        Ok(settings) => settings,
        Err(words) => return exit::fail("marker", &words),
    };
    let done =
        if args.audit { attack(&args, &settings, &policy) } else { protect(&args, &settings, &policy) };
    done.unwrap_or_else(|e| exit::fail(e.code(), &e))
}

fn protect(args: &CheckArgs, settings: &Settings, policy: &Policy) -> Result<ExitCode, CheckError> {
    let table = Table::read(&args.file, &args.hierarchy, settings, Purpose::Protect)?;
    let checked = check(table, policy, settings)?;
    if let Some(folder) = &args.out {
        write_folder(folder, &checked.files(policy, &now()), args.force)?;
    }
    match args.format {
        FindingsFormat::Text => print!("{}", checked.to_text(policy)),
        FindingsFormat::Json => println!("{}", checked.to_json(policy)),
    }
    Ok(match checked.status() {
        Status::Unchanged => ExitCode::SUCCESS,
        Status::Changed => ExitCode::from(exit::CHANGED),
        Status::Held => ExitCode::from(exit::HELD),
    })
}

fn attack(args: &CheckArgs, settings: &Settings, policy: &Policy) -> Result<ExitCode, CheckError> {
    let table = Table::read(&args.file, &args.hierarchy, settings, Purpose::Audit)?;
    let audited = audit(table, policy)?;
    match args.format {
        FindingsFormat::Text => print!("{}", audited.to_text(policy)),
        FindingsFormat::Json => println!("{}", audited.to_json(policy)),
    }
    Ok(if audited.found.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(exit::CHANGED) })
}

/// A policy's file, or the hub's policy of that name.
fn policy(home: PathBuf, name: &str) -> Result<Policy, String> {
    let own = Path::new(name);
    let path = if own.is_file() {
        own.to_path_buf()
    } else {
        Home::at(home).disclosure_policies().join(format!("{name}.toml"))
    };
    super::policy::read(&path)
}

fn settings(args: &CheckArgs) -> Result<Settings, String> {
    let marker = |(text, range): &(String, String)| match Range::parse(range) {
        Some(range) => Ok((text.clone(), range)),
        None => Err(format!("`{range}` is not a number or LOW..HIGH")),
    };
    Ok(Settings {
        count: args.count.clone(),
        value: args.value.clone(),
        top1: args.top1.clone(),
        top2: args.top2.clone(),
        keys: args.keys.clone(),
        totals: args.total.clone(),
        decimal: args.decimal,
        markers: args.marker.iter().map(marker).collect::<Result<_, _>>()?,
        rounded: args.rounded,
        absent_is_zero: args.absent_is_zero,
        important: args.important.clone(),
    })
}
