"""Landing the GP journal, against the same reader and writer without pseudonyms and sorting, and against DuckDB.

usage: landing.py PROGRAM EXTRACT RUNS. Alternating runs, medians, peak resident memory of each.
"""
import os, resource, shutil, statistics, subprocess, sys, tempfile, time

program, extract, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])
here = os.path.dirname(os.path.abspath(__file__))
bytes_in = sum(os.path.getsize(os.path.join(extract, f)) for f in os.listdir(extract) if f.startswith("journal"))

DUCK = """
import duckdb, sys
duckdb.sql("SET threads = 2")
duckdb.sql(f"COPY (SELECT * FROM read_csv('{sys.argv[1]}/journal*.csv', header = true, types = {{'nhs_number': 'VARCHAR', 'snomed_code': 'VARCHAR', 'value': 'DOUBLE'}})) TO '{sys.argv[2]}/out.parquet' (FORMAT parquet, COMPRESSION zstd)")
"""

def run(command):
    began = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"{command}: {status}")
    return time.perf_counter() - began, usage.ru_maxrss / 1024

def ours(contract):
    folder = tempfile.mkdtemp()
    home = os.path.join(folder, "hub")
    subprocess.run([program, "--home", home, "init"], check=True, stdout=subprocess.DEVNULL)
    only = os.path.join(folder, "only")
    os.mkdir(only)
    for name in os.listdir(extract):
        if name.startswith("journal"):
            os.symlink(os.path.join(os.path.abspath(extract), name), os.path.join(only, name))
    result = run([program, "--home", home, "dataset", "land", os.path.join(here, contract), "--from", only])
    shutil.rmtree(folder)
    return result

def duckdb():
    folder = tempfile.mkdtemp()
    result = run([sys.executable, "-c", DUCK, extract, folder])
    shutil.rmtree(folder)
    return result

sides = {"landing": lambda: ours("journal.toml"), "plain conversion": lambda: ours("plain.toml")}
try:
    import duckdb as _
    sides["DuckDB copy"] = duckdb
except ImportError:
    print("NOT MEASURED: the Python package duckdb is not installed", file=sys.stderr)
seen = {name: [] for name in sides}
for _ in range(runs):
    for name, side in sides.items():
        seen[name].append(side())
print(f"{bytes_in / 1e6:.0f} MB of CSV, {runs} runs\n")
print("| side | seconds | MB/s | peak MiB | speed against landing |\n|---|--:|--:|--:|--:|")
base = statistics.median(t for t, _ in seen["landing"])
for name, results in seen.items():
    seconds = statistics.median(t for t, _ in results)
    memory = max(m for _, m in results)
    print(f"| {name} | {seconds:.2f} | {bytes_in / 1e6 / seconds:.0f} | {memory:.0f} | {base / seconds:.2f} |")
