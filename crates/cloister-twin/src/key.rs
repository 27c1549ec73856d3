//! Which columns join with which: reference tables by the names of their keys, identifiers of a source's own by
//! the table that they are named after.

use cloister_governance::contract::{ColumnContract, PseudonymDomain, TableContract, Transform};

/// The column whose values tell a reference table's rows apart; none where it only relates other tables.
pub(crate) fn key_of<'a>(table: &'a TableContract, all: &[TableContract]) -> Option<&'a ColumnContract> {
    if table.person.is_some() {
        return None;
    }
    let name = table.name.as_str();
    let kept = || table.columns.iter().filter(|c| c.transform == Transform::Keep);
    let named = kept().find(|c| {
        let column = c.landed_name().as_str();
        column.strip_prefix(name).is_some_and(|rest| matches!(rest, "" | "_id" | "_code"))
    });
    named.or_else(|| {
        // Named otherwise: the first column, unless it names another table's rows.
        let first = kept().next()?;
        let of_others = all.iter().filter(|other| other.name != table.name && other.person.is_none());
        let mut names =
            of_others.flat_map(|other| ["", "_id", "_code"].map(|end| format!("{}{end}", other.name)));
        let column = first.landed_name().as_str();
        let points_elsewhere = names.any(|key| names_key(column, &key));
        (!points_elsewhere && first.required).then_some(first)
    })
}

/// Whether a column is named after a key: `concept_id` itself, `drug_concept_id`, `concept_id_1`.
pub(crate) fn names_key(column: &str, key: &str) -> bool {
    let column = column.trim_end_matches(|c: char| c.is_ascii_digit());
    let column = column.strip_suffix('_').unwrap_or(column);
    column == key || column.strip_suffix(key).is_some_and(|before| before.ends_with('_'))
}

/// The reference table whose key a column holds.
pub(crate) fn refers_to<'a>(
    table: &TableContract,
    column: &ColumnContract,
    all: &'a [TableContract],
) -> Option<&'a TableContract> {
    if column.transform != Transform::Keep {
        return None;
    }
    let fits = |other: &&TableContract| {
        key_of(other, all).is_some_and(|key| {
            let own = other.name == table.name && key.name == column.name;
            !own && key.column_type == column.column_type
                && names_key(column.landed_name().as_str(), key.landed_name().as_str())
        })
    };
    let length = |other: &&TableContract| key_of(other, all).map_or(0, |k| k.landed_name().as_str().len());
    all.iter().filter(fits).max_by_key(length)
}

/// The table that an identifier of the source's own is named after.
pub(crate) fn owner_of<'a>(column: &ColumnContract, all: &'a [TableContract]) -> Option<&'a TableContract> {
    if column.transform != Transform::Pseudonymise(PseudonymDomain::LocalId) {
        return None;
    }
    let name = column.landed_name().as_str();
    let fits = |t: &&TableContract| {
        let key = format!("{}_id", t.name);
        t.person.is_some()
            && t.columns.iter().any(|c| c.landed_name().as_str() == key)
            && names_key(name, &key)
    };
    all.iter().filter(fits).max_by_key(|t| t.name.as_str().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_keys() {
        for (column, key, named) in [
            ("concept_id", "concept_id", true),
            ("drug_concept_id", "concept_id", true),
            ("concept_id_1", "concept_id", true),
            ("preceding_visit_occurrence_id", "visit_occurrence_id", true),
            ("preconcept_id", "concept_id", false),
            ("concept_name", "concept_id", false),
            ("domain_id", "concept_id", false),
        ] {
            assert_eq!(names_key(column, key), named, "{column} {key}");
        }
    }
}
