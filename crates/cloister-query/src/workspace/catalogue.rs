//! Workspace tables and views among the tables that a query finds. What was made earlier exists for what was made
//! later, never the other way round.

use super::stored::{StoredTable, WorkspaceColumn, physical_schema};
use super::{Content, SCHEMA, WorkspaceObject, command};
use crate::catalogue::{CATALOGUE, DEFAULT_SCHEMA, unreadable};
use crate::grant::ResolvedGrant;
use crate::sql::Length;
use crate::{QueryError, Refusal};
use async_trait::async_trait;
use cloister_model::{DataKey, Ident};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{CatalogProvider, MemorySchemaProvider, SchemaProvider, Session, TableProvider};
use datafusion::common::{Result, internal_datafusion_err, internal_err};
use datafusion::datasource::TableType;
use datafusion::execution::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::sql::parser::Statement as PlannerStatement;
use datafusion::sql::sqlparser::ast::{Statement, visit_relations};
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

/// How deep views may stand in views.
const VIEW_DEPTH_MAX: usize = 8;

/// A workspace table as the planner sees it.
#[derive(Debug)]
pub(crate) struct PlanStored {
    pub(crate) name: Ident,
    pub(crate) stored: Arc<StoredTable>,
    pub(crate) key: DataKey,
    schema: SchemaRef,
}

unreadable!(PlanStored, TableType::Base);

/// A workspace table or view that may not be used any more.
#[derive(Debug)]
pub(crate) struct PlanUnusable {
    pub(crate) refusal: Refusal,
    schema: SchemaRef,
}

unreadable!(PlanUnusable, TableType::Base);

/// A view: the planner puts its plan where its name stands.
#[derive(Debug)]
struct PlanView {
    plan: LogicalPlan,
    schema: SchemaRef,
}

unreadable!(
    PlanView,
    TableType::View,
    fn get_logical_plan(&self) -> Option<Cow<'_, LogicalPlan>> {
        Some(Cow::Borrowed(&self.plan))
    }
);

/// Puts the workspace into a session's catalogue: every table, and the views that this statement uses, itself or
/// through others. Returns the names of these views.
pub(crate) async fn add_objects(
    state: &SessionState,
    objects: &ResolvedGrant,
    query: &Statement,
    sql: &str,
) -> Result<Vec<Ident>, QueryError> {
    let objects = objects.workspace.as_slice();
    if objects.is_empty() {
        return Ok(Vec::new());
    }
    let mut views = Views { objects, known: HashMap::new() };
    let (length, _) = views.with_what_it_uses(query, objects.len())?;
    Length::of(sql)?.plus(length).check()?;
    let failed = |e| QueryError::failed(&e);
    let schemas = Schemas::of(state).map_err(failed)?;
    let mut used = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        let provider: Arc<dyn TableProvider> = match &object.content {
            Content::Table { stored, key } => {
                Arc::new(PlanStored::new(object.name.clone(), stored.clone(), key.clone()).map_err(failed)?)
            }
            Content::Unusable { columns, refusal } => Arc::new(PlanUnusable::new(columns, refusal)),
            Content::View(sql) if views.known.contains_key(&index) => {
                used.push(object.name.clone());
                let query = command::created_query(sql)?;
                let plan = state.statement_to_plan(PlannerStatement::Statement(Box::new(query))).await;
                let plan = plan.map_err(|e| Refusal::from_planner(&e))?;
                let schema = plan.schema().inner().clone();
                Arc::new(PlanView { plan, schema })
            }
            Content::View(_) => continue,
        };
        schemas.add(&object.name, provider).map_err(failed)?;
    }
    Ok(used)
}

impl PlanStored {
    fn new(name: Ident, stored: Arc<StoredTable>, key: DataKey) -> Result<Self> {
        // The physical schema has the visible columns' types under other names.
        let physical = physical_schema(&stored)?;
        let fields = stored.columns.iter().enumerate().map(|(index, column)| {
            let field = physical.field_with_name(&format!("c{index}"))?;
            Ok(Field::new(column.name.as_str(), field.data_type().clone(), field.is_nullable()))
        });
        let schema = Arc::new(Schema::new(fields.collect::<Result<Vec<_>>>()?));
        Ok(Self { name, stored, key, schema })
    }
}

impl PlanUnusable {
    fn new(columns: &[WorkspaceColumn], refusal: &Refusal) -> Self {
        let field = |c: &WorkspaceColumn| {
            let data_type = match c.data_type.as_str() {
                "person" => DataType::UInt32,
                other => other.parse().unwrap_or(DataType::FixedSizeBinary(16)),
            };
            Field::new(c.name.as_str(), data_type, true)
        };
        let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
        Self { refusal: refusal.clone(), schema }
    }
}

/// The two places that a name is found in.
struct Schemas {
    workspace: Arc<dyn SchemaProvider>,
    default: Arc<dyn SchemaProvider>,
}

impl Schemas {
    fn of(state: &SessionState) -> Result<Self> {
        let none = || internal_datafusion_err!("the catalogue is not there");
        let catalogue: Arc<dyn CatalogProvider> = state.catalog_list().catalog(CATALOGUE).ok_or_else(none)?;
        let default = catalogue.schema(DEFAULT_SCHEMA).ok_or_else(none)?;
        let workspace = match catalogue.schema(SCHEMA) {
            Some(of_a_dataset) => of_a_dataset,
            None => {
                let new: Arc<dyn SchemaProvider> = Arc::new(MemorySchemaProvider::new());
                catalogue.register_schema(SCHEMA, new.clone())?;
                new
            }
        };
        Ok(Self { workspace, default })
    }

    /// Under its schema, and without where no granted table has the name; where one has, the bare name means
    /// neither.
    fn add(&self, name: &Ident, provider: Arc<dyn TableProvider>) -> Result<()> {
        if self.default.table_exist(name.as_str()) {
            self.default.deregister_table(name.as_str())?;
        } else {
            self.default.register_table(name.to_string(), provider.clone())?;
        }
        self.workspace.register_table(name.to_string(), provider)?;
        Ok(())
    }
}

/// What views a statement stands for, and how long and deep it is with them written out.
struct Views<'a> {
    objects: &'a [WorkspaceObject],
    /// Of each view that is used: its length and depth with what it uses itself.
    known: HashMap<usize, (Length, usize)>,
}

impl Views<'_> {
    /// The length of the views in a statement that was made before the object at this place, each as often as it
    /// is used, and their depth.
    fn with_what_it_uses(&mut self, query: &Statement, before: usize) -> Result<(Length, usize), Refusal> {
        let (mut length, mut depth) = (Length::default(), 0);
        for name in names_in(query) {
            let earlier = self.objects.iter().take(before).enumerate();
            // A granted table or a CTE may have the same name; then a view too many is planned.
            let found = earlier.rev().find(|(_, object)| object.name.as_str() == name);
            let Some((index, WorkspaceObject { content: Content::View(sql), .. })) = found else { continue };
            let (more, deep) = match self.known.get(&index) {
                Some(known) => *known,
                None => {
                    let query = command::created_query(sql)?;
                    let (inside, deep) = self.with_what_it_uses(&query, index)?;
                    let known = (Length::of(sql)?.plus(inside), deep + 1);
                    self.known.insert(index, known);
                    known
                }
            };
            depth = depth.max(deep);
            length = length.plus(more).check()?;
            if depth > VIEW_DEPTH_MAX {
                return Err(Refusal::new(
                    "views-too-deep",
                    format!("Views stand in views more than {VIEW_DEPTH_MAX} deep."),
                    "Create a table of one of them.",
                ));
            }
        }
        Ok((length, depth))
    }
}

/// The last part of every table's name in a statement, as often as it is there.
fn names_in(statement: &Statement) -> Vec<String> {
    let mut names = Vec::new();
    let _: ControlFlow<()> = visit_relations(statement, |name| {
        if let Some(ident) = name.0.last().and_then(|part| part.as_ident()) {
            let quoted = ident.quote_style.is_some();
            names.push(if quoted { ident.value.clone() } else { ident.value.to_lowercase() });
        }
        ControlFlow::Continue(())
    });
    names
}
