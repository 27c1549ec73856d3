//! The scoped catalogue: only granted tables and columns exist.
//!
//! The planner sees tables that have a schema and no data; the rewriting puts the vault's table in
//! their place. A plan that was not rewritten cannot read anything.

use crate::grant::{GrantedTable, ResolvedGrant};
use crate::vault::schema_of;
use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{
    CatalogProvider, MemoryCatalogProvider, MemorySchemaProvider, SchemaProvider, Session, TableProvider,
};
use datafusion::common::{Result, internal_err};
use datafusion::datasource::TableType;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;
use std::collections::HashMap;
use std::sync::Arc;

/// The catalogue's name in a fully qualified table name.
pub(crate) const CATALOGUE: &str = "cloister";
/// The schema of names that need no qualification.
pub(crate) const DEFAULT_SCHEMA: &str = "project";

/// A table as the planner sees it.
#[derive(Debug)]
pub(crate) struct PlanTable {
    granted: GrantedTable,
    schema: SchemaRef,
}

impl PlanTable {
    pub(crate) fn granted(&self) -> &GrantedTable {
        &self.granted
    }
}

#[async_trait]
impl TableProvider for PlanTable {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _: &dyn Session,
        _: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        internal_err!("a plan without evidence cannot run")
    }
}

/// Every granted table under its dataset's schema, and those whose name is unique under the default one.
pub(crate) fn catalogue(grant: &ResolvedGrant) -> Result<Arc<dyn CatalogProvider>> {
    let catalogue = MemoryCatalogProvider::new();
    let mut schemas: HashMap<&str, Arc<MemorySchemaProvider>> = HashMap::new();
    let default = Arc::new(MemorySchemaProvider::new());
    for table in &grant.tables {
        let provider: Arc<dyn TableProvider> =
            Arc::new(PlanTable { schema: schema_of(&table.columns), granted: table.clone() });
        let name = table.entry.name.as_str();
        let schema = schemas.entry(&table.schema).or_default();
        schema.register_table(name.to_owned(), provider.clone())?;
        if grant.tables.iter().filter(|t| t.entry.name == table.entry.name).count() == 1 {
            default.register_table(name.to_owned(), provider)?;
        }
    }
    for (name, schema) in schemas {
        catalogue.register_schema(name, schema)?;
    }
    catalogue.register_schema(DEFAULT_SCHEMA, default)?;
    Ok(Arc::new(catalogue))
}
