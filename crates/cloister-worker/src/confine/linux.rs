//! Linux: limits, capabilities, Landlock, seccomp.

use crate::child::stack_bytes;
use crate::confine::calls;
use crate::job::Opening;
use crate::report::Confinement;
use capctl::caps::{Cap, CapState};
use capctl::prctl::{set_dumpable, set_no_new_privs, set_pdeathsig};
use landlock::{
    ABI, Access, AccessFs, AccessNet, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetError, RulesetStatus, Scope,
};
use rlimit::{Resource, setrlimit};
use std::io::{Error, Result};
use std::path::Path;

/// Memory beside the operators' pool: scans' buffers, plans, the allocator's slack. A quarter of the pool and this.
const SLACK_BYTES: u64 = 1 << 30;
/// Files that are open at once: a few for every scan.
const FILES_MAX: u64 = 1_024;
/// Processor time beside that of the wall clock's limit, in seconds.
const SECONDS_MORE: u64 = 10;

/// Has the kernel end this process with its parent.
pub(crate) fn die_with(parent: u32) -> Result<()> {
    set_pdeathsig(Some(libc::SIGKILL))?;
    // It may have died before.
    if std::os::unix::process::parent_id() == parent { Ok(()) } else { Err(Error::other("no parent")) }
}

/// Gives up everything but reading the vault. What the kernel does not have is said, not worked around.
pub(crate) fn lock_in(opening: &Opening) -> Result<Confinement> {
    refuse_strays()?;
    limit(opening)?;
    set_no_new_privs()?;
    set_dumpable(false)?;
    drop_capabilities()?;
    // A change of credentials may have undone it.
    die_with(opening.parent)?;
    let files = only(opening.vault.as_deref()).map_err(Error::other)?;
    Ok(Confinement { files, calls: calls::allow_few()? })
}

/// An open file is a way round every rule about paths: the parent leaves none, and none is accepted.
fn refuse_strays() -> Result<()> {
    let Ok(listed) = std::fs::read_dir("/proc/self/fd") else { return Ok(()) };
    let open: Vec<_> = listed.flatten().map(|e| e.file_name()).collect();
    let stray = open.iter().any(|name| {
        let standard = matches!(name.to_str(), Some("0" | "1" | "2"));
        // The listing's own is closed by now.
        !standard && Path::new("/proc/self/fd").join(name).symlink_metadata().is_ok()
    });
    if stray { Err(Error::other("a file was left open")) } else { Ok(()) }
}

fn limit(opening: &Opening) -> Result<()> {
    let ceilings = &opening.ceilings;
    let pool = ceilings.memory_bytes_max;
    let memory = pool.saturating_add(pool / 4 + SLACK_BYTES).saturating_add(stack_bytes(ceilings.partitions));
    let seconds = (ceilings.time_ms_max / 1_000).saturating_add(SECONDS_MORE);
    let seconds = seconds.saturating_mul(u64::from(ceilings.partitions) + 1);
    for (resource, most) in [
        (Resource::DATA, memory),
        (Resource::CPU, seconds),
        (Resource::CORE, 0),
        (Resource::FSIZE, 0),
        (Resource::NOFILE, FILES_MAX),
    ] {
        let (_, hard) = rlimit::getrlimit(resource)?;
        let most = most.min(hard);
        setrlimit(resource, most, most)?;
    }
    Ok(())
}

/// Keeps of an administrator's powers at most the one to read files of the account that the hub belongs to.
fn drop_capabilities() -> Result<()> {
    let mut state = CapState::get_current()?;
    let reads = state.effective.has(Cap::DAC_READ_SEARCH);
    for set in [&mut state.effective, &mut state.permitted, &mut state.inheritable] {
        set.clear();
    }
    if reads {
        state.effective.add(Cap::DAC_READ_SEARCH);
        state.permitted.add(Cap::DAC_READ_SEARCH);
    }
    Ok(state.set_current()?)
}

/// Whether the kernel holds this process to reading one folder, or nothing. Of what it can hold, everything is asked for.
fn only(folder: Option<&Path>) -> std::result::Result<bool, RulesetError> {
    let asked = ABI::V6;
    let created = Ruleset::default()
        .handle_access(AccessFs::from_all(asked))?
        .handle_access(AccessNet::from_all(asked))?
        .scope(Scope::from_all(asked))?
        .create()?;
    let created = match folder.map(PathFd::new) {
        Some(Ok(folder)) => {
            created.add_rule(PathBeneath::new(folder, AccessFs::ReadFile | AccessFs::ReadDir))?
        }
        // A vault that is not there cannot be read.
        Some(Err(_)) | None => created,
    };
    Ok(created.restrict_self()?.ruleset != RulesetStatus::NotEnforced)
}

#[cfg(test)]
mod tests;
