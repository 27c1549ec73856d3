//! What a workspace object was made from, and whether the project may still have it.

use super::Kept;
use crate::{DatasetRef, HubError};
use chrono::NaiveDate;
use cloister_governance::{Grant, Manifest};
use cloister_model::{Digest, Ident, Name};
use cloister_query::Reads;
use cloister_store::StoredObject;
use serde::{Deserialize, Serialize};

/// What an object was made from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lineage {
    /// Tables of dataset versions, through other workspace objects too, as they were granted.
    pub(crate) tables: Vec<LineageTable>,
    /// The workspace objects that its query names, or that views in it name.
    pub(crate) objects: Vec<LineageObject>,
}

/// A table of a dataset version as a project was granted it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LineageTable {
    pub(crate) dataset: Name,
    pub(crate) version: u32,
    pub(crate) digest: Digest,
    pub(crate) table: Ident,
    pub(crate) columns: Vec<Ident>,
    pub(crate) row_filter: Option<String>,
    pub(crate) window: Option<(Ident, NaiveDate, NaiveDate)>,
}

/// A workspace object that another was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LineageObject {
    pub(crate) name: Ident,
    pub(crate) request: String,
    pub(crate) digest: Digest,
}

/// A table that a project is granted now.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) table: LineageTable,
    schema: String,
    /// The one version that is granted; `None`: the newest, and with it any that was the newest.
    pinned: Option<u32>,
}

impl Source {
    /// The tables of one grant.
    pub(crate) fn of(grant: &Grant, digest: Digest, manifest: &Manifest) -> Vec<Self> {
        let sources = grant.tables.iter().filter_map(|granted| {
            let entry = manifest.tables.iter().find(|t| t.name == granted.name)?;
            let columns = entry.columns.iter().map(|c| &c.name).filter(|c| granted.columns.grants(c));
            let table = LineageTable {
                dataset: grant.dataset.clone(),
                version: manifest.version,
                digest,
                table: granted.name.clone(),
                columns: columns.cloned().collect(),
                row_filter: granted.row_filter.clone(),
                window: granted.window.as_ref().map(|w| (w.column.clone(), w.from, w.to)),
            };
            Some(Self { table, schema: manifest.schema_name(), pinned: grant.version })
        });
        sources.collect()
    }

    /// Whether what was granted then is still granted: the version, no fewer columns, the same rows.
    fn covers(&self, then: &LineageTable) -> bool {
        let now = &self.table;
        now.dataset == then.dataset
            && now.table == then.table
            && self.pinned.is_none_or(|version| version == then.version)
            && now.row_filter == then.row_filter
            && now.window == then.window
            && then.columns.iter().all(|column| now.columns.contains(column))
    }
}

impl Lineage {
    /// Of what a plan reads.
    pub(crate) fn of(reads: &Reads, sources: &[Source], kept: &[Kept]) -> Self {
        let mut lineage = Self::default();
        let read = |s: &&Source| reads.tables.contains(&(s.schema.clone(), s.table.table.clone()));
        for source in sources.iter().filter(read) {
            lineage.add(&source.table);
        }
        for object in kept.iter().filter(|k| reads.objects.contains(&k.stored.name)) {
            // What a view was planned from then may be other than what it is planned from now.
            if object.table().is_some() {
                object.lineage.tables.iter().for_each(|table| lineage.add(table));
            }
            lineage.objects.push(LineageObject {
                name: object.stored.name.clone(),
                request: object.stored.request.clone(),
                digest: object.stored.digest,
            });
        }
        lineage
    }

    fn add(&mut self, table: &LineageTable) {
        if !self.tables.contains(table) {
            self.tables.push(table.clone());
        }
    }

    /// As recorded with an object.
    pub(crate) fn of_object(object: &StoredObject) -> Result<Self, HubError> {
        serde_json::from_str(&object.lineage).map_err(|_| {
            HubError::Internal(format!("the lineage of workspace.{} cannot be read", object.name))
        })
    }

    /// Whether a project is still granted all of it.
    pub(crate) fn is_granted(&self, sources: &[Source]) -> bool {
        self.tables.iter().all(|table| sources.iter().any(|source| source.covers(table)))
    }

    /// The dataset versions, each once.
    pub(crate) fn datasets(&self) -> Vec<DatasetRef> {
        let mut datasets: Vec<DatasetRef> = Vec::new();
        for table in &self.tables {
            let dataset = DatasetRef {
                name: table.dataset.to_string(),
                version: table.version,
                digest: table.digest.to_string(),
            };
            if !datasets.contains(&dataset) {
                datasets.push(dataset);
            }
        }
        datasets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> LineageTable {
        LineageTable {
            dataset: "gp".parse().unwrap(),
            version: 1,
            digest: Digest::of(b"1"),
            table: "person".parse().unwrap(),
            columns: vec!["person_id".parse().unwrap(), "sex".parse().unwrap()],
            row_filter: Some("sex = 'F'".to_owned()),
            window: None,
        }
    }

    fn source(table: LineageTable, pinned: Option<u32>) -> Source {
        Source { table, schema: "gp".to_owned(), pinned }
    }

    #[test]
    fn a_narrower_grant_does_not_cover_what_was_read() {
        let then = Lineage { tables: vec![table()], objects: vec![] };
        let granted = |table, pinned| then.is_granted(&[source(table, pinned)]);
        assert!(granted(table(), None));
        assert!(granted(table(), Some(1)));
        // Landed again: the newest is granted, and so was this version.
        assert!(granted(LineageTable { version: 2, digest: Digest::of(b"2"), ..table() }, None));
        let mut wider = table();
        wider.columns.push("district".parse().unwrap());
        assert!(granted(wider, None));
        assert!(!granted(table(), Some(2)));
        assert!(!then.is_granted(&[]));
        for narrower in [
            LineageTable { columns: vec!["person_id".parse().unwrap()], ..table() },
            LineageTable { row_filter: Some("sex = 'F' AND birth_year < 1990".to_owned()), ..table() },
            LineageTable { row_filter: None, ..table() },
            LineageTable { table: "gp_event".parse().unwrap(), ..table() },
            LineageTable { dataset: "hospital".parse().unwrap(), ..table() },
            LineageTable {
                window: Some((
                    "date".parse().unwrap(),
                    NaiveDate::from_ymd_opt(2024, 1, 1).unwrap(),
                    NaiveDate::from_ymd_opt(2024, 12, 31).unwrap(),
                )),
                ..table()
            },
        ] {
            assert!(!granted(narrower.clone(), None), "{narrower:?}");
        }
    }
}
