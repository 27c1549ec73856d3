"""Which cells of a released table have no value, and why."""

import json
import re
from typing import TYPE_CHECKING

import pyarrow
from adbc_driver_manager import dbapi

if TYPE_CHECKING:
    import pandas

# Of a field's metadata: rows by state and rule, and how many of them, as JSON objects.
CELLS, STATES = b"cloister:cells", b"cloister:states"
STATE = "suppressed"
REQUEST = re.compile(r"req_[0-9a-z]+")

Suppressed = dict[str, dict[str, list[int]]]
"""Column, rule, rows from 0."""


def suppressed(table: pyarrow.Table) -> Suppressed:
    """Which cells of a table from a hub were suppressed, by column and rule; rows count from 0.

    Columns without suppressed cells are left out, as are cells that are NULL in the data, which look the same in a table.

    >>> field = pyarrow.field("n", pyarrow.int64(), metadata={"cloister:cells": '{"suppressed small-count": [1]}',
    ...                                                        "cloister:states": '{"suppressed small-count": 1}'})
    >>> suppressed(pyarrow.table([[10, None, 25]], schema=pyarrow.schema([field])))
    {'n': {'small-count': [1]}}

    Raises `ValueError` where a column has more suppressed cells than the hub names (10,000 without a value): then
    ``cloister.findings`` lists them. A table that was sorted or filtered after it was fetched has other rows.
    """
    found: Suppressed = {}
    for field in table.schema:
        metadata = field.metadata or {}
        counts, rows = json.loads(metadata.get(STATES, b"{}")), json.loads(metadata.get(CELLS, b"{}"))
        rules = [state for state in counts if _is_suppressed(state)]
        if any(len(rows.get(state, ())) != counts[state] for state in rules):
            raise ValueError(f"the rows of {field.name!r} are too many to be named in the table: ask for `findings`")
        if rules:
            found[field.name] = {_rule(state): list(rows[state]) for state in rules}
    return found


def findings(connection: dbapi.Connection, request: str | None = None) -> "pandas.DataFrame":
    """What became of a query, as a DataFrame: of a released one the cells without a value, of any other why.

    Columns: `request`, `row` (from 0), `column`, `state`, `rule`, `secondary` (suppressed to protect another cell), `message`.
    Without `request` it is of your last released query in the project. Needs pandas.

    >>> findings(connection, "req_fx96zqk5bdh8dmbaccfe")                                       # doctest: +SKIP

    Raises `ValueError` where `request` is no query's id, and what the driver raises where it is not one of yours.
    """
    sql = "SELECT * FROM cloister.findings"
    if request is not None:
        if not REQUEST.fullmatch(request):
            raise ValueError(f"{request!r} is not the id of a query, such as req_fx96zqk5bdh8dmbaccfe")
        sql += f" WHERE request = '{request}'"
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetch_df()


def _is_suppressed(state: str) -> bool:
    return state.split(" ")[0] == STATE


def _rule(state: str) -> str:
    return state.partition(" ")[2]
