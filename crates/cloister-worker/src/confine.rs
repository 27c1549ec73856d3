//! Locking a worker in. Everything here happens once, before the worker reads its job and while it has one
//! thread, so that every later thread is as confined.

#[cfg(target_os = "linux")]
mod calls;
#[cfg(target_os = "linux")]
mod linux;

#[cfg(target_os = "linux")]
pub(crate) use linux::{die_with, lock_in};

#[cfg(not(target_os = "linux"))]
pub(crate) use elsewhere::{die_with, lock_in};

/// Other systems have other means, and none is used: the hub says so, or refuses.
#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use crate::job::Opening;
    use crate::report::Confinement;
    use std::io::Result;

    pub(crate) fn die_with(_: u32) -> Result<()> {
        Ok(())
    }

    pub(crate) fn lock_in(_: &Opening) -> Result<Confinement> {
        Ok(Confinement { files: false, calls: false })
    }
}
