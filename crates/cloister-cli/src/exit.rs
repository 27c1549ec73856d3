//! Exit statuses, which other programs parse.

use crate::fault::Fault;
use cloister_hub::{HubError, Reason};
use cloister_receiving::ReceivingError;
use std::fmt::Display;
use std::process::ExitCode;

/// Anything that is neither done, held nor refused.
pub(crate) const FAILED: u8 = 1;
/// A query that was refused.
pub(crate) const REFUSED: u8 = 2;
/// A query whose result, or a table that, waits for checkers.
pub(crate) const HELD: u8 = 3;
/// A table that a check has changed, or in which an attack found something.
pub(crate) const CHANGED: u8 = 4;

/// Says what went wrong, with its code.
pub(crate) fn fail(code: &str, error: &dyn Display) -> ExitCode {
    eprintln!("error[{code}]: {error}");
    ExitCode::from(FAILED)
}

/// A use case's error.
pub(crate) fn hub(error: &HubError) -> ExitCode {
    match error {
        HubError::TurnedAway(reason) => refused(reason),
        other => fail(other.code(), other),
    }
}

/// What may not be, with what to do about it.
pub(crate) fn refused(reason: &Reason) -> ExitCode {
    eprintln!("refused[{}]: {}", reason.code, reason.message);
    if !reason.hint.is_empty() {
        eprintln!("  hint: {}", reason.hint);
    }
    ExitCode::from(REFUSED)
}

/// A landing's error.
pub(crate) fn receiving(error: &ReceivingError) -> ExitCode {
    fail(error.code(), error)
}

/// A query's status.
pub(crate) fn of(status: &str) -> ExitCode {
    match status {
        "released" | "created" | "dropped" => ExitCode::SUCCESS,
        "held" => ExitCode::from(HELD),
        "refused" => ExitCode::from(REFUSED),
        _ => ExitCode::from(FAILED),
    }
}

/// A command's end.
pub(crate) fn done(done: Result<(), Fault>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => self::fault(&fault),
    }
}

/// Why a command came to nothing.
pub(crate) fn fault(fault: &Fault) -> ExitCode {
    match fault {
        Fault::Refused(reason) => refused(reason),
        Fault::Failed { code, text, hint } => {
            let failed = fail(code, text);
            if !hint.is_empty() {
                eprintln!("  hint: {hint}");
            }
            failed
        }
    }
}
