//! A session that knows the allow-lists, the scoped catalogue and the vault, and nothing else.

use crate::catalogue::{CATALOGUE, DEFAULT_SCHEMA, catalogue};
use crate::date_arithmetic::DateArithmetic;
use crate::engine::Limits;
use crate::function::{aggregate_functions, scalar_functions, window_functions};
use crate::grant::ResolvedGrant;
use crate::lists_apart;
use crate::totals::TotalsOnce;
use crate::vault::VaultOnly;
use chrono::DateTime;
use datafusion::catalog::MemoryCatalogProviderList;
use datafusion::catalog::{CatalogProvider, CatalogProviderList};
use datafusion::common::Result;
use datafusion::execution::SessionState;
use datafusion::execution::SessionStateDefaults;
use datafusion::execution::context::ExecutionProps;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::planner::ExprPlanner;
use datafusion::object_store::ObjectStore;
use datafusion::object_store::local::LocalFileSystem;
use datafusion::object_store::memory::InMemory;
use datafusion::prelude::SessionConfig;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Builds the session for one query.
pub(crate) fn session(vault: &Path, grant: &ResolvedGrant, limits: &Limits) -> Result<SessionState> {
    let store = Arc::new(LocalFileSystem::new_with_prefix(vault)?);
    session_over(store, catalogue(grant)?, limits)
}

/// The same without a vault: it plans and checks, and can read nothing.
pub(crate) fn planning_session(grant: &ResolvedGrant, limits: &Limits) -> Result<SessionState> {
    session_over(Arc::new(InMemory::new()), catalogue(grant)?, limits)
}

/// A session over tables in memory, without a vault.
pub(crate) fn session_of(tables: Arc<dyn CatalogProvider>, limits: &Limits) -> Result<SessionState> {
    session_over(Arc::new(InMemory::new()), tables, limits)
}

fn session_over(
    store: Arc<dyn ObjectStore>,
    tables: Arc<dyn CatalogProvider>,
    limits: &Limits,
) -> Result<SessionState> {
    let runtime = RuntimeEnvBuilder::new()
        .with_object_store_registry(Arc::new(VaultOnly(store)))
        .with_memory_pool(Arc::new(GreedyMemoryPool::new(limits.memory_bytes_max)))
        // Spilled batches would lie on disk in plain.
        .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled))
        .build_arc()?;
    let catalogues = MemoryCatalogProviderList::new();
    catalogues.register_catalog(CATALOGUE.to_owned(), tables);
    // current_date is one day, for the whole of a query.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = DateTime::from_timestamp(i64::try_from(now.as_secs()).unwrap_or_default(), 0);
    let mut props = ExecutionProps::new();
    props.query_execution_start_time = now;
    let mut planners: Vec<Arc<dyn ExprPlanner>> = vec![Arc::new(DateArithmetic)];
    planners.extend(SessionStateDefaults::default_expr_planners());
    let state = SessionStateBuilder::new()
        .with_config(config(limits))
        .with_runtime_env(runtime)
        .with_execution_props(props)
        .with_catalog_list(Arc::new(catalogues))
        .with_scalar_functions(scalar_functions())
        .with_aggregate_functions(aggregate_functions())
        .with_window_functions(window_functions())
        .with_expr_planners(planners)
        .with_optimizer_rules(lists_apart::rules())
        .with_physical_optimizer_rule(Arc::new(TotalsOnce))
        .build();
    Ok(state)
}

/// Settings that keep the layout's order: files stay whole, partitions are not interleaved, partial
/// aggregation is not skipped (design 01, "Speed").
fn config(limits: &Limits) -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_default_catalog_and_schema(CATALOGUE, DEFAULT_SCHEMA)
        .with_create_default_catalog_and_schema(false)
        .with_information_schema(false)
        .with_target_partitions(limits.partitions)
        .with_repartition_file_scans(false)
        .with_repartition_joins(false)
        .with_round_robin_repartition(false)
        .with_collect_statistics(false);
    let options = config.options_mut();
    options.execution.skip_partial_aggregation_probe_rows_threshold = usize::MAX;
    // DataFusion's logical nullability of a CASE is finer than its physical one, and its check that both
    // agree fails good plans. Nothing here depends on it: every count tells NULL from 0 by itself.
    options.execution.skip_physical_aggregate_schema_check = true;
    options.execution.parquet.schema_force_view_types = false;
    // Every subquery becomes a join, which is checked like any other.
    options.optimizer.enable_physical_uncorrelated_scalar_subquery = false;
    options.sql_parser.map_string_types_to_utf8view = false;
    options.execution.parquet.pushdown_filters = false;
    config
}
