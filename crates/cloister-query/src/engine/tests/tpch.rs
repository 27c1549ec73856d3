//! TPC-H with the customer as the person: every query runs with DataFusion's results, or is held or refused for a
//! stated reason (docs/tpch.md).

use super::both::granted;
use super::*;
use datafusion::arrow::array::BooleanArray;
use datafusion::arrow::array::{FixedSizeBinaryArray, Int64Array};
use datafusion::arrow::compute::{SortColumn, concat_batches};
use datafusion::arrow::compute::{filter_record_batch, lexsort_to_indices, take_record_batch};
use std::collections::{HashMap, HashSet};
use tpchgen::generators::{
    CustomerGenerator, LineItemGenerator, NationGenerator, OrderGenerator, PartGenerator, PartSuppGenerator,
    RegionGenerator, SupplierGenerator,
};
use tpchgen_arrow::{
    CustomerArrow, LineItemArrow, NationArrow, OrderArrow, PartArrow, PartSuppArrow, RegionArrow,
    SupplierArrow,
};

const SCALE: f64 = 0.01;
const PEOPLE_PER_BUCKET: i64 = 400;

/// Columns whose values are a public list.
const PUBLIC: &[&str] = &[
    "l_returnflag",
    "l_linestatus",
    "o_orderpriority",
    "o_orderstatus",
    "l_shipmode",
    "n_name",
    "r_name",
    "c_mktsegment",
    "c_nationkey",
];
const MEASURES: &[&str] = &[
    "l_quantity",
    "l_extendedprice",
    "l_discount",
    "l_tax",
    "o_totalprice",
    "c_acctbal",
    "ps_supplycost",
    "ps_availqty",
    "p_retailprice",
    "s_acctbal",
];

fn all<E: std::fmt::Debug>(batches: impl Iterator<Item = Result<RecordBatch, E>>) -> RecordBatch {
    let batches: Vec<RecordBatch> = batches.map(|b| b.unwrap()).collect();
    concat_batches(&batches[0].schema(), &batches).unwrap()
}

fn ints(batch: &RecordBatch, name: &str) -> Int64Array {
    batch.column_by_name(name).unwrap().as_primitive::<Int64Type>().clone()
}

/// Every table; the items of an order have their customer beside them, by which all is sorted.
fn tables() -> Vec<(&'static str, Option<&'static str>, RecordBatch)> {
    let orders = all(OrderArrow::new(OrderGenerator::new(SCALE, 1, 1)));
    let of_order: HashMap<i64, i64> = ints(&orders, "o_orderkey")
        .values()
        .iter()
        .zip(ints(&orders, "o_custkey").values())
        .map(|(order, customer)| (*order, *customer))
        .collect();
    let items = all(LineItemArrow::new(LineItemGenerator::new(SCALE, 1, 1)));
    let customers = ints(&items, "l_orderkey").values().iter().map(|o| of_order[o]).collect::<Int64Array>();
    let mut fields = items.schema().fields().to_vec();
    fields.insert(0, Arc::new(datafusion::arrow::datatypes::Field::new("l_custkey", DataType::Int64, false)));
    let mut columns = items.columns().to_vec();
    columns.insert(0, Arc::new(customers));
    let schema = Arc::new(datafusion::arrow::datatypes::Schema::new(fields));
    let items = RecordBatch::try_new(schema, columns).unwrap();
    vec![
        ("customer", Some("c_custkey"), all(CustomerArrow::new(CustomerGenerator::new(SCALE, 1, 1)))),
        ("orders", Some("o_custkey"), orders),
        ("lineitem", Some("l_custkey"), items),
        ("part", None, all(PartArrow::new(PartGenerator::new(SCALE, 1, 1)))),
        ("supplier", None, all(SupplierArrow::new(SupplierGenerator::new(SCALE, 1, 1)))),
        ("partsupp", None, all(PartSuppArrow::new(PartSuppGenerator::new(SCALE, 1, 1)))),
        ("nation", None, all(NationArrow::new(NationGenerator::new(SCALE, 1, 1)))),
        ("region", None, all(RegionArrow::new(RegionGenerator::new(SCALE, 1, 1)))),
    ]
}

/// A column as landing would write it.
fn landed(name: &str, data_type: &DataType, person: Option<&str>) -> LandedColumn {
    let order = matches!(name, "o_orderkey" | "l_orderkey");
    let (landed_type, class) = match data_type {
        _ if person == Some(name) => (LandedType::Person, ColumnClass::Pseudonym),
        _ if order => (LandedType::Pseudonym, ColumnClass::Pseudonym),
        DataType::Int64 => (LandedType::Int64, ColumnClass::Code),
        DataType::Int32 => (LandedType::Int32, ColumnClass::Code),
        DataType::Utf8View => (LandedType::Text, ColumnClass::QuasiIdentifier),
        DataType::Date32 => (LandedType::Date, ColumnClass::QuasiIdentifier),
        DataType::Decimal128(precision, scale) => {
            (LandedType::Decimal(*precision, *scale), ColumnClass::QuasiIdentifier)
        }
        other => panic!("{name}: {other}"),
    };
    let mut column = super::both::column(name, landed_type, class);
    if MEASURES.contains(&name) {
        column.class = ColumnClass::Measure;
    }
    column.of_one_person = order;
    column.public_labels = PUBLIC.contains(&name);
    column
}

fn values(column: &LandedColumn, array: &ArrayRef) -> ArrayRef {
    match column.landed_type {
        LandedType::Person => cast(array, &DataType::UInt32).unwrap(),
        LandedType::Pseudonym => {
            let keys = array.as_primitive::<Int64Type>().values().iter();
            let keys = keys.map(|key| i128::from(*key).to_le_bytes());
            Arc::new(FixedSizeBinaryArray::try_from_iter(keys).unwrap())
        }
        _ => array.clone(),
    }
}

fn both() -> Both {
    let folder = tempfile::tempdir().unwrap();
    let plain = SessionContext::new();
    let mut grant = ResolvedGrant { tables: Vec::new(), workspace: Vec::new() };
    for (name, person, batch) in tables() {
        let memory = MemTable::try_new(batch.schema(), vec![vec![batch.clone()]]).unwrap();
        plain.register_table(name, Arc::new(memory)).unwrap();
        let columns: Vec<LandedColumn> =
            batch.schema().fields().iter().map(|f| landed(f.name(), f.data_type(), person)).collect();
        let batches = match person {
            None => vec![batch],
            Some(person) => by_person(&batch, person),
        };
        let schema = crate::vault::schema_of(&columns);
        let batches = batches.iter().map(|batch| {
            let arrays = columns.iter().zip(batch.columns()).map(|(c, a)| values(c, a)).collect();
            RecordBatch::try_new(schema.clone(), arrays).unwrap()
        });
        let batches = batches.collect();
        grant.tables.push(granted(folder.path(), name, columns, person, batches).0);
    }
    Both { folder, grant, plain }
}

/// One batch a range of people, ascending.
fn by_person(batch: &RecordBatch, person: &str) -> Vec<RecordBatch> {
    let by = SortColumn { values: batch.column_by_name(person).unwrap().clone(), options: None };
    let sorted = take_record_batch(batch, &lexsort_to_indices(&[by], None).unwrap()).unwrap();
    let people = ints(&sorted, person);
    let last = people.values().last().unwrap() / PEOPLE_PER_BUCKET;
    let ranges = (0..=last).map(|bucket| {
        let here: BooleanArray =
            people.iter().map(|p| Some(p.unwrap() / PEOPLE_PER_BUCKET == bucket)).collect();
        filter_record_batch(&sorted, &here).unwrap()
    });
    ranges.collect()
}

/// What becomes of each query, in the words of the list in the documents.
#[derive(Clone, Copy, Debug)]
enum Becomes {
    Released,
    /// Held, with every cell as the plain engine's.
    Held(&'static str),
    /// Held, because a protected value decides inside: another answer than the plain engine's.
    Other(&'static str),
    Refused(&'static str),
}

const QUERIES: [Becomes; 22] = {
    use Becomes::{Held, Other, Refused, Released};
    [
        Held("mean-with-sum"),
        Released,
        Refused("row-level-output"),
        Released,
        Released,
        Released,
        Released,
        Released,
        Released,
        Refused("row-level-output"),
        Released,
        Released,
        Released,
        Released,
        Held("groups-inside"),
        Released,
        Other("group-values-inside"),
        Refused("row-level-output"),
        Released,
        Released,
        Released,
        Other("group-values-inside"),
    ]
};

fn text(array: &ArrayRef) -> Vec<Option<String>> {
    // Fractions depend on the order of the rows in their last digits.
    let short = |t: &str| match (array.data_type(), t.parse::<f64>()) {
        (DataType::Float64, Ok(number)) => format!("{number:.9e}"),
        _ => t.to_owned(),
    };
    let text = cast(array, &DataType::Utf8).unwrap();
    text.as_string::<i32>().iter().map(|t| t.map(short)).collect()
}

fn rows_of(batch: &RecordBatch) -> Vec<Vec<Option<String>>> {
    let columns: Vec<_> = batch.columns().iter().map(text).collect();
    (0..batch.num_rows()).map(|row| columns.iter().map(|c| c[row].clone()).collect()).collect()
}

/// Every row that is shown is the plain engine's, as far as its cells are shown.
async fn as_the_plain_engine(both: &Both, number: usize, sql: &str, finished: &FinishedTable) {
    let batches = both.plain.sql(sql).await.unwrap().collect().await.unwrap();
    let plain = batches.iter().flat_map(rows_of).collect::<Vec<_>>();
    let hidden: HashSet<(usize, usize)> = finished.notes().iter().map(|n| (n.row, n.column)).collect();
    let merged: HashSet<usize> =
        finished.notes().iter().filter(|n| n.state == "other").map(|n| n.row).collect();
    for (row, cells) in rows_of(finished.batch()).iter().enumerate().filter(|(row, _)| !merged.contains(row))
    {
        let same = |theirs: &Vec<Option<String>>| {
            let mut pairs = cells.iter().zip(theirs).enumerate();
            pairs.all(|(column, (ours, theirs))| hidden.contains(&(row, column)) || ours == theirs)
        };
        assert!(plain.iter().any(same), "{number}: {cells:?} is not among {plain:?}");
    }
    assert!(finished.batch().num_rows() <= plain.len());
    assert!(finished.batch().num_rows() > 0, "{number}: nothing is shown");
}

/// Once with the policy's own threshold, and once with so low a one that hardly a cell is suppressed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_query_becomes_what_the_list_says() {
    let both = both();
    let unrounded = include_str!("../../../../../policies/disclosure/nhs-england.toml")
        .replace("rounding-base = 5", "rounding-base = 1")
        .replace("significant-digits = 4", "significant-digits = 15");
    for (policy, threshold) in [(exact(), 2), (Policy::parse(&unrounded).unwrap(), 8)] {
        assert_eq!(policy.contributors_min(), threshold);
        for (number, becomes) in (1..).zip(QUERIES) {
            let path = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join(format!("../../tests/golden/tpch/q{number:02}.sql"));
            let sql = std::fs::read_to_string(path).unwrap();
            let planned = match both.plan_with(&sql, &policy).await {
                Err(QueryError::Refused(refusal)) => {
                    let Becomes::Refused(code) = becomes else { panic!("{number}: {refusal:?}") };
                    assert_eq!(refusal.code(), code, "{number}");
                    continue;
                }
                planned => planned.unwrap_or_else(|e| panic!("{number}: {e:?}")),
            };
            let governed = planned.run().await.unwrap_or_else(|e| panic!("{number}: {e:?}"));
            let protected: Vec<_> = governed.evidence().iter().map(|t| protect(t, &policy)).collect();
            let finished = governed.finish(&protected).await.unwrap_or_else(|e| panic!("{number}: {e:?}"));
            let (holds, equal): (&[&str], bool) = match &becomes {
                Becomes::Released => (&[], true),
                Becomes::Held(code) => (std::slice::from_ref(code), true),
                Becomes::Other(code) => (std::slice::from_ref(code), false),
                Becomes::Refused(_) => panic!("{number} is allowed"),
            };
            assert_eq!(finished.holds(), holds, "{number}");
            if equal && threshold == 2 {
                as_the_plain_engine(&both, number, &sql, &finished).await;
            } else if equal && !matches!(number, 15 | 20) {
                // Nothing but the threshold has changed.
                as_the_plain_engine(&both, number, &sql, &finished).await;
            }
        }
    }
}
