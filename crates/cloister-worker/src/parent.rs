//! The parent half: a worker for every job, and a limit to its time.

use crate::conversation::{Heard, Process, hold};
use crate::explained::Explained;
use crate::job::{
    Ceilings, CheckJob, CompareJob, CreateJob, ExplainJob, IndexJob, Job, Opening, QueryJob, Sandbox, TwinJob,
};
use crate::parts::Parts;
use crate::report::{
    Account, Checked, Ended, Failure, Invented, Made, Message, Outcome, Plan, Telling, Tried,
};
use cloister_airlock::{NotReceived, Passage, Sent};
use cloister_ledger::Finding;
use cloister_query::ReleasedTable;
use std::future::{Future, pending};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::oneshot;

/// Starts engine workers over one vault.
#[derive(Clone, Debug)]
pub struct Workers {
    vault: PathBuf,
    key_file: PathBuf,
    sandbox: Sandbox,
    ceilings: Ceilings,
}

/// How far a job got, and its last message.
type Last = (Option<Plan>, Result<(Message, Vec<u8>), Stopped>);

/// Why a conversation was broken off.
enum Stopped {
    Cancelled,
    Failed(Failure),
}

/// Kills the worker of a future that is dropped.
struct KillOnDrop(Arc<Process>);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        self.0.kill();
    }
}

impl Workers {
    /// Workers that read the vault at this folder and unwrap data keys with this key.
    pub fn new(vault: PathBuf, key_file: PathBuf, sandbox: Sandbox, ceilings: Ceilings) -> Self {
        // A worker has another working directory.
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Self { vault: absolute(&vault), key_file: absolute(&key_file), sandbox, ceilings }
    }

    /// Runs a query until it ends, its time is over, or `stop` is ready. Dropped, it kills the worker.
    pub async fn query(&self, job: QueryJob, stop: impl Future<Output = ()>) -> Ended {
        let mut secret = [0u8; 32];
        if let Err(e) = getrandom::fill(&mut secret) {
            return Ended { plan: None, outcome: Outcome::Failed(Failure::new("start", e.to_string())) };
        }
        let passage = Passage::new(secret);
        let (plan, last) = self.run(Job::Query(job), secret.to_vec(), None, stop).await;
        Ended { plan, outcome: ending(last, |last| arrived(passage, last)) }
    }

    /// Makes a workspace table, whose files it puts into this empty folder, or a view.
    pub async fn create(&self, job: CreateJob, folder: &Path, stop: impl Future<Output = ()>) -> Ended {
        let parts = job.table.as_ref().map(|table| Parts::new(folder.to_owned(), table.bytes_max));
        let (plan, last) = self.run(Job::Create(job), Vec::new(), parts, stop).await;
        Ended { plan, outcome: ending(last, made) }
    }

    /// Checks a project's grants: what cannot be queried, table by table.
    ///
    /// # Errors
    /// Where the worker breaks off.
    pub async fn check(&self, job: CheckJob) -> Result<Vec<Checked>, Failure> {
        match self.run(Job::Check(job), Vec::new(), None, pending()).await.1 {
            Ok((Message::Checked(checked), _)) => Ok(checked),
            Err(Stopped::Failed(failure)) => Err(failure),
            Ok(_) | Err(Stopped::Cancelled) => Err(Failure::new("protocol", "an answer to another job")),
        }
    }

    /// Plans and checks a query, in a worker that cannot read the vault.
    ///
    /// # Errors
    /// Where the worker breaks off.
    pub async fn explain(&self, job: ExplainJob) -> Result<Explained, Failure> {
        match self.run(Job::Explain(job), Vec::new(), None, pending()).await.1 {
            Ok((Message::Explained(explained), _)) => Ok(explained),
            Err(Stopped::Failed(failure)) => Err(failure),
            Ok(_) | Err(Stopped::Cancelled) => Err(Failure::new("protocol", "an answer to another job")),
        }
    }

    /// Runs a query on invented rows, in a worker that cannot read the vault.
    ///
    /// # Errors
    /// Where the worker breaks off.
    pub async fn twin(&self, job: TwinJob) -> Result<Tried, Failure> {
        match self.run(Job::Twin(job), Vec::new(), None, pending()).await.1 {
            Ok((Message::Invented, body)) => match ReleasedTable::from_bytes(&body) {
                Ok(table) => Ok(Tried::Ran(Invented(table))),
                Err(e) => Err(Failure::new("protocol", format!("a table that cannot be read: {e}"))),
            },
            Ok((Message::Refused(refused), _)) => Ok(Tried::Refused(refused)),
            Ok((Message::Failed, _)) => Ok(Tried::Failed),
            Err(Stopped::Failed(failure)) => Err(failure),
            Ok(_) | Err(Stopped::Cancelled) => Err(Failure::new("protocol", "an answer to another job")),
        }
    }

    /// Compares a result with what was released.
    ///
    /// # Errors
    /// Where the worker breaks off, or cannot read the ledger.
    pub async fn compare(&self, job: CompareJob) -> Result<Vec<Finding>, Failure> {
        match self.run(Job::Compare(job), Vec::new(), None, pending()).await.1 {
            Ok((Message::Compared(found), _)) => Ok(found),
            Err(Stopped::Failed(failure)) => Err(failure),
            Ok(_) | Err(Stopped::Cancelled) => Err(Failure::new("protocol", "an answer to another job")),
        }
    }

    /// Tells what the entry of a query in the ledger says.
    ///
    /// # Errors
    /// Where the worker breaks off, or there is none that can be read.
    pub async fn tell(&self, request: &str) -> Result<Telling, Failure> {
        match self.run(Job::Tell(request.to_owned()), Vec::new(), None, pending()).await.1 {
            Ok((Message::Telling(telling), _)) => Ok(telling),
            Err(Stopped::Failed(failure)) => Err(failure),
            Ok(_) | Err(Stopped::Cancelled) => Err(Failure::new("protocol", "an answer to another job")),
        }
    }

    /// Indexes a part of the ledger; the index, sealed.
    ///
    /// # Errors
    /// Where the worker breaks off, or cannot read the ledger.
    pub async fn index(&self, job: IndexJob) -> Result<Vec<u8>, Failure> {
        match self.run(Job::Index(job), Vec::new(), None, pending()).await.1 {
            Ok((Message::Indexed, sealed)) => Ok(sealed),
            Err(Stopped::Failed(failure)) => Err(failure),
            Ok(_) | Err(Stopped::Cancelled) => Err(Failure::new("protocol", "an answer to another job")),
        }
    }

    async fn run(
        &self,
        job: Job,
        secret: Vec<u8>,
        parts: Option<Parts>,
        stop: impl Future<Output = ()>,
    ) -> Last {
        let opening = Opening {
            parent: std::process::id(),
            vault: job.reads_data().then(|| self.vault.clone()),
            key_file: job.reads_data().then(|| self.key_file.clone()),
            ceilings: self.ceilings,
        };
        let process = KillOnDrop(Arc::default());
        let (sender, mut receiver) = oneshot::channel();
        let (held, sandbox) = (process.0.clone(), self.sandbox);
        let talker = std::thread::Builder::new().name("engine-worker".to_owned());
        let talking = talker.spawn(move || {
            // Nobody listens any more where the future was dropped.
            let _ = sender.send(hold(&held, &opening, sandbox, &job, &secret, parts));
        });
        if let Err(e) = talking {
            return (None, Err(Stopped::Failed(Failure::new("start", e.to_string()))));
        }
        let stopped = tokio::select! {
            heard = &mut receiver => return ended(heard),
            () = tokio::time::sleep(self.ceilings.time_max()) => {
                Stopped::Failed(Failure::new("time-limit", "the time limit was reached"))
            }
            () = stop => Stopped::Cancelled,
        };
        process.0.kill();
        (receiver.await.ok().and_then(|heard| heard.plan), Err(stopped))
    }
}

fn ended(heard: Result<Heard, oneshot::error::RecvError>) -> Last {
    match heard {
        Ok(heard) => (heard.plan, heard.last.map_err(Stopped::Failed)),
        Err(_) => (None, Err(Stopped::Failed(Failure::new("protocol", "the conversation broke off")))),
    }
}

fn ending(
    last: Result<(Message, Vec<u8>), Stopped>,
    arrived: impl FnOnce((Message, Vec<u8>)) -> Outcome,
) -> Outcome {
    match last {
        Ok((Message::Refused(refused), _)) => Outcome::Refused(refused),
        Ok((Message::Failed, body)) => {
            Outcome::Failed(Failure { cause: "engine".to_owned(), account: Account::Sealed(body) })
        }
        Ok(last) => arrived(last),
        Err(Stopped::Cancelled) => Outcome::Cancelled,
        Err(Stopped::Failed(failure)) => Outcome::Failed(failure),
    }
}

/// A creation's last message as its outcome.
fn made((message, _): (Message, Vec<u8>)) -> Outcome {
    match message {
        Message::Stored { table, wrapped_key } => Outcome::Made(Made::Table { stored: table, wrapped_key }),
        Message::Viewed(columns) => Outcome::Made(Made::View(columns)),
        _ => Outcome::Failed(Failure::new("protocol", "an answer to another job")),
    }
}

fn cut() -> Outcome {
    Outcome::Failed(Failure::new("protocol", "a result that is cut"))
}

/// A query's last message as its outcome. Anything that a query cannot end with is a failure.
fn arrived(passage: Passage, (message, body): (Message, Vec<u8>)) -> Outcome {
    match message {
        Message::Released { proof, table, left } => {
            let Some((bytes, rest)) = body.split_at_checked(table) else { return cut() };
            let Some(ledger) = left.divided(rest) else { return cut() };
            let bytes = bytes.to_vec();
            match passage.receive(&Sent { bytes, proof }, ReleasedTable::from_bytes) {
                Ok(cleared) => Outcome::Released { cleared, ledger },
                Err(NotReceived::Unproven) => {
                    Outcome::Failed(Failure::new("protocol", "a table that was not cleared"))
                }
                Err(NotReceived::Unreadable(e)) => {
                    Outcome::Failed(Failure::new("protocol", format!("a table that cannot be read: {e}")))
                }
            }
        }
        Message::Held { reasons, table, exhibit, left } => {
            let parts = body.split_at_checked(table);
            let parts = parts.and_then(|(sealed, rest)| Some((sealed, rest.split_at_checked(exhibit)?)));
            let Some((sealed, (exhibit, rest))) = parts else { return cut() };
            let Some(ledger) = left.divided(rest) else { return cut() };
            Outcome::Held { sealed: sealed.to_vec(), exhibit: exhibit.to_vec(), reasons, ledger }
        }
        Message::Simulated(simulated) => Outcome::Simulated(simulated),
        Message::Entry(left) => match left.divided(&body) {
            Some(Some(entry)) => Outcome::Entry(entry),
            _ => cut(),
        },
        _ => Outcome::Failed(Failure::new("protocol", "an answer to another job")),
    }
}
