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

/// A table without data, as the planner sees one: only the rewriting reads the vault.
macro_rules! unreadable {
    ($type:ty, $kind:expr $(, $logical:item)?) => {
        #[async_trait]
        impl TableProvider for $type {
            fn schema(&self) -> SchemaRef {
                self.schema.clone()
            }

            fn table_type(&self) -> TableType {
                $kind
            }

            $($logical)?

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
    };
}
pub(crate) use unreadable;

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

unreadable!(PlanTable, TableType::Base);

/// A table in memory that holds nobody's rows.
#[derive(Debug)]
pub(crate) struct MemoryTable(pub(crate) Arc<dyn TableProvider>);

#[async_trait]
impl TableProvider for MemoryTable {
    fn schema(&self) -> SchemaRef {
        self.0.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Temporary
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.0.scan(state, projection, filters, limit).await
    }
}

/// A table in memory and its names.
pub(crate) struct MemoryNamed {
    pub(crate) schema: String,
    pub(crate) name: String,
    pub(crate) table: Arc<dyn TableProvider>,
}

/// Every granted table under its dataset's schema, and those whose name is unique under the default one.
pub(crate) fn catalogue(grant: &ResolvedGrant) -> Result<Arc<dyn CatalogProvider>> {
    let tables = grant.tables.iter().map(|table| {
        let provider: Arc<dyn TableProvider> =
            Arc::new(PlanTable { schema: schema_of(&table.columns), granted: table.clone() });
        (table.schema.as_str(), table.entry.name.as_str(), provider)
    });
    by_name(&tables.collect::<Vec<_>>())
}

/// The same of tables in memory.
pub(crate) fn named_tables(tables: &[MemoryNamed]) -> Result<Arc<dyn CatalogProvider>> {
    let tables = tables.iter().map(|t| {
        let provider: Arc<dyn TableProvider> = Arc::new(MemoryTable(t.table.clone()));
        (t.schema.as_str(), t.name.as_str(), provider)
    });
    by_name(&tables.collect::<Vec<_>>())
}

fn by_name(tables: &[(&str, &str, Arc<dyn TableProvider>)]) -> Result<Arc<dyn CatalogProvider>> {
    let catalogue = MemoryCatalogProvider::new();
    let mut schemas: HashMap<&str, Arc<MemorySchemaProvider>> = HashMap::new();
    let default = Arc::new(MemorySchemaProvider::new());
    for (schema, name, table) in tables {
        let schema = schemas.entry(schema).or_default();
        schema.register_table((*name).to_owned(), table.clone())?;
        if tables.iter().filter(|(_, other, _)| other == name).count() == 1 {
            default.register_table((*name).to_owned(), table.clone())?;
        }
    }
    for (name, schema) in schemas {
        catalogue.register_schema(name, schema)?;
    }
    catalogue.register_schema(DEFAULT_SCHEMA, default)?;
    Ok(Arc::new(catalogue))
}
