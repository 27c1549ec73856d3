//! Reading and verifying the audit log.

use crate::{Hub, HubError};
use cloister_audit::{Checkpoint, ConsistencyProof, Event, Receipt, Record};
use cloister_model::Digest;
use cloister_store::{AuditReport, StoreError};

impl Hub {
    /// Verifies the whole log against its signed checkpoints.
    pub async fn verify_audit(&self) -> Result<AuditReport, HubError> {
        Ok(self.store.verify_audit().await?)
    }

    /// Every event, oldest first, with its number.
    pub async fn audit_events(&self) -> Result<Vec<(u64, Event)>, HubError> {
        let events = self.audit_records().await?;
        events.iter().map(|r| Ok((r.seq(), r.event().map_err(StoreError::from)?))).collect()
    }

    /// The log as text that can be verified elsewhere: a line for each record, then one for each checkpoint.
    pub async fn export_audit(&self) -> Result<String, HubError> {
        let mut text = String::new();
        for record in self.audit_records().await? {
            text.push_str(&record.to_line().map_err(StoreError::from)?);
            text.push('\n');
        }
        for checkpoint in self.store.checkpoints().await? {
            text.push_str(&checkpoint.to_line());
            text.push('\n');
        }
        Ok(text)
    }

    /// The proof that record `number` is in the log that the newest checkpoint signs, for who has the hub's public key only.
    pub async fn audit_receipt(&self, number: u64) -> Result<Receipt, HubError> {
        let not_found = || HubError::NotFound("record", number.to_string());
        let newest = self.store.checkpoints().await?.pop().ok_or_else(not_found)?;
        let records = self.audit_records().await?;
        let leaves = leaves(&records, &newest);
        let record = records.into_iter().find(|r| r.seq() == number && number <= newest.size());
        let receipt = Receipt::of(record.ok_or_else(not_found)?, newest, &leaves);
        Ok(receipt.map_err(StoreError::from)?)
    }

    /// The proof that the log only grew since the checkpoint that covers `earlier` records.
    pub async fn audit_consistency(&self, earlier: u64) -> Result<ConsistencyProof, HubError> {
        let not_found = || HubError::NotFound("checkpoint", earlier.to_string());
        let checkpoints = self.store.checkpoints().await?;
        let newest = checkpoints.last().cloned().ok_or_else(not_found)?;
        let earlier = checkpoints.into_iter().find(|c| c.size() == earlier).ok_or_else(not_found)?;
        let leaves = leaves(&self.audit_records().await?, &newest);
        Ok(ConsistencyProof::of(earlier, newest, &leaves).map_err(StoreError::from)?)
    }

    async fn audit_records(&self) -> Result<Vec<Record>, HubError> {
        let mut records: Vec<Record> = Vec::new();
        loop {
            let page = self.store.audit_page(records.last().map_or(0, Record::seq)).await?;
            if page.is_empty() {
                return Ok(records);
            }
            records.extend(page);
        }
    }
}

/// The hashes of what the checkpoint covers. What was written since is not of it.
fn leaves(records: &[Record], checkpoint: &Checkpoint) -> Vec<Digest> {
    records.iter().take_while(|r| r.seq() <= checkpoint.size()).map(Record::leaf).collect()
}
