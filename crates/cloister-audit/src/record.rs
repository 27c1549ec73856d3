//! One line of the log.

use crate::{AuditError, Event, EventError, canonical, leaf_hash};
use cloister_model::Digest;
use serde::Deserialize;

/// An event with its place in the log. The fields are as they were read: nothing says that they
/// belong together until [`crate::Verifier`] does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    seq: u64,
    event: Vec<u8>,
    leaf: Digest,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    seq: u64,
    event: Event,
    leaf: Digest,
}

impl Record {
    /// The record of an event at place `seq`, from 1.
    ///
    /// # Errors
    /// Where the event has no canonical form.
    pub fn of(seq: u64, event: &Event) -> Result<Self, EventError> {
        let event = event.canonical_bytes()?;
        Ok(Self { seq, leaf: leaf_hash(seq, &event), event })
    }

    /// A record as it was stored.
    pub fn from_parts(seq: u64, event: Vec<u8>, leaf: Digest) -> Self {
        Self { seq, event, leaf }
    }

    /// Its place, from 1.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// The event's canonical bytes.
    pub fn event_bytes(&self) -> &[u8] {
        &self.event
    }

    /// The hash that enters the tree.
    pub fn leaf(&self) -> Digest {
        self.leaf
    }

    /// The event.
    ///
    /// # Errors
    /// Where the bytes are not an event in canonical form.
    pub fn event(&self) -> Result<Event, EventError> {
        Event::from_canonical(&self.event)
    }

    /// One line of an exported log: `{"event":{…},"leaf":"sha256:…","seq":1}`.
    ///
    /// # Errors
    /// [`AuditError::Malformed`] where the bytes are not an event in canonical form.
    pub fn to_line(&self) -> Result<String, AuditError> {
        let malformed = || AuditError::Malformed { seq: self.seq };
        self.event().map_err(|_| malformed())?;
        let event = String::from_utf8(self.event.clone()).map_err(|_| malformed())?;
        Ok(canonical::object([
            ("event", event),
            ("leaf", canonical::string(&self.leaf.to_string())),
            ("seq", self.seq.to_string()),
        ]))
    }

    /// Reads a line of an exported log, and refuses any other writing of it.
    ///
    /// # Errors
    /// [`AuditError::RecordForm`].
    pub fn from_line(line: &str) -> Result<Self, AuditError> {
        let read: Line = serde_json::from_str(line).map_err(|_| AuditError::RecordForm)?;
        let event = read.event.canonical_bytes().map_err(|_| AuditError::RecordForm)?;
        let record = Self { seq: read.seq, event, leaf: read.leaf };
        if record.to_line().is_ok_and(|again| again == line) {
            Ok(record)
        } else {
            Err(AuditError::RecordForm)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EventKind;

    #[test]
    fn a_line_has_one_writing() {
        let event = Event::new("2026-03-01T09:30:00.000Z", "a", EventKind::ReleaseMade, "req_1").with("n", 3);
        let record = Record::of(7, &event).unwrap();
        let line = record.to_line().unwrap();
        assert!(line.starts_with(r#"{"event":{"actor":"a","#) && line.ends_with(r#","seq":7}"#), "{line}");
        assert_eq!(Record::from_line(&line), Ok(record));
        for wrong in
            [line.replace(":3", ": 3"), line.replace("\"seq\":7", "\"seq\":7.0"), format!("{line}\n")]
        {
            assert_eq!(Record::from_line(&wrong), Err(AuditError::RecordForm), "{wrong}");
        }
    }
}
