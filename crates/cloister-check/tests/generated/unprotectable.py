#!/usr/bin/env python3
"""Which small cells nothing protects, by HiGHS (`pip install scipy`).

UNPROTECTABLE_TABLE=/some/folder cargo test -p cloister-check --test unprotectable
python3 unprotectable.py /some/folder

Every cell but zeros may be hidden, and is then known to be at least 1. If all relations together keep a cell from 1 to 10
from being 1, or from being 10, no choice of hidden cells protects it.
"""

import csv
import multiprocessing
import pathlib
import sys
import tomllib

import numpy
from scipy.optimize import linprog
from scipy.sparse import coo_array

folder = pathlib.Path(sys.argv[1])
with open(folder / "t.csv") as file:
    rows = [(r["a"], r["b"], r["c"], int(r["n"])) for r in csv.DictReader(file)]
trees = list(tomllib.loads((folder / "h.toml").read_text()).values())
count = {row[:3]: row[3] for row in rows}
open_cells = [cell for cell, n in count.items() if n > 0]
place = {cell: i for i, cell in enumerate(open_cells)}

entries, totals = [], []
for cell in count:
    for axis, tree in enumerate(trees):
        parts = [cell[:axis] + (part,) + cell[axis + 1 :] for part in tree.get(cell[axis], [])]
        if parts and count[cell] > 0:
            row = len(totals)
            totals.append(0)
            entries.append((row, place[cell], 1))
            entries.extend((row, place[part], -1) for part in parts if count[part] > 0)
r, c, v = zip(*entries)
matrix = coo_array((v, (r, c)), shape=(len(totals), len(open_cells))).tocsr()


def extremes(cell):
    objective = numpy.zeros(len(open_cells))
    objective[place[cell]] = 1
    found = []
    # No further than 20 is asked of the cell itself: all that matters is whether it can be 1 and 10.
    bounds = [(1, 20) if other == cell else (1, None) for other in open_cells]
    for sign in (1, -1):
        result = linprog(sign * objective, A_eq=matrix, b_eq=totals, bounds=bounds, method="highs")
        assert result.status == 0, result.message
        found.append(sign * result.fun)
    return cell, *found


small = [cell for cell, n in count.items() if 1 <= n <= 10]
with multiprocessing.Pool(2) as pool:
    answers = pool.map(extremes, small, chunksize=16)
below = {cell for cell, least, _ in answers if least > 1 + 1e-6}
above = {cell for cell, _, most in answers if most < 10 - 1e-6}
print(f"{len(small)} small cells; nothing protects {len(above)} above and {len(below)} below")
ours = [line.split(";") for line in (folder / "found.txt").read_text().splitlines()]
named = lambda side: {tuple(labels.split(" × ")) for labels, *sides in ours if sides[side] == "true"}
print("the same above:", named(0) == above, "below:", named(1) == below)
