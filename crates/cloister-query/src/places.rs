//! Where groups stand among the dimensions: their labels as codes.

use cloister_disclosure::Place;
use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, UInt64Type};
use datafusion::arrow::row::{RowConverter, SortField};
use datafusion::common::{Result, internal_err};
use std::collections::{BTreeSet, HashMap};

/// The places of `rows` groups by their keys. With `totals`, the last key says over which of the others a row is one.
pub(crate) fn places_of(keys: &[ArrayRef], totals: bool, rows: usize) -> Result<Vec<Place>> {
    let (keys, levels) = match keys.split_last() {
        Some((level, keys)) if totals => {
            let level = cast(level, &DataType::UInt64)?;
            (keys, level.as_primitive::<UInt64Type>().iter().map(Option::unwrap_or_default).collect())
        }
        None if totals => return internal_err!("evidence: no level of totals"),
        _ => (keys, vec![0; rows]),
    };
    let mut places = vec![Place::default(); rows];
    for key in keys {
        if key.len() != rows || levels.len() != rows {
            return internal_err!("evidence: keys of unequal lengths");
        }
        // A key that no row of a level has is one that its rows are totals over.
        let with_key: BTreeSet<u64> = levels
            .iter()
            .enumerate()
            .filter(|(row, _)| key.is_valid(*row))
            .map(|(_, level)| *level)
            .collect();
        for ((place, code), level) in places.iter_mut().zip(codes(key)?).zip(&levels) {
            let total = totals && !with_key.contains(level);
            place.codes.push((!total).then_some(code));
        }
    }
    Ok(places)
}

/// A number for each value, equal for equal ones; NULL is a value.
fn codes(key: &ArrayRef) -> Result<Vec<u32>> {
    let converter = RowConverter::new(vec![SortField::new(key.data_type().clone())])?;
    let rows = converter.convert_columns(std::slice::from_ref(key))?;
    let mut known = HashMap::new();
    let mut codes = Vec::with_capacity(rows.num_rows());
    for row in &rows {
        let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
        codes.push(*known.entry(row).or_insert(next));
    }
    Ok(codes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::{StringArray, UInt8Array};
    use std::sync::Arc;

    #[test]
    fn null_is_a_label_and_a_total_is_none() {
        let district: ArrayRef = Arc::new(StringArray::from(vec![Some("N"), None, Some("N"), None, None]));
        let sex: ArrayRef = Arc::new(StringArray::from(vec![Some("F"), Some("F"), None, None, None]));
        let level: ArrayRef = Arc::new(UInt8Array::from(vec![0, 0, 1, 1, 3]));
        let codes = |places: Vec<Place>| places.into_iter().map(|p| p.codes).collect::<Vec<_>>();
        let rollup = places_of(&[district.clone(), sex, level], true, 5).unwrap();
        assert_eq!(
            codes(rollup),
            [
                vec![Some(0), Some(0)],
                vec![Some(1), Some(0)],
                vec![Some(0), None],
                vec![Some(1), None],
                vec![None, None]
            ]
        );
        let plain = places_of(&[district], false, 5).unwrap();
        assert_eq!(codes(plain), [[Some(0)], [Some(1)], [Some(0)], [Some(1)], [Some(1)]]);
        assert_eq!(places_of(&[], false, 1).unwrap(), [Place::default()]);
    }
}
