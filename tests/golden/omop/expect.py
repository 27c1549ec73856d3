#!/usr/bin/env python3
"""Makes expected.json: the exact results of the queries here, from an engine that is not ours.

    pip install duckdb
    python3 tests/golden/omop/expect.py [folder with omop-1k's files]

The files are read as the contract types them; tables and columns that the extract lacks are there, and empty.
Each query's own result is kept, and beside it the people behind each group: the second statement of its file, after
`-- people`, whose last column is their number. Regenerate it when a query is added or changed, never to make a
test pass.
"""

import datetime
import json
import pathlib
import re
import sys

import duckdb

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
TYPES = {
    "int32": "INTEGER", "int64": "BIGINT", "text": "VARCHAR", "date": "DATE", "datetime": "TIMESTAMP",
    "float": "DOUBLE",
}


def tables(folder):
    """An ungoverned database with every table of the contract."""
    connection = duckdb.connect()
    # As in PostgreSQL.
    connection.execute("SET integer_division = true")
    connection.execute(
        "CREATE MACRO width_bucket(x, low, high, n) AS CASE WHEN x < low THEN 0 WHEN x >= high THEN n + 1 "
        "ELSE CAST(floor(CAST(x - low AS DOUBLE) * n / (high - low)) AS INTEGER) + 1 END"
    )
    files = {file.name.lower(): file for file in folder.iterdir()}
    contract = (ROOT / "policies/datasets/omop-cdm-5.4.toml").read_text()
    for block in contract.split("[[tables]]")[1:]:
        name = re.search(r'^name = "(\w+)"', block, re.M).group(1)
        columns = re.findall(r'\{ name = "(\w+)", type = "(\w+)"', block)
        file = files.get(f"{name}.csv") or files.get(f"{name}.csv.gz")
        if file is None:
            columns = ", ".join(f"{column} {TYPES[kind]}" for column, kind in columns)
            connection.execute(f"CREATE TABLE {name} ({columns})")
            continue
        read = f"read_csv('{file}', all_varchar = true)"
        there = {column[0].lower() for column in connection.execute(f"FROM {read} LIMIT 0").description}
        exprs = (
            f"CAST(nullif({column}, '') AS {TYPES[kind]}) AS {column}"
            if column in there
            else f"CAST(NULL AS {TYPES[kind]}) AS {column}"
            for column, kind in columns
        )
        connection.execute(f"CREATE TABLE {name} AS SELECT {', '.join(exprs)} FROM {read}")
    return connection


def plain(value):
    """A value as the test reads it."""
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return value.days
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return float(value)


def rows(connection, sql):
    """Every row, in an order of its own."""
    result = [[plain(value) for value in row] for row in connection.execute(sql).fetchall()]
    return sorted(result, key=lambda row: json.dumps(row))


def main():
    default = ROOT.parent / "shared/data/omop-1k"
    connection = tables(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default)
    expected = {}
    for file in sorted(HERE.glob("*.sql")):
        text = file.read_text()
        kind = re.match(r"-- kind: (\w+)", text).group(1)
        if kind in ("rows", "refused", "held"):
            continue
        query, _, people = text.partition("\n-- people\n")
        case = {"rows": rows(connection, query)}
        if people:
            case["people"] = rows(connection, people)
        expected[file.stem] = case
    lines = (f" {json.dumps(name)}: {json.dumps(case)}" for name, case in expected.items())
    (HERE / "expected.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
