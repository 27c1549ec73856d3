#!/usr/bin/env python3
"""What ACRO 1.0.2 says of the tables that tests/golden/acro.rs asks us about.

    pip install acro==1.0.2
    python3 tests/bench/acro_agreement.py            # records tests/golden/acro.json again
    python3 tests/bench/acro_agreement.py --check    # says whether ACRO still says what is recorded

Each table is a 2 x 2 of rows x, y and columns t, u with one number for each person; the cell under test is x, t and the
others are safe. ACRO's defaults: threshold 10, (2, 90 %), p 10 %, 10 degrees of freedom, zeros disclosive. `config` says
what differs. Runs of equal numbers are written [number, times]; null is a missing value.
"""
import itertools
import json
import logging
import os
import pathlib
import sys
import tempfile
import warnings

RECORD = pathlib.Path(__file__).resolve().parents[1] / "golden" / "acro.json"
SAFE = [10.0] * 30
MISSING = None
# Without the (n, k) rule: nobody has twice the total.
NO_NK = {"safe_nk_k": 2.0}


def tables():
    """Yields (id, aggregate, numbers of the cell, config, options)."""
    ones = lambda n: [10.0] * n
    for n in (0, 1, 2, 8, 9, 10, 11, 50):
        yield f"threshold-count-{n}", None, ones(n), {}, {}
    for n in (0, 1, 4, 5):
        yield f"threshold5-count-{n}", None, ones(n), {"safe_threshold": 5}, {}
    for n in (0, 9, 10):
        yield f"zeros-not-disclosive-count-{n}", None, ones(n), {"zeros_are_disclosive": False}, {}
    for n in (9, 0):
        yield f"margins-count-{n}", None, ones(n), {}, {"margins": True}
    yield "margins-suppress-count-9", None, ones(9), {}, {"margins": True, "suppress": True}
    yield "suppress-count-9", None, ones(9), {}, {"suppress": True}
    yield "suppress-count-0", None, ones(0), {}, {"suppress": True}
    yield "suppress-sum-9", "sum", ones(9), {}, {"suppress": True}
    yield "all-safe", None, ones(30), {}, {}
    yield "suppress-all-safe", None, ones(30), {}, {"suppress": True}
    for name in ("sum", "mean", "median", "std", "min", "max", "count"):
        for n in (9, 10, 11):
            yield f"{name}-{n}", name, [10.0 + 0.5 * (i % 4) for i in range(n)], {}, {}

    def top(largest, second, rest, n=20):
        return [float(largest), float(second)] + [rest / (n - 2)] * (n - 2)

    yield "nk-just-below", "sum", top(600, 299, 101), {}, {}
    yield "nk-exactly-90", "sum", top(600, 300, 100), {}, {}
    yield "nk-just-above", "sum", top(600, 301, 99), {}, {}
    for name in ("mean", "median", "std"):
        yield f"nk-exactly-90-{name}", name, top(600, 300, 100), {}, {}
    one = {"safe_nk_n": 1, "safe_nk_k": 0.5}
    yield "nk1-exactly-50", "sum", [500.0] + [25.0] * 20, one, {}
    yield "nk1-just-below-50", "sum", [499.0] + [501 / 20] * 20, one, {}
    yield "nk-2-67", "sum", top(40, 27, 33), {"safe_nk_k": 0.67}, {}
    yield "nk-2-66", "sum", top(40, 26, 34), {"safe_nk_k": 0.67}, {}
    yield "nk-two-people", "sum", [50.0, 50.0], {}, {}
    yield "nk-all-zero", "sum", [0.0] * 20, {}, {}
    yield "nk-one-not-zero", "sum", [100.0] + [0.0] * 19, {}, {}
    yield "p-just-below", "sum", top(1000, 10, 99), {}, {}
    yield "p-exactly-10", "sum", top(1000, 10, 100), {}, {}
    yield "p-just-above", "sum", top(1000, 10, 101), {}, {}
    yield "p-alone-exactly-10", "sum", top(1000, 1000, 100), NO_NK, {}
    yield "p-alone-below-10", "sum", top(1000, 1000, 99), NO_NK, {}
    yield "p-alone-above-10", "sum", top(1000, 1000, 101), NO_NK, {}
    yield "p-alone-exactly-20", "sum", top(1000, 1000, 200), {**NO_NK, "safe_pratio_p": 0.2}, {}
    yield "p-alone-below-20", "sum", top(1000, 1000, 199), {**NO_NK, "safe_pratio_p": 0.2}, {}
    yield "negative-in-cell", "sum", [-1.0] + ones(19), {}, {}
    yield "negative-elsewhere", "sum", ones(20), {}, {"y-u": [-5.0] + SAFE}
    yield "negative-mean", "mean", [-1.0] + ones(19), {}, {}
    yield "negative-and-small", "sum", [-1.0] + ones(5), {}, {}
    yield "missing-9-of-12", "sum", ones(9) + [MISSING] * 3, {}, {}
    yield "missing-10-of-12", "mean", ones(10) + [MISSING] * 2, {}, {}
    yield "missing-looked-for", "mean", ones(10) + [MISSING] * 2, {"check_missing_values": True}, {}
    yield "all-the-same-mean", "mean", [7.0] * 20, {}, {}


def regressions():
    """Yields (id, people, regressors)."""
    for n, k in ((10, 1), (11, 1), (12, 1), (13, 1)):
        yield f"ols-{n}", n, k


def session(config, suppress=False):
    from acro import ACRO

    acro = ACRO(suppress=suppress)
    acro.config.update(config)
    if hasattr(acro, "sdc_checks"):
        acro.sdc_checks.risk_appetite = acro.config
    return acro


def verdict(acro):
    """ACRO's status and the cells that it names, by their checks."""
    record = acro.results.get_index(0)
    cells = {}
    if hasattr(record.outcome, "to_json"):
        for column, rows in json.loads(record.outcome.to_json()).items():
            for row, text in rows.items():
                checks = [c.strip() for c in str(text).split(";") if c.strip() not in ("", "ok")]
                if checks:
                    cells[f"{row},{column}"] = checks
    return {"status": record.status, "cells": cells}


def run_table(aggregate, cells, config, options):
    import pandas as pd

    acro = session(config, options.get("suppress", False))
    rows = [(*place.split(","), number) for place, numbers in cells.items() for number in numbers]
    data = pd.DataFrame(rows, columns=["row", "column", "value"])
    data["value"] = data["value"].astype(float)
    more = {"margins": True} if options.get("margins") else {}
    if aggregate is not None:
        more.update(values=data.value, aggfunc=aggregate)
    acro.crosstab(data.row, data.column, **more)
    return verdict(acro)


def run_regression(n, k):
    import numpy as np
    import pandas as pd
    import statsmodels.api as sm

    acro = session({})
    random = np.random.default_rng(n * 10 + k)
    x = pd.DataFrame(random.normal(size=(n, k)), columns=[f"x{i}" for i in range(k)])
    acro.ols(pd.Series(random.normal(size=n), name="y"), sm.add_constant(x))
    return {"status": verdict(acro)["status"], "cells": {}}


def runs(numbers):
    return [[number, len(list(group))] for number, group in itertools.groupby(numbers)]


def all_cases():
    for name, aggregate, numbers, config, options in tables():
        cells = {"x,t": numbers, "x,u": SAFE, "y,t": SAFE, "y,u": options.get("y-u", SAFE)}
        found = run_table(aggregate, cells, config, options)
        flags = {key: True for key in ("margins", "suppress") if options.get(key)}
        given = {place: runs(numbers) for place, numbers in cells.items()}
        yield {"id": name, "aggregate": aggregate or "count-of-rows", "config": config, **flags, "given": given, "acro": found}
    for name, n, k in regressions():
        yield {"id": name, "aggregate": "regression", "config": {}, "given": {"x,t": [[1.0, n]]}, "acro": run_regression(n, k)}


def main():
    warnings.filterwarnings("ignore")
    try:
        from acro.version import __version__
    except ImportError:
        sys.exit("ACRO is not installed: pip install acro==1.0.2")
    logging.disable(logging.CRITICAL)
    if __version__ != "1.0.2":
        print(f"this is ACRO {__version__}; what is recorded is of 1.0.2", file=sys.stderr)
    # ACRO writes files where it is run.
    os.chdir(tempfile.mkdtemp())
    lines = ",\n".join(json.dumps(case) for case in all_cases())
    text = f"[\n{lines}\n]\n"
    if "--check" not in sys.argv:
        RECORD.write_text(text)
        print(f"{len(json.loads(text))} tables recorded")
        return
    recorded = {case["id"]: case for case in json.loads(RECORD.read_text())}
    changed = [case["id"] for case in json.loads(text) if recorded.pop(case["id"], None) != case] + list(recorded)
    print("\n".join(f"differs: {name}" for name in changed) or "as recorded")
    sys.exit(1 if changed else 0)


if __name__ == "__main__":
    main()
