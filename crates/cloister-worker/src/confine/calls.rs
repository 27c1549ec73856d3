//! The system calls that a query needs: reading files, memory, threads, time. All else fails with EPERM: no
//! socket, no new process or program, no looking into other processes, no memory that can be executed.

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};
use std::collections::BTreeMap;
use std::io::{Error, Result};

/// Calls with any arguments.
const PLAIN: &[i64] = &[
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_preadv,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_close,
    libc::SYS_lseek,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_readlinkat,
    libc::SYS_getcwd,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_membarrier,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_getppid,
    libc::SYS_getrandom,
    libc::SYS_sysinfo,
    libc::SYS_uname,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_ppoll,
    libc::SYS_sigaltstack,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_restart_syscall,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// Calls that other processors do not have.
#[cfg(target_arch = "x86_64")]
const OLD: &[i64] = &[libc::SYS_poll, libc::SYS_readlink, libc::SYS_lstat, libc::SYS_stat, libc::SYS_time];
#[cfg(not(target_arch = "x86_64"))]
const OLD: &[i64] = &[];

/// Whether the kernel lets nothing but these calls through. Threads that start later are as bound.
pub(super) fn allow_few() -> Result<bool> {
    let eperm = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let few = program(rules()?, eperm, SeccompAction::Allow)?;
    // clone3 hides its flags in memory, where no filter sees them. Told that there is none, the C library
    // takes clone.
    let none = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let clone3 = program(BTreeMap::from([(libc::SYS_clone3, vec![])]), SeccompAction::Allow, none)?;
    // Where there is no seccomp, neither works.
    let applied = seccompiler::apply_filter(&clone3).and_then(|()| seccompiler::apply_filter(&few));
    Ok(applied.is_ok())
}

fn program(
    rules: BTreeMap<i64, Vec<SeccompRule>>,
    otherwise: SeccompAction,
    then: SeccompAction,
) -> Result<BpfProgram> {
    let arch = std::env::consts::ARCH.try_into().map_err(Error::other)?;
    let filter = SeccompFilter::new(rules, otherwise, then, arch).map_err(Error::other)?;
    filter.try_into().map_err(Error::other)
}

fn rules() -> Result<BTreeMap<i64, Vec<SeccompRule>>> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        PLAIN.iter().chain(OLD).chain(&[libc::SYS_clone3]).map(|call| (*call, Vec::new())).collect();
    let bits = |of: libc::c_int| u64::from(of.unsigned_abs());
    // To read: neither written to, nor made, nor cut.
    let writing = bits(libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC);
    rules.insert(libc::SYS_openat, vec![all(&[without(2, writing)?])?]);
    // A thread, not a process.
    let thread = bits(libc::CLONE_THREAD);
    rules.insert(libc::SYS_clone, vec![all(&[masked(0, thread, thread)?])?]);
    // No memory that can be executed.
    let executed = bits(libc::PROT_EXEC);
    rules.insert(libc::SYS_mmap, vec![all(&[without(2, executed)?])?]);
    rules.insert(libc::SYS_mprotect, vec![all(&[without(2, executed)?])?]);
    // Asks for limits, its own, and sets none.
    rules.insert(libc::SYS_prlimit64, vec![all(&[equal(0, 0)?, equal(2, 0)?])?]);
    // Names of threads and of memory.
    let named = [bits(libc::PR_SET_NAME), bits(libc::PR_SET_VMA)];
    rules.insert(libc::SYS_prctl, any(0, &named)?);
    let asked = [libc::F_GETFD, libc::F_SETFD, libc::F_GETFL, libc::F_DUPFD_CLOEXEC].map(bits);
    rules.insert(libc::SYS_fcntl, any(1, &asked)?);
    // Ends itself when it must, and nobody else.
    rules.insert(libc::SYS_tgkill, vec![all(&[equal(0, u64::from(std::process::id()))?])?]);
    Ok(rules)
}

fn all(conditions: &[SeccompCondition]) -> Result<SeccompRule> {
    SeccompRule::new(conditions.to_vec()).map_err(Error::other)
}

fn any(argument: u8, values: &[u64]) -> Result<Vec<SeccompRule>> {
    values.iter().map(|value| all(&[equal(argument, *value)?])).collect()
}

fn equal(argument: u8, value: u64) -> Result<SeccompCondition> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, value).map_err(Error::other)
}

fn masked(argument: u8, mask: u64, value: u64) -> Result<SeccompCondition> {
    let op = SeccompCmpOp::MaskedEq(mask);
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, op, value).map_err(Error::other)
}

fn without(argument: u8, bits: u64) -> Result<SeccompCondition> {
    masked(argument, bits, 0)
}
