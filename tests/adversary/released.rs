//! Reading what a release does not show out of the bytes of its files.

use crate::region::hub;
use arrow::array::{Array, AsArray};
use arrow::datatypes::DataType;
use arrow::ipc::reader::StreamReader;
use std::io::Cursor;

/// Values under a NULL, and text that no value refers to. Also how many NULLs were looked at.
fn hidden(stream: &[u8]) -> (Vec<String>, usize) {
    let (mut found, mut nulls) = (Vec::new(), 0);
    for batch in StreamReader::try_new(Cursor::new(stream), None).unwrap() {
        let batch = batch.unwrap();
        for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
            nulls += column.null_count();
            let data = column.to_data();
            match field.data_type() {
                DataType::Utf8 => {
                    let column = column.as_string::<i32>();
                    let shown: usize = column.iter().flatten().map(str::len).sum();
                    if column.values().len() != shown {
                        found.push(format!("{}: text that is not shown", field.name()));
                    }
                }
                kind => {
                    let Some(width) = kind.primitive_width() else {
                        found.push(format!("{}: {kind} may share buffers", field.name()));
                        continue;
                    };
                    let bytes = data.buffers()[0].as_slice();
                    for row in (0..column.len()).filter(|row| column.is_null(*row)) {
                        if bytes[row * width..(row + 1) * width].iter().any(|b| *b != 0) {
                            found.push(format!("{}: row {row}", field.name()));
                        }
                    }
                }
            }
        }
    }
    (found, nulls)
}

#[test]
fn arrow_files_hold_nothing_that_they_do_not_show() {
    let (hub, one) = hub();
    hub.without_ledger();
    let mut nulls = 0;
    for sql in [
        // Public labels: suppressed values stay as NULLs.
        "SELECT a.admission_method, p.sex, sum(a.cost) AS cost, count(*) AS n FROM admission a JOIN person p USING (person_id) GROUP BY 1, 2",
        "SELECT a.admission_method, p.sex, avg(a.cost) AS mean FROM admission a JOIN person p USING (person_id) GROUP BY 1, 2",
        "SELECT a.admission_method, p.birth_year, sum(a.cost) AS cost, count(*) AS n FROM admission a JOIN person p USING (person_id) GROUP BY 1, 2",
        "SELECT district, ethnicity, count(*) AS n, upper(ethnicity) AS again FROM person GROUP BY 1, 2",
        "SELECT ethnicity, CASE WHEN count(*) > 3 THEN ethnicity END AS label FROM person GROUP BY 1",
        &format!(
            "SELECT sum(a.cost) AS s FROM admission a JOIN (SELECT person_id FROM person WHERE {one}) p USING (person_id)"
        ),
        &format!(
            "SELECT avg(a.cost) AS s FROM admission a JOIN (SELECT person_id FROM person WHERE {one}) p USING (person_id)"
        ),
        &format!(
            "SELECT sex, sum(cost) AS s FROM admission JOIN (SELECT person_id, sex FROM person WHERE {one} OR birth_year = 1950) p USING (person_id) GROUP BY 1"
        ),
    ] {
        let output = hub
            .command(&["query", "--project", "p", "--as", "researcher", "--format", "arrow", "--", sql])
            .output()
            .unwrap();
        assert!(output.status.success(), "{sql}\n{}", String::from_utf8_lossy(&output.stderr));
        let (found, looked_at) = hidden(&output.stdout);
        assert!(found.is_empty(), "{sql}\n{found:?}");
        nulls += looked_at;
    }
    assert!(nulls > 0, "nothing was suppressed");
    for release in std::fs::read_dir(hub.home().join("releases")).unwrap() {
        let stream = std::fs::read(release.unwrap().path().join("table.arrow")).unwrap();
        assert_eq!(hidden(&stream).0, Vec::<String>::new());
    }
}
