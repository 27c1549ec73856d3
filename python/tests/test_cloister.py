"""What needs no hub; with one, the notebooks test it."""

import doctest
import importlib
from pathlib import Path
from typing import Any, cast

import adbc_driver_manager
import cloister
import pyarrow
import pytest
from adbc_driver_manager import dbapi


def held(request: str, text: str = "") -> adbc_driver_manager.Error:
    said = text or f"held: The result of {request} waits for checkers (review-required, argument-shape). Ask for its release."
    details: list[tuple[str, bytes]] = [("cloister-request", request.encode()), ("cloister-code", b"held")]
    return adbc_driver_manager.OperationalError(said, status_code=adbc_driver_manager.AdbcStatusCode.UNKNOWN, details=details)


class Hub:
    """Answers statements one after another: a table, or an error. It stands for a connection and its cursor."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def cursor(self) -> "Hub":
        return self

    def __enter__(self) -> "Hub":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def execute(self, sql: str) -> None:
        self.asked.append(sql)
        if isinstance(self.answers[0], Exception):
            raise self.answers.pop(0)

    def fetch_arrow_table(self) -> pyarrow.Table:
        return self.answers.pop(0)

    def as_connection(self) -> dbapi.Connection:
        return cast(dbapi.Connection, self)


TABLE = pyarrow.table({"n": [10]})


def small(rows: str = "[1]", count: int = 1) -> pyarrow.Table:
    states = {"cloister:cells": f'{{"null": [2], "suppressed small-count": {rows}}}', "cloister:states": f'{{"null": 1, "suppressed small-count": {count}}}'}
    fields = [pyarrow.field("sex", pyarrow.string()), pyarrow.field("n", pyarrow.int64(), metadata=states)]
    return pyarrow.table([["F", "M", "X"], [1200, None, None]], schema=pyarrow.schema(fields))


def test_examples() -> None:
    for name in ("cloister", "cloister._cells", "cloister._connection", "cloister._held", "cloister._marked"):
        assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_a_held_result_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("cloister._held.time.sleep", slept.append)
    hub = Hub(held("req_1"), held("req_1"), TABLE)
    assert cloister.wait(hub.as_connection(), "SELECT 1", timeout=60, every=2) == TABLE
    assert hub.asked == ["SELECT 1"] * 3 and slept == [2, 2]


def test_waiting_ends() -> None:
    with pytest.raises(cloister.Held) as caught:
        cloister.wait(Hub(held("req_1")).as_connection(), "SELECT 1")
    assert (caught.value.request, caught.value.reasons) == ("req_1", ("review-required", "argument-shape"))
    assert "not with the checkers" in str(caught.value)


def test_another_query_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloister._held.time.sleep", lambda _: None)
    with pytest.raises(cloister.Held) as caught:
        cloister.wait(Hub(held("req_1"), held("req_2"), TABLE).as_connection(), "SELECT 1", timeout=60)
    assert caught.value.request == "req_2"


def test_a_rejected_result_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloister._held.time.sleep", lambda _: None)
    with_checkers = held("req_1", "held: The result of req_1 waits for checkers (ledger). It is in the release request rel_1.")
    with pytest.raises(cloister.Held) as caught:
        cloister.wait(Hub(held("req_1"), with_checkers, held("req_1"), TABLE).as_connection(), "SELECT 1", timeout=60)
    assert caught.value.release_request is None


def test_other_errors_stay_the_drivers() -> None:
    refused = adbc_driver_manager.ProgrammingError(
        "row-level-output: …", status_code=adbc_driver_manager.AdbcStatusCode.INVALID_ARGUMENT, details=[("cloister-code", b"row-level-output")]
    )
    assert cloister.Held.of(refused) is None
    with pytest.raises(adbc_driver_manager.ProgrammingError):
        cloister.wait(Hub(refused).as_connection(), "SELECT 1", timeout=60)
    for wrong in ({"timeout": -1.0}, {"every": 0.0}):
        with pytest.raises(ValueError):
            cloister.wait(Hub(TABLE).as_connection(), "SELECT 1", **wrong)


def test_suppressed_is_not_null() -> None:
    assert cloister.suppressed(small()) == {"n": {"small-count": [1]}}
    assert cloister.suppressed(TABLE) == {}
    with pytest.raises(ValueError):
        cloister.suppressed(small("[]", 20_000))


def test_a_marked_table_says_what_is_suppressed() -> None:
    shown = cloister.marked(small(), "Counts").to_html()
    assert shown.count(f">{cloister.MARK}<") == 1 and 'title="small-count"' in shown
    assert ">1,200<" in shown and "nan" not in shown.lower() and "Counts" in shown


def test_findings_take_ids_only() -> None:
    with pytest.raises(ValueError):
        cloister.findings(Hub().as_connection(), "req_1' OR '1' = '1")


def test_who_asks_must_be_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("CLOISTER_FLIGHT", "CLOISTER_TOKEN", "CLOISTER_TOKEN_FILE", "CLOISTER_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(cloister.NotConfigured):
        cloister.connect(token="t")
    with pytest.raises(cloister.NotConfigured):
        cloister.connect("grpc://127.0.0.1:1")
    given: list[dict[str, str]] = []

    def connect(_: str, *, db_kwargs: dict[str, str], autocommit: bool) -> None:
        assert autocommit
        given.append(db_kwargs)

    monkeypatch.setattr("cloister._connection.flightsql.connect", connect)
    kept = tmp_path / "token"
    kept.write_text("from-file\n", encoding="utf-8")
    monkeypatch.setenv("CLOISTER_TOKEN_FILE", str(kept))
    cloister.connect("grpc://h:1")
    monkeypatch.setenv("CLOISTER_TOKEN", "from-environment")
    monkeypatch.setenv("CLOISTER_PROJECT", "p")
    cloister.connect("grpc://h:1")
    cloister.connect("grpc://h:1", token_file=kept, project="q")
    cloister.connect("grpc://h:1", "given", token_file=kept, options={"more": "1"})
    header, project = "adbc.flight.sql.authorization_header", "adbc.flight.sql.rpc.call_header.x-cloister-project"
    assert [g[header].removeprefix("Bearer ") for g in given] == ["from-file", "from-environment", "from-file", "given"]
    assert [g.get(project) for g in given] == [None, "p", "q", "p"] and given[3]["more"] == "1"
