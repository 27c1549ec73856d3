//! Parquet files as tables: their columns become fields of text, and what was changed goes back into columns of the same
//! types. A cell that is suppressed is NULL where its column holds numbers, and the marker where it holds text.

use crate::error::{Fault, Problem};
use crate::sheet::{BYTES_MAX, ROWS_MAX};
use arrow::array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::sync::Arc;

/// What every Parquet file begins with.
pub(crate) const MAGIC: &[u8] = b"PAR1";

/// How a Parquet file's columns are, for writing one like it.
#[derive(Clone, Debug)]
pub(crate) struct ParquetLayout {
    schema: SchemaRef,
}

/// A Parquet file's text: a header and its rows, separated by commas. `hidden` stands where a number is NULL: what somebody
/// has suppressed; without it a NULL is an empty field, which a raw table may not have.
pub(crate) fn read(bytes: Vec<u8>, hidden: Option<&str>) -> Result<(Vec<u8>, ParquetLayout), Fault> {
    let broken = |_| Problem::Parquet.whole();
    let builder = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).map_err(broken)?;
    let metadata = builder.metadata();
    if usize::try_from(metadata.file_metadata().num_rows()).map_or(true, |rows| rows >= ROWS_MAX) {
        return Err(Problem::TooManyRows(ROWS_MAX).in_row(ROWS_MAX));
    }
    // What the file says of itself; a page that unpacks to more is cut off below.
    let unpacked: i64 = metadata.row_groups().iter().map(|group| group.total_byte_size()).sum();
    if usize::try_from(unpacked).map_or(true, |size| size > BYTES_MAX) {
        return Err(Problem::TooManyBytes(BYTES_MAX).whole());
    }
    let schema = builder.schema().clone();
    for (column, field) in schema.fields().iter().enumerate() {
        if !is_plain(field.data_type()) {
            return Err(Problem::ParquetType.in_column(column));
        }
    }
    let reader = builder.build().map_err(broken)?;
    let batches = reader.collect::<Result<Vec<_>, _>>().map_err(|_| Problem::Parquet.whole())?;
    let whole = concat_batches(&schema, &batches).map_err(|_| Problem::Parquet.whole())?;
    let text = text(&whole, hidden).map_err(|_| Problem::Parquet.whole())?;
    if text.len() > BYTES_MAX {
        return Err(Problem::TooManyBytes(BYTES_MAX).whole());
    }
    Ok((text, ParquetLayout { schema }))
}

fn is_plain(kind: &DataType) -> bool {
    match kind {
        DataType::Dictionary(_, values) => is_plain(values),
        kind => {
            kind.is_numeric()
                || matches!(
                    kind,
                    DataType::Utf8
                        | DataType::LargeUtf8
                        | DataType::Utf8View
                        | DataType::Boolean
                        | DataType::Date32
                        | DataType::Date64
                )
        }
    }
}

fn text(batch: &RecordBatch, hidden: Option<&str>) -> Result<Vec<u8>, arrow::error::ArrowError> {
    let mut out = String::new();
    let names: Vec<String> = batch.schema().fields().iter().map(|f| field(f.name())).collect();
    out.push_str(&names.join(","));
    out.push('\n');
    let options = FormatOptions::default();
    let formatters = batch.columns().iter().map(|c| ArrayFormatter::try_new(c, &options));
    let formatters = formatters.collect::<Result<Vec<_>, _>>()?;
    for row in 0..batch.num_rows() {
        for (index, (column, formatter)) in batch.columns().iter().zip(&formatters).enumerate() {
            if index > 0 {
                out.push(',');
            }
            match (column.is_null(row), column.data_type().is_numeric()) {
                (false, number) => {
                    let shown = formatter.value(row).to_string();
                    // A whole number that was kept as a fraction, as pandas does beside a missing value.
                    let shown = if number { shown.strip_suffix(".0").unwrap_or(&shown) } else { &shown };
                    out.push_str(&field(shown));
                }
                (true, true) => out.push_str(hidden.unwrap_or_default()),
                (true, false) => {}
            }
        }
        out.push('\n');
    }
    Ok(out.into_bytes())
}

fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r', ';', '|', '\t']) || text.trim() != text {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// A Parquet file of these rows of fields, without the header, in columns as they were.
pub(crate) fn write(layout: &ParquetLayout, rows: &[Vec<String>]) -> Result<Vec<u8>, Fault> {
    let failed = |_| Problem::Parquet.whole();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for (index, field) in layout.schema.fields().iter().enumerate() {
        let texts = rows.iter().map(|row| row.get(index).map(String::as_str).filter(|text| !text.is_empty()));
        let texts: ArrayRef = Arc::new(StringArray::from_iter(texts));
        // What is no number in a column of numbers is the marker: NULL.
        let column = cast(&texts, field.data_type()).map_err(|_| Problem::Parquet.whole())?;
        columns.push(column);
    }
    let fields: Vec<_> =
        layout.schema.fields().iter().map(|f| f.as_ref().clone().with_nullable(true)).collect();
    let schema = Arc::new(arrow::datatypes::Schema::new(fields));
    let batch = RecordBatch::try_new(schema.clone(), columns).map_err(|_| Problem::Parquet.whole())?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        // Bounds and counts in the footer would say nothing that the table does not; they are left out all the same.
        .set_statistics_enabled(parquet::file::properties::EnabledStatistics::None)
        .build();
    let mut out = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut out, schema, Some(properties)).map_err(failed)?;
    writer.write(&batch).map_err(failed)?;
    writer.close().map_err(failed)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Purpose, Settings, Status, Table, check};
    use arrow::array::{AsArray, Float64Array, Int64Array};
    use arrow::datatypes::{Field, Int64Type, Schema};
    use cloister_disclosure::Policy;

    fn parquet(counts: ArrayRef, labels: &[&str]) -> Vec<u8> {
        let schema = Arc::new(Schema::new(vec![
            Field::new("area", DataType::Utf8, true),
            Field::new("n", counts.data_type().clone(), true),
        ]));
        let labels: ArrayRef = Arc::new(StringArray::from(labels.to_vec()));
        let batch = RecordBatch::try_new(schema.clone(), vec![labels, counts]).unwrap();
        let mut out = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut out, schema, None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        out
    }

    const AREAS: [&str; 5] = ["North", "South, \"old\"", "East", "West", "Total"];

    fn protected(counts: ArrayRef) -> RecordBatch {
        let settings = Settings { count: Some("n".into()), ..Settings::default() };
        let bytes = parquet(counts, &AREAS);
        let table = Table::parse("areas.parquet", bytes, None, &settings, Purpose::Protect).unwrap();
        let text = include_str!("../../../policies/disclosure/nhs-england.toml");
        let checked = check(table, &Policy::parse(text).unwrap(), &settings).unwrap();
        assert_eq!(checked.status(), Status::Changed);
        let bytes = Bytes::from(checked.protected().unwrap());
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap().build().unwrap();
        let batches: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
        assert_eq!(batches.len(), 1);
        batches[0].clone()
    }

    #[test]
    fn a_parquet_table_comes_back_as_it_was_but_for_what_changed() {
        for counts in [
            Arc::new(Int64Array::from(vec![103, 98, 3, 51, 255])) as ArrayRef,
            Arc::new(Float64Array::from(vec![103.0, 98.0, 3.0, 51.0, 255.0])),
        ] {
            let kind = counts.data_type().clone();
            let out = protected(counts);
            assert_eq!(out.column(1).data_type(), &kind);
            let areas: Vec<&str> = out.column(0).as_string::<i32>().iter().flatten().collect();
            assert_eq!(areas, AREAS);
            let counts = cast(out.column(1), &DataType::Int64).unwrap();
            let counts: Vec<Option<i64>> = counts.as_primitive::<Int64Type>().iter().collect();
            assert_eq!(counts[2], None, "{counts:?}");
            assert!(counts.iter().flatten().all(|n| n % 5 == 0), "{counts:?}");
        }
    }

    #[test]
    fn what_is_suppressed_can_be_attacked() {
        let counts: ArrayRef =
            Arc::new(Int64Array::from(vec![Some(100), Some(95), None, Some(50), Some(250)]));
        let settings = Settings { count: Some("n".into()), ..Settings::default() };
        let table =
            Table::parse("a.parquet", parquet(counts, &AREAS), None, &settings, Purpose::Audit).unwrap();
        let text = include_str!("../../../policies/disclosure/cms-11.toml");
        let audited = crate::audit(table, &Policy::parse(text).unwrap()).unwrap();
        assert_eq!(audited.found.len(), 1);
    }

    #[test]
    fn what_is_no_table_is_said_so() {
        let settings = Settings::default();
        let code = |bytes: Vec<u8>| {
            Table::parse("x.parquet", bytes, None, &settings, Purpose::Protect).unwrap_err().code()
        };
        let good = parquet(Arc::new(Int64Array::from(vec![1, 2, 3, 4, 10])), &AREAS);
        assert_eq!(code(good[..good.len() - 9].to_vec()), "parquet");
        assert_eq!(code(b"PAR1PAR1".to_vec()), "parquet");
        for cut in (4..good.len()).step_by(7) {
            assert_eq!(code(good[..cut].to_vec()), "parquet");
        }
        let null: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, Some(3), Some(4), Some(10)]));
        // As in text: a number that is missing is not taken for 0.
        assert_eq!(code(parquet(null, &AREAS)), "totals-do-not-add");
        let many: ArrayRef = Arc::new(Int64Array::from_iter_values(0..200_000));
        let labels: Vec<String> = (0..200_000).map(|i| format!("a{i}")).collect();
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        assert_eq!(code(parquet(many, &labels)), "too-many-rows");
    }
}
