"""What comparing with what was released costs a query, as the use case logs it in the server's process: beside a policy that does not
compare, and after more and more releases.

    python tests/bench/ledger.py CLOISTER CLOISTERD [RELEASES]
"""

import pathlib
import re
import statistics
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "flight"))
from run import connect, hub  # noqa: E402

SQL = "SELECT sex, imd_decile, count(*) AS n, {} AS k FROM person WHERE birth_year >= 1940 GROUP BY sex, imd_decile ORDER BY 1, 2"
# Other people each time, and enough apart.
FILL = "SELECT imd_decile, count(*) AS n FROM person WHERE birth_year BETWEEN {} AND {} AND sex = '{}' GROUP BY imd_decile"


def main():
    releases = [int(n) for n in sys.argv[3:]] or [0, 60, 240, 600]
    log = tempfile.NamedTemporaryFile(mode="r+", encoding="utf-8")
    with hub('"warn,cloister::query=debug"', log) as (home, address, _), connect(home, address) as connection, connection.cursor() as cursor:
        policy = pathlib.Path(home) / "policies/disclosure/nhs-england.toml"
        compared = policy.read_text(encoding="utf-8") + '\n[ledger]\nbeyond = "record"\n'
        not_compared = compared.replace('beyond = "record"', "compare = false")

        def ask(sql):
            cursor.execute(sql)
            cursor.fetch_arrow_table()

        def inside(queries):
            cursor.execute("SELECT * FROM cloister.queries")
            mine = cursor.fetch_df()
            log.seek(0)
            took = dict(re.findall(r"query=\W*(req_\w+)\W.* took=([0-9.e-]+)", log.read()))
            return 1000 * statistics.median(float(took[row.request]) for row in mine.itertuples() if row.sql in queries)

        asked, filled, spans = 0, 0, ((first, last, sex) for first in range(1930, 2000) for last in range(first + 3, first + 40) for sex in "FM")
        print("releases  compared, ms  not compared, ms")
        for goal in releases:
            policy.write_text(compared, encoding="utf-8")
            while filled < goal:
                try:
                    ask(FILL.format(*next(spans)))
                    filled += 1
                except Exception as error:  # noqa: BLE001 - what is held is no release
                    assert "held" in str(error), error
            figures = []
            for text in (compared, not_compared):
                policy.write_text(text, encoding="utf-8")
                queries = [SQL.format(asked + n) for n in range(20)]
                asked += len(queries)
                for sql in queries:
                    ask(sql)
                figures.append(inside(queries))
            filled += 20
            print(f"{goal:8}  {figures[0]:12.1f}  {figures[1]:16.1f}", flush=True)


main()
