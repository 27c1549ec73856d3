"""How long a query takes by Flight SQL, beside how long the use case itself took in the server's process (as it logs it).

    python tests/bench/flight.py CLOISTER CLOISTERD
"""

import pathlib
import re
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "flight"))
from run import connect, hub  # noqa: E402

SQL = "SELECT sex, imd_decile, count(*) AS n FROM person WHERE birth_year >= {} GROUP BY sex, imd_decile ORDER BY 1, 2"


def main():
    log = tempfile.NamedTemporaryFile(mode="r+", encoding="utf-8")
    with hub('"warn,cloister::query=debug"', log) as (home, address, _), connect(home, address) as connection, connection.cursor() as cursor:
        # The queries are of nearly the same people, which the ledger would stop.
        with open(f"{home}/policies/disclosure/nhs-england.toml", "a", encoding="utf-8") as policy:
            policy.write("\n[ledger]\ncompare = false\n")
        took = {}
        for year in range(1900, 1960):
            began = time.perf_counter()
            cursor.execute(SQL.format(year))
            cursor.fetch_arrow_table()
            took[SQL.format(year)] = time.perf_counter() - began
        cursor.execute("SELECT * FROM cloister.queries")
        mine = cursor.fetch_df()
        log.seek(0)
        inside = dict(re.findall(r"query=\W*(req_\w+)\W.* took=([0-9.e-]+)", log.read()))
        pairs = [(took[row.sql], float(inside[row.request])) for row in mine.itertuples() if row.sql in took]
        again = []
        for sql in took:
            began = time.perf_counter()
            cursor.execute(sql)
            cursor.fetch_arrow_table()
            again.append(time.perf_counter() - began)
    over = [whole - inside for whole, inside in pairs]
    print(f"{len(pairs)} queries, milliseconds, median (greatest)")
    for name, values in (("by Flight SQL", [p[0] for p in pairs]), ("in the hub", [p[1] for p in pairs]), ("over", over), ("asked again", again)):
        print(f"{name:15} {1000 * statistics.median(values):7.1f} ({1000 * max(values):.1f})")


main()
