//! The audit log: records and checkpoints in the database, copies of the checkpoints in a file.

use crate::database::{Row, statement};
use crate::lock::Lock;
use crate::{Store, StoreError};
use cloister_audit::{AuditError, Checkpoint, PublicKey, Record, Verifier};
use cloister_model::Digest;
use std::fs::File;
use std::io::Write;

/// What `audit verify` found in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditReport {
    /// Records.
    pub records: u64,
    /// Signed checkpoints.
    pub checkpoints: u64,
}

/// Records read at once.
const PAGE: i64 = 10_000;

impl Store {
    /// Appends to the file of checkpoints those that it lacks; a process that died after its commit
    /// leaves that to the next. A file that does not fit the database is left for `verify` to find.
    pub(crate) async fn append_checkpoints(&self) -> Result<(), StoreError> {
        let path = self.home().checkpoints();
        let _lock = Lock::wait_aside(self.home().staging().join("checkpoints.lock")).await?;
        let text = std::fs::read_to_string(&path).map_err(StoreError::file(&path))?;
        let last = text.lines().last().map(Checkpoint::from_line);
        let from = match last {
            None => 0,
            Some(Ok(checkpoint)) if text.ends_with('\n') => checkpoint.size(),
            Some(_) => self.drop_torn_line(&text)?,
        };
        let lines = statement("SELECT line FROM audit_checkpoint WHERE size > $1 ORDER BY size")
            .bind(i64::try_from(from).map_err(|_| StoreError::Stored("size"))?)
            .fetch_all(&self.pool)
            .await?;
        if lines.is_empty() {
            return Ok(());
        }
        let mut out = String::new();
        for line in lines {
            out.push_str(&line.try_get::<String>("line")?);
            out.push('\n');
        }
        let mut file = File::options().append(true).open(&path).map_err(StoreError::file(&path))?;
        file.write_all(out.as_bytes()).and_then(|()| file.sync_all()).map_err(StoreError::file(&path))
    }

    /// A last line without its end is what a dying process leaves. Returns the size before it.
    fn drop_torn_line(&self, text: &str) -> Result<u64, StoreError> {
        if text.ends_with('\n') {
            return Err(AuditError::CheckpointForm.into());
        }
        let path = self.home().checkpoints();
        let whole = text.rfind('\n').map_or("", |end| text.get(..=end).unwrap_or_default());
        let size = whole.lines().last().map_or(Ok(0), |l| Checkpoint::from_line(l).map(|c| c.size()))?;
        let file = File::options().write(true).open(&path).map_err(StoreError::file(&path))?;
        file.set_len(whole.len() as u64).map_err(StoreError::file(&path))?;
        Ok(size)
    }

    /// The records from `after` on, at most a page of them.
    pub async fn audit_page(&self, after: u64) -> Result<Vec<Record>, StoreError> {
        let rows =
            statement("SELECT seq, event, leaf FROM audit_record WHERE seq > $1 ORDER BY seq LIMIT $2")
                .bind(i64::try_from(after).map_err(|_| StoreError::Stored("seq"))?)
                .bind(PAGE)
                .fetch_all(&self.pool)
                .await?;
        let record = |row: Row| -> Result<Record, StoreError> {
            let seq: i64 = row.try_get("seq")?;
            let seq = u64::try_from(seq).map_err(|_| AuditError::RecordForm)?;
            let leaf: String = row.try_get("leaf")?;
            let leaf: Digest = leaf.parse().map_err(|_| AuditError::Changed { seq })?;
            Ok(Record::from_parts(seq, row.try_get("event")?, leaf))
        };
        rows.into_iter().map(record).collect()
    }

    /// Every checkpoint in the database.
    pub async fn checkpoints(&self) -> Result<Vec<Checkpoint>, StoreError> {
        let rows = statement("SELECT line FROM audit_checkpoint ORDER BY size").fetch_all(&self.pool).await?;
        rows.iter()
            .map(|row| {
                let line: String = row.try_get("line")?;
                Ok(Checkpoint::from_line(&line)?)
            })
            .collect()
    }

    /// The key that the log is verified with.
    pub fn audit_key(&self) -> PublicKey {
        self.signer.public_key()
    }

    /// Verifies the whole log against the checkpoints in the database and in the file. The file
    /// outlives a database that was put back to an older copy, and shows it.
    pub async fn verify_audit(&self) -> Result<AuditReport, StoreError> {
        // Nobody writes meanwhile.
        let _still = self.pool.begin().await?;
        self.append_checkpoints().await?;
        let path = self.home().checkpoints();
        let text = std::fs::read_to_string(&path).map_err(StoreError::file(&path))?;
        let file: Vec<Checkpoint> = text.lines().map(Checkpoint::from_line).collect::<Result<_, _>>()?;
        let own = self.checkpoints().await?;
        let mut verifiers = [Verifier::new(own, &self.audit_key())?, Verifier::new(file, &self.audit_key())?];
        let mut after = 0;
        loop {
            let page = self.audit_page(after).await?;
            let Some(last) = page.last() else { break };
            after = last.seq();
            for record in &page {
                for verifier in &mut verifiers {
                    verifier.push(record)?;
                }
            }
        }
        let [own, file] = verifiers.map(Verifier::finish);
        let (own, file) = (own?, file?);
        if own.unsigned_tail > 0 || file.unsigned_tail > 0 {
            let first = own.records - own.unsigned_tail.max(file.unsigned_tail) + 1;
            return Err(AuditError::RootDiffers { first, last: own.records }.into());
        }
        Ok(AuditReport { records: own.records, checkpoints: own.checkpoints })
    }
}
