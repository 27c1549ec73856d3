//! What a researcher is answered. Rows get in from cleared results only.

use cloister_airlock::Cleared;
use cloister_query::{FailedAttack, ReleasedTable, Value};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use utoipa::ToSchema;

/// What became of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Its result is released, perhaps with suppressed cells.
    Released,
    /// Its result waits for checkers.
    Held,
    /// It may not run.
    Refused,
    /// It broke off.
    Failed,
    /// It made a workspace table or view. Nothing is said of what is in it.
    Created,
    /// It ended a workspace table or view.
    Dropped,
}

/// The disclosure policy that was applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PolicyRef {
    /// Its name.
    pub name: String,
    /// The digest of its text.
    pub digest: String,
}

/// A dataset version that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DatasetRef {
    /// The dataset.
    pub name: String,
    /// The version.
    pub version: u32,
    /// The digest of its manifest.
    pub digest: String,
}

/// A column of the released table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AnswerColumn {
    /// Its name.
    pub name: String,
    /// Its Arrow type.
    #[serde(rename = "type")]
    pub data_type: String,
    /// `key`, `count`, `sum`, `mean`, `rate` or `derived`.
    pub role: &'static str,
}

/// What became of a cell that is not simply a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AnswerCell {
    /// Row, from 0.
    pub row: usize,
    /// The column's name.
    pub column: String,
    /// `null`, `suppressed` or `other`.
    pub state: &'static str,
    /// The rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<&'static str>,
    /// Whether it went to protect another cell.
    pub secondary: bool,
}

/// What an outsider tried on a table with totals before it was released: every suppressed cell was attacked with all
/// that the table shows, and none could be narrowed to less than the policy keeps open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AnswerAttack {
    /// Cells that rules suppressed.
    pub suppressed: usize,
    /// Cells that were suppressed so that those cannot be worked out.
    pub secondary: usize,
    /// Cells that could be narrowed: none, or the table would be held.
    pub narrowed: usize,
}

impl From<FailedAttack> for AnswerAttack {
    fn from(attack: FailedAttack) -> Self {
        Self { suppressed: attack.primary, secondary: attack.secondary, narrowed: 0 }
    }
}

/// Why a query was refused or is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// A stable code.
    pub code: String,
    /// One sentence.
    pub message: String,
    /// What the researcher can do.
    pub hint: String,
}

impl Reason {
    /// A reason.
    pub fn new(code: impl Into<String>, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), hint: hint.into() }
    }

    /// A reason whose sentence is an error's words.
    pub(crate) fn of_words(code: &str, words: &str, hint: &str) -> Self {
        let (first, rest) = words.split_at_checked(1).unwrap_or_default();
        Self::new(code, format!("{}{rest}.", first.to_uppercase()), hint)
    }

    /// Why a result waits for checkers.
    pub(crate) fn hold(code: &str) -> Self {
        let (message, hint) = match code {
            "review-required" => (
                "Results of this project are released after checkers have looked at them.",
                "Checkers see the request; you are told when it is decided.",
            ),
            "outputs-per-day" => (
                "As many results of this project have left today as the policy lets leave without a checker.",
                "Ask for its release, or wait until tomorrow (UTC).",
            ),
            "ledger" => (
                "It cannot be released by rules alone beside what was released before, of yours or of the hub.",
                "Use what was released for nearly the same people, or ask for people who differ from them by more.",
            ),
            "too-many-cells" => (
                "The table has more cells than the policy releases without a checker.",
                "Ask for fewer groups or columns.",
            ),
            "mean-with-sum" => (
                "A sum and a mean of the same column reveal the exact number of people together.",
                "Ask for one of them.",
            ),
            "class-disclosure" => (
                "The table says of a whole group which category its people are in.",
                "Ask for coarser groups or categories, or leave one of the columns out of the GROUP BY.",
            ),
            "totals-rounded-apart" => (
                "The policy rounds numbers so that totals still add up, and these totals would not.",
                "Leave out the totals (ROLLUP, CUBE, GROUPING SETS).",
            ),
            "argument-shape" => (
                "An aggregate's argument is of a shape that a checker must look at.",
                "Sum and average columns that the data dictionary calls measures, alone or in a CASE with 0.",
            ),
            "totals-beside-suppressed" => (
                "A number that is suppressed could be worked out from the totals beside it.",
                "Ask for coarser groups, or leave out the totals (ROLLUP, CUBE, GROUPING SETS).",
            ),
            "groups-inside" => (
                "An aggregate of groups may lack groups that are too small to be seen.",
                "Aggregate people's rows directly, or group by columns whose values are a public list.",
            ),
            "group-values-inside" => (
                "People's rows are compared with numbers of groups, which are rounded and suppressed inside too.",
                "Write the number in, once you have it, or compare with the person's own rows.",
            ),
            "overlapping-results" => (
                "The query shows numbers of groups that may differ by few people only, who could be worked out.",
                "Ask for one of them, or for groups and their total in one GROUP BY ROLLUP.",
            ),
            "repeated-rows" => (
                "A UNION may take the same rows in several times, and a multiple is not hidden by rounding.",
                "Count people (count(DISTINCT person_id)), or put the conditions into one WHERE.",
            ),
            "spreads-of-both-kinds" => (
                "Two variances of the same column, of a sample and of all, reveal the exact number of rows together.",
                "Ask for one of them.",
            ),
            "many-conditions" => (
                "The table has more conditions than can be compared with one another.",
                "Put the categories into GROUP BY, or split the query.",
            ),
            "ranked-people" => (
                "The result depends on people's places or numbers among others, or on rows that the query makes up.",
                "Rank within a person (PARTITION BY person_id), or use median and percentile_cont.",
            ),
            _ => ("A checker must look at this result.", "Checkers see the request."),
        };
        Self::new(code, message, hint)
    }
}

/// The answer to a query.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Answer {
    status: Status,
    request: Option<String>,
    policy: Option<PolicyRef>,
    datasets: Vec<DatasetRef>,
    plan_digest: Option<String>,
    columns: Vec<AnswerColumn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<Vec<Vec<Json>>>,
    cells: Vec<AnswerCell>,
    /// The attack on what is suppressed, where totals stand beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    attack: Option<AnswerAttack>,
    reasons: Vec<Reason>,
    /// The policy's marker, for text forms.
    #[serde(skip)]
    marker: String,
}

/// What an answer says whatever became of the query.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heading {
    pub(crate) request: Option<String>,
    pub(crate) policy: Option<PolicyRef>,
    pub(crate) marker: String,
    pub(crate) datasets: Vec<DatasetRef>,
    pub(crate) plan_digest: Option<String>,
}

impl Answer {
    pub(crate) fn without_rows(status: Status, heading: Heading, reasons: Vec<Reason>) -> Self {
        Self {
            status,
            request: heading.request,
            policy: heading.policy,
            datasets: heading.datasets,
            plan_digest: heading.plan_digest,
            columns: Vec::new(),
            rows: None,
            cells: Vec::new(),
            attack: None,
            reasons,
            marker: heading.marker,
        }
    }

    pub(crate) fn released<T: AsRef<ReleasedTable>>(heading: Heading, cleared: &Cleared<T>) -> Self {
        let table = cleared.get().as_ref();
        let (columns, cells) = columns_and_cells(table);
        let rows = table.rows().iter().map(|row| row.iter().map(json_of).collect()).collect();
        let empty = Self::without_rows(Status::Released, heading, Vec::new());
        let attack = table.attack().map(AnswerAttack::from);
        Self { columns, rows: Some(rows), cells, attack, ..empty }
    }

    /// An answer to what broke off before there was a request.
    pub fn failed(code: &str, message: &str) -> Self {
        let reason = Reason::new(code, message, "");
        Self::without_rows(Status::Failed, Heading::default(), vec![reason])
    }

    /// What became of the query.
    pub fn status(&self) -> Status {
        self.status
    }

    /// The request's id, where the query was recorded.
    pub fn request(&self) -> Option<&str> {
        self.request.as_deref()
    }

    /// Why it was refused or is held.
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    /// The columns of a released table.
    pub fn columns(&self) -> &[AnswerColumn] {
        &self.columns
    }

    /// The rows of a released table; empty otherwise.
    pub fn rows(&self) -> &[Vec<Json>] {
        self.rows.as_deref().unwrap_or_default()
    }

    /// What became of the cells that are not simply values.
    pub fn cells(&self) -> &[AnswerCell] {
        &self.cells
    }

    /// The attack that failed on what is suppressed, where totals stand beside it.
    pub fn attack(&self) -> Option<AnswerAttack> {
        self.attack
    }

    /// The policy that was applied.
    pub fn policy(&self) -> Option<&PolicyRef> {
        self.policy.as_ref()
    }

    /// The dataset versions that were read.
    pub fn datasets(&self) -> &[DatasetRef] {
        &self.datasets
    }

    /// The answer as one JSON object.
    pub fn to_json(&self) -> String {
        match serde_json::to_string(self) {
            Ok(text) => text,
            // Maps with string keys, strings and numbers always serialise.
            Err(_) => "{}".to_owned(),
        }
    }

    /// A released table as text, cell by cell: suppressed cells are the policy's marker, NULL is empty,
    /// merged labels are `(other)`. None where nothing is released.
    pub fn text_rows(&self) -> Option<Vec<Vec<String>>> {
        Some(text_of_cells(self.rows.as_ref()?, &self.columns, &self.cells, &self.marker))
    }

    /// A released table as CSV (RFC 4180, with a header).
    pub fn to_csv(&self) -> Option<String> {
        Some(csv_of(&self.columns, &self.text_rows()?))
    }
}

/// Rows as text, cell by cell.
fn text_of_cells(
    rows: &[Vec<Json>],
    columns: &[AnswerColumn],
    cells: &[AnswerCell],
    marker: &str,
) -> Vec<Vec<String>> {
    let mut text: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(text_of).collect()).collect();
    for cell in cells {
        let column = columns.iter().position(|c| c.name == cell.column);
        let place = text.get_mut(cell.row).zip(column).and_then(|(row, column)| row.get_mut(column));
        if let Some(place) = place {
            *place = match cell.state {
                "suppressed" | "not-permitted" => marker.to_owned(),
                "other" => "(other)".to_owned(),
                _ => String::new(),
            };
        }
    }
    text
}

/// A table's rows as text, for a checker who may see them before they are released.
pub(crate) fn text_of_rows(
    table: &ReleasedTable,
    columns: &[AnswerColumn],
    cells: &[AnswerCell],
    marker: &str,
) -> Vec<Vec<String>> {
    let rows: Vec<Vec<Json>> = table.rows().iter().map(|row| row.iter().map(json_of).collect()).collect();
    text_of_cells(&rows, columns, cells, marker)
}

/// RFC 4180, with a header.
pub(crate) fn csv_of(columns: &[AnswerColumn], rows: &[Vec<String>]) -> String {
    let mut csv = String::new();
    let header: Vec<String> = columns.iter().map(|c| c.name.clone()).collect();
    for row in std::iter::once(&header).chain(rows) {
        let fields: Vec<String> = row.iter().map(|f| quoted(f)).collect();
        csv.push_str(&fields.join(","));
        csv.push_str("\r\n");
    }
    csv
}

/// A table's columns, and its cells that are not simply values.
pub(crate) fn columns_and_cells(table: &ReleasedTable) -> (Vec<AnswerColumn>, Vec<AnswerCell>) {
    let columns = table.columns().iter();
    let columns =
        columns.map(|c| AnswerColumn { name: c.name.clone(), data_type: c.data_type.clone(), role: c.role });
    let columns: Vec<AnswerColumn> = columns.collect();
    let cells = table.notes().iter().map(|note| AnswerCell {
        row: note.row,
        column: columns.get(note.column).map(|c| c.name.clone()).unwrap_or_default(),
        state: note.state,
        rule: note.rule,
        secondary: note.rule == Some("secondary"),
    });
    let cells = cells.collect();
    (columns, cells)
}

fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

pub(crate) fn json_of(value: &Value) -> Json {
    match value {
        Value::None => Json::Null,
        Value::Bool(value) => json!(value),
        Value::Int(value) => json!(value),
        Value::Float(value) => json!(value),
        // Sums and means are protected to far fewer digits than a float holds.
        Value::Decimal(text) => text.parse::<f64>().map_or(Json::Null, |v| json!(v)),
        Value::Text(text) => json!(text),
    }
}

pub(crate) fn text_of(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Answer {
        let column = |name: &str, role| AnswerColumn { name: name.into(), data_type: "Utf8".into(), role };
        let cell = |row, column: &str, state| AnswerCell {
            row,
            column: column.into(),
            state,
            rule: None,
            secondary: false,
        };
        let heading = Heading { marker: "*".into(), ..Heading::default() };
        Answer {
            columns: vec![column("sex, born", "key"), column("n", "count")],
            rows: Some(vec![
                vec![json!("a \"b\""), json!(15)],
                vec![Json::Null, Json::Null],
                vec![Json::Null, json!(1.5)],
            ]),
            cells: vec![
                cell(1, "sex, born", "other"),
                cell(1, "n", "suppressed"),
                cell(2, "sex, born", "null"),
            ],
            ..Answer::without_rows(Status::Released, heading, vec![])
        }
    }

    #[test]
    fn csv_is_quoted_and_marked() {
        assert_eq!(
            answer().to_csv().unwrap(),
            "\"sex, born\",n\r\n\"a \"\"b\"\"\",15\r\n(other),*\r\n,1.5\r\n"
        );
    }

    #[test]
    fn an_answer_without_a_release_has_no_rows() {
        for status in [Status::Held, Status::Refused, Status::Failed] {
            let answer =
                Answer::without_rows(status, Heading::default(), vec![Reason::hold("review-required")]);
            let json: Json = serde_json::from_str(&answer.to_json()).unwrap();
            assert!(json.get("rows").is_none() && answer.to_csv().is_none() && answer.rows().is_empty());
        }
    }
}
