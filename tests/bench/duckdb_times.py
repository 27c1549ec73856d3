"""Times DuckDB for the benchmark of governed queries: one query a line in, its milliseconds out.

Reads a folder with a folder of Parquet files for every table, and writes the same rows in any order beside it once.
"""

import sys
import tempfile
import time
from pathlib import Path

try:
    import duckdb
except ImportError:
    print("missing", flush=True)
    sys.exit(0)

folder, threads = Path(sys.argv[1]), int(sys.argv[2])
with tempfile.TemporaryDirectory() as other:
    sides = {}
    for order in ("sorted", "any"):
        sides[order] = duckdb.connect(config={"threads": threads})
    for table in sorted(p.name for p in folder.iterdir() if p.is_dir()):
        files = f"{folder}/{table}/*.parquet"
        shuffled = f"{other}/{table}.parquet"
        sides["any"].execute("SELECT setseed(0.5)")
        sides["any"].execute(
            f"COPY (SELECT * FROM read_parquet('{files}') ORDER BY random()) TO '{shuffled}'"
            " (FORMAT parquet, COMPRESSION zstd)"
        )
        sides["sorted"].execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{files}')")
        sides["any"].execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{shuffled}')")
    print("ready", flush=True)
    for line in sys.stdin:
        order, sql = line.rstrip("\n").split("\t", 1)
        began = time.perf_counter()
        sides[order].execute(sql).fetchall()
        print(f"{(time.perf_counter() - began) * 1000:.3f}", flush=True)
