//! The child half: lock in, read the job, do it, say what came of it.

use crate::confine;
use crate::frame;
use crate::job::{Job, Opening};
use crate::report::Message;
use crate::work::Desk;
use cloister_airlock::Passage;
use cloister_store::{VaultKey, read_key};
use std::io::{Error, Result, Write, stderr, stdin, stdout};
use std::process::ExitCode;

/// Planning recurses over a query, whose depth is limited; this is room for that depth.
const PLANNING_STACK_BYTES: usize = 128 << 20;
/// Evaluating recurses over one expression at a time.
const SCANNING_STACK_BYTES: usize = 8 << 20;
/// Threads that wait for the disk.
const READERS_MAX: usize = 32;

/// The address space that stacks may take, for `partitions` scanning threads.
pub(crate) fn stack_bytes(partitions: u32) -> u64 {
    let threads = u64::from(partitions) + READERS_MAX as u64;
    PLANNING_STACK_BYTES as u64 + threads * SCANNING_STACK_BYTES as u64
}

/// Runs as an engine worker: one job from standard input, its end on standard output. Returns when it is said.
pub fn serve() -> ExitCode {
    // A panic's own words may hold data of the rows it happened at.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|l| format!("{}:{}", l.file(), l.line())).unwrap_or_default();
        let _ = writeln!(stderr(), "panicked at {place}");
    }));
    match open() {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            let _ = writeln!(stderr(), "{e}");
            ExitCode::FAILURE
        }
    }
}

/// Locks in, and only then reads the job.
fn open() -> Result<()> {
    let (opening, _): (Opening, _) = frame::read(&mut stdin().lock())?;
    confine::die_with(opening.parent)?;
    let key = match &opening.key_file {
        Some(file) => Some(VaultKey::from_bytes(&*read_key(file).map_err(Error::other)?)),
        None => None,
    };
    let confinement = confine::lock_in(&opening)?;
    frame::write(&mut stdout().lock(), &Message::Ready(confinement), &[])?;
    let (job, secret): (Job, _) = frame::read(&mut stdin().lock())?;
    let desk = Desk::new(opening.vault, key, opening.ceilings.limits());
    let partitions = opening.ceilings.partitions.max(1) as usize;
    let planner = std::thread::Builder::new().name("planner".to_owned()).stack_size(PLANNING_STACK_BYTES);
    let done = planner.spawn(move || perform(&desk, job, &secret, partitions))?.join();
    done.unwrap_or_else(|_| Err(Error::other("the planner panicked")))
}

fn perform(desk: &Desk, job: Job, secret: &[u8], partitions: usize) -> Result<()> {
    // No input or output but files: without sockets there is nothing else to drive.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_time()
        .worker_threads(partitions)
        .thread_stack_size(SCANNING_STACK_BYTES)
        .max_blocking_threads(READERS_MAX)
        .build()?;
    let mut out = stdout();
    let done = match job {
        Job::Query(job) => {
            let secret = secret.try_into().map_err(|_| Error::other("a query without a passage"))?;
            runtime.block_on(desk.query(&job, &Passage::new(secret), &mut out))
        }
        Job::Create(job) => runtime.block_on(desk.create(&job, &mut out)),
        Job::Check(job) => runtime.block_on(desk.check(&job, &mut out)),
        Job::Explain(job) => runtime.block_on(desk.explain(&job, &mut out)),
        Job::Twin(job) => runtime.block_on(desk.twin(&job, &mut out)),
        Job::Compare(job) => desk.compare(&job, &mut out),
        Job::Index(job) => desk.index(&job, &mut out),
        Job::Tell(request) => desk.tell(&request, &mut out),
    };
    // What still runs has nobody to tell.
    runtime.shutdown_background();
    done
}
