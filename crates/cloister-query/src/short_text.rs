//! Texts that a query makes out of others.
//!
//! A text put together with itself doubles; thirty times over, one person's row fills any memory, and whether the
//! query fails tells whether there is such a person. So no text that a query makes is longer than
//! [`TEXT_BYTES_MAX`]: one that would be is NULL.

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::compute::kernels::length::length;
use datafusion::arrow::compute::{cast, nullif};
use datafusion::arrow::datatypes::{DataType, FieldRef, Int64Type};
use datafusion::common::{DFSchema, Result, internal_err};
use datafusion::functions::string;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    BinaryExpr, ColumnarValue, Expr, ExprSchemable, Operator, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature,
};
use std::sync::Arc;

/// The longest text that a query makes of others, in bytes.
pub(crate) const TEXT_BYTES_MAX: i64 = 16 * 1024;

/// The form of an expression whose text is never longer.
pub(crate) fn short(expr: Expr, schema: &DFSchema) -> Result<Expr> {
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::StringConcat, right }) => {
            let kind = Expr::BinaryExpr(BinaryExpr::new(left.clone(), Operator::StringConcat, right.clone()))
                .get_type(schema)?;
            let whole = Short { inner: string::concat(), of_null: true };
            let joined = ScalarUDF::from(whole).call(vec![*left, *right]);
            joined.cast_to(&kind, schema)
        }
        Expr::ScalarFunction(ScalarFunction { func, args })
            if matches!(func.name(), "concat" | "concat_ws" | "replace") =>
        {
            Ok(ScalarUDF::from(Short { inner: func, of_null: false }).call(args))
        }
        other => Ok(other),
    }
}

/// A function of texts that gives NULL where its text would be too long.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Short {
    inner: Arc<ScalarUDF>,
    /// Whether anything put together with NULL is NULL, as `||` has it.
    of_null: bool,
}

impl ScalarUDFImpl for Short {
    fn name(&self) -> &str {
        match self.inner.name() {
            "replace" => "__short_replace",
            "concat_ws" => "__short_concat_ws",
            _ if self.of_null => "__short_joined",
            _ => "__short_concat",
        }
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(arguments)
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        self.inner.return_type(arguments)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let field = self.inner.return_field_from_args(args)?;
        Ok(Arc::new(field.as_ref().clone().with_nullable(true)))
    }

    fn invoke_with_args(&self, mut args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows;
        let lengths = args.args.iter().map(|a| bytes_of(a, rows)).collect::<Result<Vec<_>>>()?;
        let long = self.too_long(&args.args, &lengths)?;
        let mut missing = long.clone();
        if self.of_null {
            for nulls in lengths.iter().filter_map(|l| l.nulls()) {
                let nulls = !nulls.inner();
                missing = Some(missing.map_or(nulls.clone(), |missing| &missing | &nulls));
            }
        }
        if let Some(long) = long {
            // What is too long is not even made.
            let long = BooleanArray::from(long);
            for argument in &mut args.args {
                if let ColumnarValue::Array(array) = argument {
                    *array = nullif(array, &long)?;
                }
            }
        }
        let made = self.inner.invoke_with_args(args)?;
        match missing {
            Some(missing) if missing.count_set_bits() > 0 => {
                let made = made.into_array(rows)?;
                Ok(ColumnarValue::Array(nullif(&made, &BooleanArray::from(missing))?))
            }
            _ => Ok(made),
        }
    }
}

impl Short {
    /// The rows whose text would be too long, if any.
    fn too_long(&self, arguments: &[ColumnarValue], lengths: &[Int64Array]) -> Result<Option<BooleanBuffer>> {
        let rows = lengths.first().map_or(0, |l| l.len());
        let of = |argument: usize, row: usize| {
            lengths.get(argument).filter(|l| l.is_valid(row)).map_or(0, |l| l.value(row))
        };
        let long: BooleanBuffer = match (self.inner.name(), arguments) {
            ("replace", [text, from, _]) => {
                let (texts, from) = (text_array(text, rows)?, text_array(from, rows)?);
                let (texts, from) = (texts.as_string_view(), from.as_string_view());
                let grows = |row: usize| {
                    let longer = of(2, row) - of(1, row);
                    if longer <= 0 || texts.is_null(row) || from.is_null(row) {
                        return false;
                    }
                    let places = texts.value(row).matches(from.value(row)).count();
                    let places = i64::try_from(places).unwrap_or(i64::MAX);
                    of(0, row).saturating_add(places.saturating_mul(longer)) > TEXT_BYTES_MAX
                };
                (0..rows).map(grows).collect()
            }
            (name, _) => {
                let between = if name == "concat_ws" { arguments.len() } else { 0 };
                let between = i64::try_from(between).unwrap_or(i64::MAX);
                let whole = |row: usize| {
                    let parts = (0..lengths.len()).map(|argument| of(argument, row));
                    let whole = parts.fold(0i64, i64::saturating_add);
                    whole.saturating_add(between.saturating_mul(of(0, row))) > TEXT_BYTES_MAX
                };
                (0..rows).map(whole).collect()
            }
        };
        Ok((long.count_set_bits() > 0).then_some(long))
    }
}

/// Row by row, how long a text is in bytes.
fn bytes_of(argument: &ColumnarValue, rows: usize) -> Result<Int64Array> {
    if argument.data_type() == DataType::Null {
        return Ok(Int64Array::new_null(rows));
    }
    let (array, written) = match argument {
        ColumnarValue::Array(array) => (array.clone(), false),
        ColumnarValue::Scalar(value) => (value.to_array_of_size(1)?, true),
    };
    let lengths = cast(length(array.as_ref())?.as_ref(), &DataType::Int64)?;
    let Some(lengths) = lengths.as_primitive_opt::<Int64Type>() else {
        return internal_err!("text: no length");
    };
    if written {
        let one = lengths.is_valid(0).then(|| lengths.value(0));
        return Ok(Int64Array::from(vec![one; rows]));
    }
    Ok(lengths.clone())
}

fn text_array(argument: &ColumnarValue, rows: usize) -> Result<ArrayRef> {
    Ok(cast(argument.clone().into_array(rows)?.as_ref(), &DataType::Utf8View)?)
}
