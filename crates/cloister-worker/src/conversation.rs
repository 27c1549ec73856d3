//! One worker process, talked to from a thread that lives as long as it does: the kernel kills a worker when
//! the thread that started it ends.

use crate::SUBCOMMAND;
use crate::frame;
use crate::job::{Job, Opening, Sandbox};
use crate::parts::Parts;
use crate::report::{Confinement, Failure, Message, Plan};
use std::io::{Error, ErrorKind, Read, Result};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::{Duration, Instant};

/// How long a worker that stopped talking has to end by itself, so that its exit status is known.
const LAST_MOMENTS: Duration = Duration::from_secs(2);
/// How much of a worker's last words is read, and how much of that is kept.
const WORDS_BYTES_MAX: u64 = 64 << 10;
const WORDS_KEPT_MAX: usize = 4 << 10;

/// A worker that anybody may kill.
#[derive(Debug, Default)]
pub(crate) struct Process(Mutex<Slot>);

#[derive(Debug, Default)]
struct Slot {
    child: Option<Child>,
    killed: bool,
}

type Pipes = (ChildStdin, ChildStdout, ChildStderr);

impl Process {
    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the worker, now or as soon as it starts.
    pub(crate) fn kill(&self) {
        let mut slot = self.slot();
        slot.killed = true;
        if let Some(child) = &mut slot.child {
            // It fails where the worker has ended.
            let _ = child.kill();
        }
    }

    fn start(&self) -> Result<Pipes> {
        let mut slot = self.slot();
        if slot.killed {
            return Err(ErrorKind::Interrupted.into());
        }
        // What the hub itself inherited is no business of a worker's.
        #[cfg(target_os = "linux")]
        close_fds::set_fds_cloexec_threadsafe(3, &[]);
        let mut child = command()?.spawn()?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        slot.child = Some(child);
        match pipes {
            (Some(stdin), Some(stdout), Some(stderr)) => Ok((stdin, stdout, stderr)),
            _ => Err(ErrorKind::BrokenPipe.into()),
        }
    }

    /// Waits for the end of a worker that has nothing more to say; how it ended by itself, where it did.
    fn reap(&self, patience: Duration) -> Option<ExitStatus> {
        let since = Instant::now();
        while since.elapsed() < patience {
            if let Some(Ok(Some(status))) = self.slot().child.as_mut().map(Child::try_wait) {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        let mut slot = self.slot();
        if let Some(child) = &mut slot.child {
            let _ = child.kill();
            let _ = child.wait();
        }
        None
    }
}

/// This program, without arguments, environment or terminal.
fn command() -> Result<Command> {
    // The very file that runs, whatever stands at its path by now.
    #[cfg(target_os = "linux")]
    let program = std::path::PathBuf::from("/proc/self/exe");
    #[cfg(not(target_os = "linux"))]
    let program = std::env::current_exe()?;
    let mut command = Command::new(program);
    command.arg(SUBCOMMAND).env_clear().current_dir("/");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        // Ctrl-C is for the hub, which settles the request and then ends the worker. Its name tells what it is.
        command.process_group(0).arg0("cloister");
    }
    Ok(command)
}

/// How a conversation went.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) plan: Option<Plan>,
    pub(crate) last: std::result::Result<(Message, Vec<u8>), Failure>,
}

/// Starts a worker, gives it a job, and listens to its end, with the files that it makes on the disk. Blocks.
pub(crate) fn hold(
    process: &Process,
    opening: &Opening,
    sandbox: Sandbox,
    job: &Job,
    secret: &[u8],
    mut parts: Option<Parts>,
) -> Heard {
    let mut heard = Heard { plan: None, last: Err(Failure::new("start", "")) };
    let (mut stdin, mut stdout, stderr) = match process.start() {
        Ok(pipes) => pipes,
        Err(e) => {
            process.reap(Duration::ZERO);
            heard.last = Err(Failure::new("start", e.to_string()));
            return heard;
        }
    };
    let begun = begin(&mut stdin, &mut stdout, opening, sandbox, job, secret);
    let talked = match begun {
        Ok(None) => listen(&mut stdout, &mut heard.plan, &mut parts).map(Ok),
        Ok(Some(failure)) => Ok(Err(failure)),
        Err(e) => Err(e),
    };
    heard.last = match talked {
        Ok(Ok(last)) => {
            process.reap(Duration::ZERO);
            Ok(last)
        }
        Ok(Err(failure)) => {
            process.reap(Duration::ZERO);
            Err(failure)
        }
        Err(e) => {
            let status = process.reap(LAST_MOMENTS);
            Err(Failure::new(cause(status), format!("{e}\n{}", last_words(stderr))))
        }
    };
    heard
}

/// Gives a worker its job once it is locked in; why not, where it is not.
fn begin(
    stdin: &mut ChildStdin,
    stdout: &mut ChildStdout,
    opening: &Opening,
    sandbox: Sandbox,
    job: &Job,
    secret: &[u8],
) -> Result<Option<Failure>> {
    frame::write(stdin, opening, &[])?;
    let (Message::Ready(confinement), _) = frame::read(stdout)? else {
        return Err(Error::new(ErrorKind::InvalidData, "not ready"));
    };
    if !confinement.is_whole() {
        if sandbox == Sandbox::Required {
            return Ok(Some(Failure::new("sandbox", format!("{confinement:?}"))));
        }
        warn(confinement);
    }
    frame::write(stdin, job, secret)?;
    Ok(None)
}

/// Listens to the last message.
fn listen(
    stdout: &mut ChildStdout,
    plan: &mut Option<Plan>,
    parts: &mut Option<Parts>,
) -> Result<(Message, Vec<u8>)> {
    loop {
        match (frame::read(stdout)?, &mut *parts) {
            ((Message::Planned { digest, reads }, _), _) if plan.is_none() => {
                *plan = Some(Plan { digest, reads });
            }
            ((Message::Part { bucket }, bytes), Some(parts)) => parts.take(bucket, &bytes)?,
            ((Message::Ready(_) | Message::Planned { .. } | Message::Part { .. }, _), _) => {
                return Err(Error::new(ErrorKind::InvalidData, "said twice, or unasked"));
            }
            (last, _) => {
                parts.take().map(Parts::finish).transpose()?;
                return Ok(last);
            }
        }
    }
}

/// Says once, loudly, that queries run unconfined.
fn warn(confinement: Confinement) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let state = |held| if held { "enforced" } else { "NOT ENFORCED" };
        eprintln!(
            "WARNING: this kernel does not confine the engine worker (files, Landlock: {}; system calls, \
             seccomp: {}). Queries run all the same; `sandbox = \"required\"` in hub.toml forbids that.",
            state(confinement.files),
            state(confinement.calls)
        );
    });
}

fn cause(status: Option<ExitStatus>) -> String {
    let Some(status) = status else { return "protocol".to_owned() };
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("signal-{signal}");
    }
    match status.code() {
        // It thinks that it did well, and said nothing that can be understood.
        None | Some(0) => "protocol".to_owned(),
        Some(code) => format!("exit-{code}"),
    }
}

fn last_words(stderr: ChildStderr) -> String {
    let mut words = Vec::new();
    let _ = stderr.take(WORDS_BYTES_MAX).read_to_end(&mut words);
    let from = words.len().saturating_sub(WORDS_KEPT_MAX);
    String::from_utf8_lossy(words.get(from..).unwrap_or_default()).into_owned()
}
