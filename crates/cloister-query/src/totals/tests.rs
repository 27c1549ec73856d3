use super::*;
use crate::people::{OrderLost, ordered_people, set_people};
use datafusion::arrow::array::{Int64Array, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::datasource::MemTable;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::physical_plan::{collect, displayable};
use datafusion::prelude::{SessionConfig, SessionContext};
use proptest::prelude::*;

/// A person, two keys that may be missing, and a value that may be.
type Row = (Option<u32>, Option<u8>, Option<u8>, Option<i64>);

fn context(parts: &[Vec<Row>], once: bool) -> SessionContext {
    let schema = Arc::new(Schema::new(vec![
        Field::new("person", DataType::UInt32, true),
        Field::new("a", DataType::Utf8, true),
        Field::new("b", DataType::Int64, true),
        Field::new("v", DataType::Int64, true),
    ]));
    let batches = |rows: &Vec<Row>| {
        let batch = |rows: &[Row]| {
            let columns: Vec<ArrayRef> = vec![
                Arc::new(UInt32Array::from_iter(rows.iter().map(|r| r.0))),
                Arc::new(StringArray::from_iter(rows.iter().map(|r| r.1.map(|a| format!("a{a}"))))),
                Arc::new(Int64Array::from_iter(rows.iter().map(|r| r.2.map(i64::from)))),
                Arc::new(Int64Array::from_iter(rows.iter().map(|r| r.3))),
            ];
            RecordBatch::try_new(schema.clone(), columns).unwrap()
        };
        rows.chunks(7).map(batch).collect::<Vec<_>>()
    };
    let config = SessionConfig::new().with_target_partitions(2).with_round_robin_repartition(false);
    let mut state = SessionStateBuilder::new().with_default_features().with_config(config);
    if once {
        state = state.with_physical_optimizer_rule(Arc::new(TotalsOnce));
    }
    let context = SessionContext::new_with_state(state.build());
    context.register_udaf(ordered_people(None).as_ref().clone());
    context.register_udaf(ordered_people(Some(3)).as_ref().clone());
    context.register_udaf(set_people(None).as_ref().clone());
    let table = MemTable::try_new(schema.clone(), parts.iter().map(batches).collect()).unwrap();
    context.register_table("t", Arc::new(table)).unwrap();
    context
}

/// Sorted lines of the result, and whether the operator was there.
async fn lines(context: &SessionContext, sql: &str) -> Result<(Vec<String>, bool)> {
    let plan = context.sql(sql).await?.create_physical_plan().await?;
    let there = displayable(plan.as_ref()).indent(false).to_string().contains("TotalsExec");
    let text = pretty_format_batches(&collect(plan, context.task_ctx()).await?)?.to_string();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    Ok((lines, there))
}

const AGGREGATES: &str = "count(*), count(v) FILTER (WHERE b > 1), sum(v), avg(v), min(v), max(a), \
    __people_ordered(person), __people_ordered_named(person), __people_set(person), \
    __people_ordered(person) FILTER (WHERE v > 0)";

const GROUPS: [&str; 5] = [
    "CUBE (a, b)",
    "ROLLUP (a, b)",
    "GROUPING SETS ((a), (b), ())",
    "GROUPING SETS ((a, b), (a), (a))",
    "GROUPING SETS ((a), (upper(a), b % 2))",
];

fn rows() -> impl Strategy<Value = Vec<Vec<Row>>> {
    let key = || prop::option::weighted(0.9, 0..4u8);
    let row = (prop::option::weighted(0.95, 0..30u32), key(), key(), prop::option::of(-20..20i64));
    prop::collection::vec(prop::collection::vec(row, 0..60), 2)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// The same as DataFusion's own operator gives, people in order or not.
    #[test]
    fn totals_are_as_if_each_set_were_looked_up(mut parts in rows(), ordered: bool, groups in 0..GROUPS.len()) {
        for (part, rows) in (0u32..).zip(&mut parts) {
            rows.iter_mut().for_each(|row| row.0 = row.0.map(|person| person + part * 100));
            if ordered {
                rows.sort_by_key(|row| row.0);
            }
        }
        let sql = format!("SELECT a, b, grouping(a), {AGGREGATES} FROM t GROUP BY {}", GROUPS[groups]);
        let sql = match groups {
            2 | 4 => sql.replace("SELECT a, b, grouping(a),", "SELECT a,"),
            _ => sql,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let both = runtime.block_on(async {
            (lines(&context(&parts, true), &sql).await, lines(&context(&parts, false), &sql).await)
        });
        match both {
            (Ok((once, there)), Ok((each, _))) => {
                prop_assert!(there);
                prop_assert_eq!(once, each);
            }
            // Rows that only the finest groups' duplicates put out of order may be counted.
            (Ok(_), Err(e)) => prop_assert!(!ordered && OrderLost::is(&e)),
            (Err(e), _) => prop_assert!(!ordered && OrderLost::is(&e), "{e}"),
        }
    }
}

#[tokio::test]
async fn a_total_over_no_rows_is_a_row() {
    let sql = "SELECT a, count(*) AS n FROM t GROUP BY ROLLUP (a)";
    let empty = [Vec::new(), Vec::new()];
    let (once, there) = lines(&context(&empty, true), sql).await.unwrap();
    assert!(there);
    assert_eq!(once, lines(&context(&empty, false), sql).await.unwrap().0);
    assert!(once.iter().any(|line| line.contains("| 0 |")), "{once:?}");
}

/// Memory is counted: more groups than the pool has room for end the query.
#[tokio::test]
async fn groups_beyond_the_pool_end_the_query() {
    use datafusion::execution::memory_pool::GreedyMemoryPool;
    use datafusion::execution::runtime_env::RuntimeEnvBuilder;
    let row = |i: u32| (Some(i), Some((i % 251) as u8), Some((i % 241) as u8), Some(i64::from(i)));
    let parts = [(0..40_000).map(row).collect(), Vec::new()];
    let context = context(&parts, true);
    let plan = context.sql("SELECT a, b, v, count(*) FROM t GROUP BY CUBE (a, b, v)").await.unwrap();
    let plan = plan.create_physical_plan().await.unwrap();
    let pool = RuntimeEnvBuilder::new().with_memory_pool(Arc::new(GreedyMemoryPool::new(1 << 20)));
    let session = SessionContext::new_with_config_rt(SessionConfig::new(), pool.build_arc().unwrap());
    let error = collect(plan, session.task_ctx()).await.unwrap_err();
    assert!(error.to_string().contains("TotalsExec"), "{error}");
}
