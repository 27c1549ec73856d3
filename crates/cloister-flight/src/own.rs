//! Two tables of the hub's own that a statement may read: what became of the cells of a released table, and one's queries.
//!
//! They are no part of any dataset, and no other statement sees them: a few forms of text are known, and nothing else.

use crate::call::Caller;
use crate::fault::{internal, of_error, status};
use crate::ticket::Stands;
use arrow::array::{ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use cloister_hub::{Hub, HubError, PackageFile, QueryRecord};
use cloister_model::Name;
use serde::Deserialize;
use std::sync::Arc;
use tonic::{Code, Status};

/// How many of the caller's last queries are listed, and looked through for the last released one.
const QUERIES_MAX: usize = 200;

/// What a text asks of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The findings on one query's table; on the last released one where none is named.
    Findings(Option<String>),
    /// The caller's queries in the project.
    Queries,
}

/// What a text asks of the hub's own tables; none where it is a query of the project's data.
pub(crate) fn asked(sql: &str) -> Option<Result<Asked, Status>> {
    let words: Vec<&str> = sql.trim().trim_end_matches(';').split_whitespace().collect();
    let is = |place: usize, wanted: &str| words.get(place).is_some_and(|w| w.eq_ignore_ascii_case(wanted));
    let own = words.iter().any(|w| {
        let word = w.trim_matches(|c| c == '(' || c == ')' || c == ',').to_lowercase();
        word.starts_with("cloister.")
    });
    if !own {
        return None;
    }
    let all = is(0, "SELECT") && is(1, "*") && is(2, "FROM");
    if all && is(3, "cloister.queries") && words.len() == 4 {
        return Some(Ok(Asked::Queries));
    }
    if all && is(3, "cloister.findings") {
        if words.len() == 4 {
            return Some(Ok(Asked::Findings(None)));
        }
        let condition = words.get(4..).unwrap_or_default().concat();
        let value = condition
            .get(.."WHERErequest=".len())
            .filter(|head| head.eq_ignore_ascii_case("WHERErequest="))
            .and_then(|head| condition.get(head.len()..))
            .and_then(|rest| rest.strip_prefix('\'')?.strip_suffix('\''));
        let plain = |id: &&str| !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if let Some(id) = value.filter(plain) {
            return Some(Ok(Asked::Findings(Some(id.to_owned()))));
        }
    }
    let text = "Of the hub's own tables: SELECT * FROM cloister.queries; SELECT * FROM cloister.findings; \
                SELECT * FROM cloister.findings WHERE request = 'req_…'.";
    Some(Err(status(Code::InvalidArgument, "own-tables", text)))
}

impl Asked {
    /// What stands for it, and its columns.
    pub(crate) async fn stands(self, hub: &Hub, caller: &Caller) -> Result<(Stands, Schema), Status> {
        Ok(match self {
            Self::Queries => (Stands::Queries(caller.project(hub).await?.to_string()), queries_schema()),
            Self::Findings(Some(id)) => (Stands::Findings(id), findings_schema()),
            Self::Findings(None) => {
                let project = caller.project(hub).await?;
                let mine = mine(hub, caller, &project).await?;
                let last = mine.into_iter().find(|record| record.state == "released");
                (Stands::Findings(last.ok_or_else(crate::fault::absent)?.id), findings_schema())
            }
        })
    }
}

async fn mine(hub: &Hub, caller: &Caller, project: &Name) -> Result<Vec<QueryRecord>, Status> {
    let (records, _) = hub.query_records(&caller.name, None, QUERIES_MAX).await.map_err(|e| of_error(&e))?;
    let own = |r: &QueryRecord| r.user == caller.name.as_str() && r.project == project.as_str();
    Ok(records.into_iter().filter(own).collect())
}

fn text(name: &str) -> Field {
    Field::new(name, DataType::Utf8, true)
}

fn queries_schema() -> Schema {
    Schema::new(vec![
        text("request"),
        text("state"),
        text("sql"),
        text("submitted_at"),
        text("settled_at"),
        text("release_request"),
        text("reasons"),
    ])
}

/// The caller's queries in a project, newest first.
pub(crate) async fn queries(hub: &Hub, caller: &Caller, project: &str) -> Result<RecordBatch, Status> {
    let project: Name = project.parse().map_err(|_| crate::fault::absent())?;
    let records = mine(hub, caller, &project).await?;
    let of = |value: &dyn Fn(&QueryRecord) -> Option<String>| -> ArrayRef {
        Arc::new(records.iter().map(value).collect::<StringArray>())
    };
    let reasons = |r: &QueryRecord| r.reasons.iter().map(|x| x.code.as_str()).collect::<Vec<_>>().join(", ");
    let columns = vec![
        of(&|r| Some(r.id.clone())),
        of(&|r| Some(r.state.clone())),
        of(&|r| Some(r.sql.clone())),
        of(&|r| Some(r.submitted_at.clone())),
        of(&|r| r.settled_at.clone()),
        of(&|r| r.release_request.clone()),
        of(&|r| Some(reasons(r)).filter(|text| !text.is_empty())),
    ];
    RecordBatch::try_new(Arc::new(queries_schema()), columns).map_err(|_| internal())
}

fn findings_schema() -> Schema {
    Schema::new(vec![
        text("request"),
        Field::new("row", DataType::Int64, true),
        text("column"),
        text("state"),
        text("rule"),
        Field::new("secondary", DataType::Boolean, true),
        text("message"),
    ])
}

/// What a release's `answer.json` says of its cells.
#[derive(Deserialize)]
struct Answer {
    cells: Vec<Cell>,
}

#[derive(Deserialize)]
struct Cell {
    row: i64,
    column: String,
    state: String,
    #[serde(default)]
    rule: Option<String>,
    #[serde(default)]
    secondary: bool,
}

/// One line of the findings.
struct Finding {
    row: Option<i64>,
    column: Option<String>,
    state: String,
    rule: Option<String>,
    secondary: Option<bool>,
    message: Option<String>,
}

/// What became of a query: of a released one, its cells without a value; of any other, why.
pub(crate) async fn findings(hub: &Hub, caller: &Caller, id: &str) -> Result<RecordBatch, Status> {
    let record = hub.query_record(id, &caller.name).await.map_err(|e| of_error(&e))?;
    if record.user != caller.name.as_str() {
        return Err(crate::fault::absent());
    }
    let of_reasons = record.reasons.iter().map(|reason| Finding {
        row: None,
        column: None,
        state: record.state.clone(),
        rule: Some(reason.code.clone()),
        secondary: None,
        message: Some(reason.message.clone()),
    });
    let found: Vec<Finding> = match hub.fetch(id, &caller.name, PackageFile::Json).await {
        Ok(bytes) => {
            let answer: Answer = serde_json::from_slice(&bytes).map_err(|_| internal())?;
            let of_cells = answer.cells.into_iter().map(|cell| Finding {
                row: Some(cell.row),
                column: Some(cell.column),
                state: cell.state,
                rule: cell.rule,
                secondary: Some(cell.secondary),
                message: None,
            });
            of_cells.collect()
        }
        Err(HubError::NotReleased(..)) => of_reasons.collect(),
        Err(error) => return Err(of_error(&error)),
    };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(found.iter().map(|_| Some(id)).collect::<StringArray>()),
        Arc::new(found.iter().map(|f| f.row).collect::<Int64Array>()),
        Arc::new(found.iter().map(|f| f.column.as_deref()).collect::<StringArray>()),
        Arc::new(found.iter().map(|f| Some(f.state.as_str())).collect::<StringArray>()),
        Arc::new(found.iter().map(|f| f.rule.as_deref()).collect::<StringArray>()),
        Arc::new(found.iter().map(|f| f.secondary).collect::<BooleanArray>()),
        Arc::new(found.iter().map(|f| f.message.as_deref()).collect::<StringArray>()),
    ];
    RecordBatch::try_new(Arc::new(findings_schema()), columns).map_err(|_| internal())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_forms_are_known() {
        let known = |sql: &str| asked(sql).unwrap().unwrap();
        assert_eq!(known("select * from cloister.queries;"), Asked::Queries);
        assert_eq!(known("SELECT *\nFROM cloister.findings"), Asked::Findings(None));
        for sql in [
            "SELECT * FROM cloister.findings WHERE request='req_1'",
            "select * from Cloister.Findings where request = 'req_1' ;",
        ] {
            assert_eq!(known(sql), Asked::Findings(Some("req_1".to_owned())));
        }
        for sql in [
            "SELECT row FROM cloister.findings",
            "SELECT * FROM cloister.findings WHERE request = 'a' OR 'a' = 'a'",
            "SELECT * FROM cloister.findings, person",
            "SELECT * FROM person, cloister.queries",
            "SELECT * FROM (cloister.queries)",
            "SELECT * FROM cloister.secrets",
        ] {
            assert!(asked(sql).unwrap().is_err(), "{sql}");
        }
        assert!(asked("SELECT count(*) FROM person").is_none());
    }
}
