//! Reading and verifying the audit log.

use crate::{Hub, HubError};
use cloister_audit::{Event, Record};
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
