//! The values that a driver binds, as what a query's parameters are.

use crate::fault::status;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{
    DataType, Date32Type, Field, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, Schema,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow::temporal_conversions::date32_to_datetime;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use cloister_hub::{Given, ParameterType, Template};
use tonic::{Code, Status};

/// What a driver is told of a statement's parameters. Those that are not declared may be anything, and are shown as text.
pub(crate) fn schema(template: &Template) -> Schema {
    let fields = template.parameters().iter().map(|parameter| {
        let kind = match parameter.kind {
            Some(ParameterType::Int) => DataType::Int64,
            Some(ParameterType::Number) => DataType::Float64,
            Some(ParameterType::Date) => DataType::Date32,
            Some(ParameterType::Bool) => DataType::Boolean,
            Some(ParameterType::Text) | None => DataType::Utf8,
        };
        Field::new(&parameter.name, kind, false)
    });
    Schema::new(fields.collect::<Vec<_>>())
}

/// The values of one row: by the names of its columns where all are parameters of the statement, by their places otherwise.
pub(crate) fn given(template: &Template, row: &RecordBatch) -> Result<Vec<Given>, Status> {
    let parameters = template.parameters();
    if row.num_columns() != parameters.len() {
        let text = format!(
            "The statement has {} parameters; {} values were bound.",
            parameters.len(),
            row.num_columns()
        );
        return Err(wrong(&text));
    }
    if row.num_rows() != 1 {
        return Err(wrong("A statement is asked with one row of values at a time."));
    }
    let schema = row.schema();
    let names: Vec<&str> = schema.fields().iter().map(|f| f.name().trim_start_matches('$')).collect();
    let named = |name: &&str| parameters.iter().any(|p| p.name == **name);
    let by_name = names.iter().all(named) && !names.is_empty();
    let pairs = row.columns().iter().zip(names).zip(parameters);
    pairs
        .map(|((array, name), parameter)| {
            let name = if by_name { name } else { parameter.name.as_str() };
            value(array.as_ref(), name).map(|(kind, value)| Given { name: name.to_owned(), kind, value })
        })
        .collect()
}

/// The first value of an array.
fn value(array: &dyn Array, name: &str) -> Result<(ParameterType, String), Status> {
    if array.is_null(0) || array.data_type() == &DataType::Null {
        return Err(wrong(&format!(
            "The value of the parameter `{name}` is NULL; write IS NULL in the query."
        )));
    }
    macro_rules! plain {
        ($kind:ty) => {
            array.as_primitive::<$kind>().value(0).to_string()
        };
    }
    let unfit = || wrong(&format!("The value of the parameter `{name}` is of a type that no parameter has."));
    Ok(match array.data_type() {
        DataType::Int8 => (ParameterType::Int, plain!(Int8Type)),
        DataType::Int16 => (ParameterType::Int, plain!(Int16Type)),
        DataType::Int32 => (ParameterType::Int, plain!(Int32Type)),
        DataType::Int64 => (ParameterType::Int, plain!(Int64Type)),
        DataType::UInt8 => (ParameterType::Int, plain!(UInt8Type)),
        DataType::UInt16 => (ParameterType::Int, plain!(UInt16Type)),
        DataType::UInt32 => (ParameterType::Int, plain!(UInt32Type)),
        DataType::UInt64 => (ParameterType::Int, plain!(UInt64Type)),
        DataType::Float32 => (ParameterType::Number, plain!(Float32Type)),
        DataType::Float64 => (ParameterType::Number, plain!(Float64Type)),
        DataType::Boolean => (ParameterType::Bool, array.as_boolean().value(0).to_string()),
        DataType::Utf8 => (ParameterType::Text, array.as_string::<i32>().value(0).to_owned()),
        DataType::LargeUtf8 => (ParameterType::Text, array.as_string::<i64>().value(0).to_owned()),
        DataType::Utf8View => (ParameterType::Text, array.as_string_view().value(0).to_owned()),
        DataType::Date32 => {
            let day = date32_to_datetime(array.as_primitive::<Date32Type>().value(0)).ok_or_else(unfit)?;
            (ParameterType::Date, day.date().to_string())
        }
        DataType::Decimal128(..) => {
            let options = FormatOptions::default();
            let formatter = ArrayFormatter::try_new(array, &options).map_err(|_| unfit())?;
            (ParameterType::Number, formatter.value(0).to_string())
        }
        _ => return Err(unfit()),
    })
}

fn wrong(text: &str) -> Status {
    status(Code::InvalidArgument, "parameters", text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, Date32Array, Float64Array, Int64Array, StringArray};
    use std::sync::Arc;

    fn row(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
        RecordBatch::try_from_iter(columns).unwrap()
    }

    #[test]
    fn values_find_their_parameters() {
        let template = Template::of("SELECT count(*) FROM t WHERE a = $a AND b > $b").unwrap();
        let int = |n: i64| Arc::new(Int64Array::from(vec![n])) as ArrayRef;
        let text = |t: &str| Arc::new(StringArray::from(vec![t])) as ArrayRef;
        let by_name = given(&template, &row(vec![("b", int(7)), ("a", text("x"))])).unwrap();
        assert_eq!((by_name[0].name.as_str(), by_name[0].value.as_str()), ("b", "7"));
        let by_place = given(&template, &row(vec![("0", int(7)), ("1", text("x"))])).unwrap();
        assert_eq!((by_place[0].name.as_str(), by_place[1].name.as_str()), ("a", "b"));
        assert!(given(&template, &row(vec![("a", int(7))])).is_err());
        let two = Arc::new(Int64Array::from(vec![1, 2])) as ArrayRef;
        assert!(given(&template, &row(vec![("a", two.clone()), ("b", two)])).is_err());
        let none = Arc::new(Int64Array::from(vec![None])) as ArrayRef;
        assert!(given(&template, &row(vec![("a", none), ("b", int(1))])).is_err());
        let day = Arc::new(Date32Array::from(vec![19_000])) as ArrayRef;
        let part = Arc::new(Float64Array::from(vec![0.5])) as ArrayRef;
        let both = given(&template, &row(vec![("a", day), ("b", part)])).unwrap();
        assert_eq!((both[0].value.as_str(), both[1].value.as_str()), ("2022-01-08", "0.5"));
    }
}
