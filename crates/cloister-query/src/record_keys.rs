//! Record keys: what the noise of a count is drawn by (cell-key perturbation).
//!
//! Landing derives one for everybody and keeps them by the people's numbers. They are read only where the policy has noise,
//! and only their sums over what a count counts come out, to the disclosure engine.

use crate::people::{Weights, weighed_people};
use crate::vault::VaultTable;
use crate::{Engine, QueryError, Refusal};
use cloister_governance::FileEntry;
use cloister_model::{DataKey, Name};
use datafusion::arrow::array::{ArrayRef, AsArray, UInt64Array};
use datafusion::arrow::datatypes::{DataType, Field, Schema, UInt32Type};
use datafusion::catalog::TableProvider;
use datafusion::common::{Result, internal_err};
use datafusion::execution::SessionState;
use datafusion::functions_aggregate::expr_fn::sum;
use datafusion::logical_expr::{
    AggregateUDF, ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::physical_plan::collect;
use std::sync::Arc;

/// Everybody's record key.
#[derive(Clone, Debug)]
pub(crate) struct RecordKeys {
    of_row: Arc<ScalarUDF>,
    of_people: Arc<AggregateUDF>,
}

impl RecordKeys {
    pub(crate) fn new(keys: Vec<u32>) -> Self {
        let keys = Weights::new(keys);
        let signature = Signature::exact(vec![DataType::UInt32], Volatility::Immutable);
        let of_row = RecordKey { keys: keys.clone(), signature };
        Self { of_row: Arc::new(ScalarUDF::from(of_row)), of_people: weighed_people(keys) }
    }

    /// Reads those that a dataset version keeps.
    async fn read(state: &SessionState, file: FileEntry, key: DataKey) -> Result<Self> {
        let schema = Arc::new(Schema::new(vec![Field::new("record_key", DataType::UInt32, false)]));
        let wanted = usize::try_from(file.rows).unwrap_or(usize::MAX);
        let plan = VaultTable::of_files(schema, vec![file], key).scan(state, None, &[], None).await?;
        let mut keys = Vec::with_capacity(wanted);
        for batch in collect(plan, state.task_ctx()).await? {
            match batch.columns().first().and_then(|column| column.as_primitive_opt::<UInt32Type>()) {
                Some(column) => keys.extend_from_slice(column.values()),
                None => return internal_err!("record keys: another form"),
            }
        }
        if keys.len() != wanted {
            return internal_err!("record keys: another number of them");
        }
        Ok(Self::new(keys))
    }

    /// Their sum over rows, each by its person; a row without one adds nothing.
    pub(crate) fn of_rows(&self, person: Expr) -> Expr {
        sum(self.of_row.call(vec![person]))
    }

    /// Their sum over distinct people.
    pub(crate) fn of_people(&self, person: Expr) -> Expr {
        self.of_people.call(vec![person])
    }
}

impl Refusal {
    /// A dataset version landed before people had record keys, and the policy has noise.
    pub fn no_record_keys(dataset: &Name, version: u32) -> Self {
        Self::new(
            "record-keys-missing",
            format!(
                "Version {version} of `{dataset}` landed before people had record keys, which the project's disclosure policy needs."
            ),
            "Ask the hub's administrators to land it again.",
        )
    }
}

impl Engine {
    /// The same with everybody's record key, for policies that have noise: the file of a dataset version, and its key.
    pub async fn with_record_keys(mut self, file: FileEntry, key: DataKey) -> Result<Self, QueryError> {
        let state = self.bare_session().map_err(|e| QueryError::failed(&e))?;
        self.record_keys =
            Some(RecordKeys::read(&state, file, key).await.map_err(|e| QueryError::failed(&e))?);
        Ok(self)
    }
}

/// A person's record key.
#[derive(Debug, PartialEq, Eq, Hash)]
struct RecordKey {
    keys: Weights,
    signature: Signature,
}

impl ScalarUDFImpl for RecordKey {
    fn name(&self) -> &str {
        "__record_key"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::UInt64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let Some(people) = arrays.first().and_then(|people| people.as_primitive_opt::<UInt32Type>()) else {
            return internal_err!("record keys: no person");
        };
        let keys = people.iter().map(|person| person.map(|p| self.keys.of(p)).transpose());
        let keys: UInt64Array = keys.collect::<Result<_>>()?;
        Ok(ColumnarValue::Array(Arc::new(keys) as ArrayRef))
    }
}
