"""Asks a demonstration hub by Flight SQL as researchers do, with ADBC's own driver and pyarrow's client.

    python run.py CLOISTER CLOISTERD
"""

import contextlib
import datetime
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

import adbc_driver_flightsql.dbapi as dbapi
import adbc_driver_manager
import ibis
import pandas
import polars
import pyarrow
import pyarrow.flight
import sqlalchemy
from adbc_driver_flightsql import ConnectionOptions, DatabaseOptions

CLOISTER, CLOISTERD = sys.argv[1], sys.argv[2]

COUNTS = "SELECT sex, count(*) AS n FROM person GROUP BY sex ORDER BY sex"
SMALL = "SELECT imd_decile, count(*) AS n FROM person WHERE birth_year < 1935 GROUP BY imd_decile ORDER BY imd_decile"
PARAMETERS = """/* cloister:parameters
born = { type = "int", min = 1900, max = 2010, step = 10 }
*/
SELECT sex, count(*) AS n FROM person WHERE birth_year >= $born GROUP BY sex ORDER BY sex"""


@contextlib.contextmanager
def hub(log=None, errors=None):
    """A demonstration hub that listens: its home, and where it listens for Flight SQL. `log` is what it logs, and `errors` where."""
    with tempfile.TemporaryDirectory() as work:
        home = f"{work}/hub"
        made = [CLOISTER, "--home", home, "demo", "--people", "3000", "--no-serve"]
        subprocess.run(made, check=True, capture_output=True)
        with open(f"{home}/cloisterd.toml", encoding="utf-8") as file:
            settings = re.sub(r'listen = "127.0.0.1:\d+"', 'listen = "127.0.0.1:0"', file.read())
        if log:
            settings = re.sub(r'filter = ".*"', f"filter = {log}", settings)
        with open(f"{home}/cloisterd.toml", "w", encoding="utf-8") as file:
            file.write(settings + "\n[limits]\nrequests-burst = 10000\nrequests-per-minute = 100000\n")
        server = subprocess.Popen([CLOISTERD, "--config", f"{home}/cloisterd.toml"], stdout=subprocess.PIPE, stderr=errors, text=True)
        try:
            lines = sorted(server.stdout.readline().strip() for _ in range(2))
            flight = next(line for line in lines if "Flight SQL" in line)
            http = next(line for line in lines if "Flight SQL" not in line)
            yield home, flight.split()[-1], http.split()[-1]
            assert server.poll() is None, "the server ended"
        finally:
            server.terminate()
            server.wait()
        subprocess.run([CLOISTER, "--home", home, "audit", "verify"], check=True, capture_output=True)


def token(home, name="researcher"):
    with open(f"{home}/tokens/{name}", encoding="utf-8") as file:
        return file.read()


def connect(home, address, project="demo", **more):
    options = {DatabaseOptions.AUTHORIZATION_HEADER.value: f"Bearer {token(home)}", **more}
    if project:
        options[f"{DatabaseOptions.RPC_CALL_HEADER_PREFIX.value}x-cloister-project"] = project
    return dbapi.connect(f"grpc://{address}", db_kwargs=options, autocommit=True)


def refused(act, *words):
    """What is said where this does not go well: it must not."""
    try:
        got = act()
    except adbc_driver_manager.Error as error:
        for word in words:
            assert word in str(error), f"{word!r} is not in {error}"
        return str(error)
    raise AssertionError(f"it went well: {got}")


def tables(home, address):
    with connect(home, address) as connection, connection.cursor() as cursor:
        cursor.execute(COUNTS)
        table = cursor.fetch_arrow_table()
        assert table.column_names == ["sex", "n"] and table.num_rows == 2, table
        assert table.schema.metadata[b"cloister:request"].startswith(b"req_"), table.schema.metadata
        assert table.schema.field("n").metadata[b"cloister:role"] == b"count", table.schema
        assert all(n % 5 == 0 for n in table.column("n").to_pylist()), table
        cursor.execute(COUNTS)
        frame = cursor.fetch_df()
        assert isinstance(frame, pandas.DataFrame) and list(frame["n"]) == table.column("n").to_pylist()
        cursor.execute(COUNTS)
        assert cursor.fetchone()[0] in ("F", "M") and len(cursor.fetchall()) == 1
        assert [c[0] for c in cursor.description] == ["sex", "n"]
        cursor.execute(COUNTS)
        assert cursor.fetch_record_batch().read_all().equals(table)
        again = polars.read_database(COUNTS, connection)
        assert again["n"].to_list() == table.column("n").to_pylist(), again
        assert len(pandas.read_sql(COUNTS, connection)) == 2
        # The same statement is one query, however often it is asked.
        cursor.execute("SELECT * FROM cloister.queries")
        mine = cursor.fetch_df()
        assert (mine["sql"] == COUNTS).sum() == 1, mine


def suppressed(home, address):
    with connect(home, address) as connection, connection.cursor() as cursor:
        cursor.execute(SMALL)
        table = cursor.fetch_arrow_table()
        hidden = json.loads(table.schema.field("n").metadata[b"cloister:cells"])
        rows = sorted(row for name, rows in hidden.items() if name.startswith("suppressed") for row in rows)
        counts = table.column("n").to_pylist()
        assert rows == [i for i, n in enumerate(counts) if n is None] and rows, (hidden, counts)
        counted = json.loads(table.schema.field("n").metadata[b"cloister:states"])
        assert {name: len(of) for name, of in hidden.items()} == counted
        cursor.execute("SELECT * FROM cloister.findings")
        findings = cursor.fetch_df()
        assert sorted(findings[findings["column"] == "n"]["row"]) == rows, findings
        request = table.schema.metadata[b"cloister:request"].decode()
        cursor.execute(f"SELECT * FROM cloister.findings WHERE request = '{request}'")
        assert len(cursor.fetch_df()) == len(findings)


def parameters(home, address):
    with connect(home, address) as connection, connection.cursor() as cursor:
        def rows(sql, values):
            cursor.execute(sql, values)
            return cursor.fetchall()

        literal = "SELECT sex, count(*) AS n FROM person WHERE birth_year >= 1960 GROUP BY sex ORDER BY sex"
        wanted = rows(literal, None)
        assert rows(PARAMETERS, (1960,)) == wanted
        assert rows(PARAMETERS, pyarrow.RecordBatch.from_pydict({"born": [1960]})) == wanted
        assert rows(literal.replace("1960", "?"), (1960,)) == wanted
        assert rows(literal.replace("1960", "$1"), (1960,)) == wanted
        by_text = "SELECT count(*) AS n FROM person WHERE sex = ? AND birth_year >= ?"
        assert rows(by_text, ("F", 1960)) == [(wanted[0][1],)]
        by_date = "SELECT count(*) AS n FROM gp_event WHERE event_date >= ?"
        by_date_literal = by_date.replace("?", "DATE '2021-01-01'")
        assert rows(by_date, (datetime.date(2021, 1, 1),)) == rows(by_date_literal, None)
        # A value is a value, whatever is written in it.
        assert rows("SELECT count(*) AS n FROM person WHERE sex = ?", ("F' OR '1' = '1",)) in ([(0,)], [(None,)])
        refused(lambda: rows(PARAMETERS, (1965,)), "not one of those declared")
        refused(lambda: rows(PARAMETERS, None), "parameter")
        refused(lambda: rows(by_text, ("F",)), "2 parameters")
        refused(lambda: rows(by_text, (None, 1960)), "NULL")
        cursor.executemany("SELECT count(*) AS n FROM person WHERE sex = ?", [("F",)])
        schema = cursor.adbc_prepare(PARAMETERS)
        assert schema.names == ["born"] and schema.types == [pyarrow.int64()], schema


def lists(home, address):
    with connect(home, address, project=None) as connection:
        objects = connection.adbc_get_objects(depth="columns").read_all().to_pylist()
        assert {o["catalog_name"] for o in objects} == {"demo", "demo-reviewed"}, objects
        demo = next(o for o in objects if o["catalog_name"] == "demo")
        schemas = {s["db_schema_name"]: s["db_schema_tables"] for s in demo["catalog_db_schemas"]}
        every = [t for of in schemas.values() for t in of]
        person = next(t for t in every if t["table_name"] == "person")
        columns = {c["column_name"]: c for c in person["table_columns"]}
        assert "birth_year" in columns and "nhs_number" not in columns, columns
        assert connection.adbc_get_table_types() == ["TABLE", "VIEW"]
        assert connection.adbc_get_info()["vendor_name"] == "Cloister"
        only = connection.adbc_get_objects(depth="tables", catalog_filter="demo", table_name_filter="per%").read_all()
        named = [t["table_name"] for o in only.to_pylist() for s in o["catalog_db_schemas"] for t in s["db_schema_tables"]]
        assert named and all(name.startswith("per") for name in named), named
        # Two projects: one must be named.
        with connection.cursor() as cursor:
            refused(lambda: cursor.execute(COUNTS), "which-project", "demo-reviewed")
    with connect(home, address) as connection:
        schema = connection.adbc_get_table_schema("person", db_schema_filter=next(iter(schemas_of(objects, "person"))))
        assert "birth_year" in schema.names, schema
    cookies = {DatabaseOptions.WITH_COOKIE_MIDDLEWARE.value: "true"}
    with connect(home, address, project=None, **cookies) as connection:
        connection.adbc_current_catalog = "demo"
        with connection.cursor() as cursor:
            cursor.execute(COUNTS)
            assert cursor.fetch_arrow_table().num_rows == 2
        refused(lambda: setattr(connection, "adbc_current_catalog", "elsewhere"))


def schemas_of(objects, table):
    for catalogue in objects:
        for schema in catalogue["catalog_db_schemas"]:
            if any(t["table_name"] == table for t in schema["db_schema_tables"]):
                yield schema["db_schema_name"]


def held(home, address, http):
    """A held result is an error with the query's id; once two checkers have let it out, the same statement returns it."""
    sql = "SELECT sex, count(*) AS n FROM person WHERE birth_year < 1970 GROUP BY sex ORDER BY sex"
    with connect(home, address, project="demo-reviewed") as connection, connection.cursor() as cursor:
        said = refused(lambda: cursor.execute(sql), "held", "req_")
        query = re.search(r"req_[0-9a-z]+", said).group(0)
        assert query in refused(lambda: cursor.execute(sql), "held"), "the same query, not another"
        # Nothing of the table is in what is said.
        assert not re.search(r"\b\d{2,}\b", said.replace(query, "")), said
        cursor.execute(f"SELECT * FROM cloister.findings WHERE request = '{query}'")
        assert cursor.fetch_df()["state"].tolist() == ["held"]

        def call(name, method, path, body=None):
            headers = {"authorization": f"Bearer {token(home, name)}", "content-type": "application/json"}
            asked = urllib.request.Request(f"http://{http}/v1/{path}", json.dumps(body).encode() if body else None, headers, method=method)
            with urllib.request.urlopen(asked) as answer:
                return json.load(answer)

        draft = {"project": "demo-reviewed", "queries": [query], "purpose": "A table", "justification": "Counts are rounded"}
        request = call("researcher", "POST", "release-requests", draft)["id"]
        assert request in refused(lambda: cursor.execute(sql), "held")
        acts = f"release-requests/{request}/acts"
        for checker in ("chidi", "carys"):
            digest = call(checker, "GET", f"release-requests/{request}/outputs/{query}/evidence")["digest"]
            call(checker, "POST", acts, {"act": "vote", "output": query, "digest": digest, "choice": "approve"})
            call(checker, "POST", acts, {"act": "finish", "turn": 1})
        call("carys", "POST", acts, {"act": "approve", "turn": 1})
        cursor.execute(sql)
        assert cursor.fetch_arrow_table().schema.metadata[b"cloister:request"].decode() == query


def cancelled(home, address):
    joins = "".join(f" JOIN gp_event AS t{i} ON t{i}.person_id = t0.person_id" for i in range(1, 6))
    sql = f"SELECT count(*) AS n FROM gp_event AS t0{joins}"
    with connect(home, address) as connection, connection.cursor() as cursor:
        threading.Timer(1.0, cursor.adbc_cancel).start()
        began = time.monotonic()
        refused(lambda: cursor.execute(sql), "ancel")
        assert time.monotonic() - began < 20
    with connect(home, address) as connection, connection.cursor() as cursor:
        for _ in range(100):
            cursor.execute("SELECT * FROM cloister.queries")
            mine = cursor.fetch_df()
            if not (mine["state"] == "running").any():
                break
            time.sleep(0.1)
        ended = mine[mine["sql"] == sql].iloc[0]
        assert (ended["state"], ended["reasons"]) == ("failed", "cancelled"), ended


def workspace(home, address):
    with connect(home, address) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE workspace.cohort AS SELECT person_id, sex FROM person WHERE birth_year < 1980")
        counts = "SELECT sex, count(*) AS n FROM workspace.cohort GROUP BY sex ORDER BY sex"
        cursor.execute(counts)
        before = cursor.fetchall()
        assert len(before) == 2
        objects = connection.adbc_get_objects(depth="tables", catalog_filter="demo", table_name_filter="cohort")
        assert "cohort" in str(objects.read_all().to_pylist())
        cursor.execute("DROP TABLE workspace.cohort")
        objects = connection.adbc_get_objects(depth="tables", catalog_filter="demo", table_name_filter="cohort")
        assert "cohort" not in str(objects.read_all().to_pylist())
        # Another table of the same name is another: the same statement is not answered from before.
        cursor.execute("CREATE TABLE workspace.cohort AS SELECT person_id, sex FROM person WHERE birth_year < 1950")
        cursor.execute(counts)
        assert all(now[1] < then[1] for now, then in zip(cursor.fetchall(), before, strict=True)), before
        cursor.execute("DROP TABLE workspace.cohort")


def written(home, address):
    """Statements that other packages write: SQLAlchemy by its dialect for ADBC, ibis as text that ADBC then asks."""
    literal = "SELECT sex, count(*) AS n FROM person WHERE birth_year >= 1960 GROUP BY sex ORDER BY sex"
    with connect(home, address) as connection, connection.cursor() as cursor:
        cursor.execute(literal)
        wanted = cursor.fetchall()
        schema = connection.adbc_get_table_schema("person", db_schema_filter="gp")
        # A pseudonym's type is one that ibis has no name for.
        plain = [f.with_type(pyarrow.binary()) if pyarrow.types.is_fixed_size_binary(f.type) else f for f in schema]
        person = ibis.table(ibis.schema(pyarrow.schema(plain)), name="person")
        asked = person.filter(person.birth_year >= 1960).group_by("sex").agg(n=ibis._.count()).order_by("sex")
        cursor.execute(str(ibis.to_sql(asked, dialect="postgres")))
        assert cursor.fetchall() == wanted
    project = f"{DatabaseOptions.RPC_CALL_HEADER_PREFIX.value}x-cloister-project"
    options = {DatabaseOptions.AUTHORIZATION_HEADER.value: f"Bearer {token(home)}", project: "demo"}
    engine = sqlalchemy.create_engine(f"adbc+flightsql://{address}?tls=false", connect_args={"db_kwargs": options})
    person = sqlalchemy.Table("person", sqlalchemy.MetaData(), schema="gp", autoload_with=engine)
    n = sqlalchemy.func.count().label("n")
    asked = sqlalchemy.select(person.c.sex, n).where(person.c.birth_year >= 1960).group_by(person.c.sex).order_by(person.c.sex)
    with engine.connect() as connection:
        assert [tuple(row) for row in connection.execute(asked)] == wanted
    frame = pandas.read_sql(sqlalchemy.text(literal), engine)
    assert list(frame["n"]) == [n for _, n in wanted]
    assert "gp" in sqlalchemy.inspect(engine).get_schema_names()
    engine.dispose()


def hostile(home, address):
    """Whatever is sent, nobody gets rows that are not theirs, and the server stays."""
    flight = pyarrow.flight
    for options in ({}, {DatabaseOptions.AUTHORIZATION_HEADER.value: "Bearer cloister_pat_0_0_0"},
                    {DatabaseOptions.AUTHORIZATION_HEADER.value: "Basic ???"}, {"username": "researcher", "password": "guess"}):
        def ask(options=options):
            with dbapi.connect(f"grpc://{address}", db_kwargs=options, autocommit=True) as connection, connection.cursor() as cursor:
                cursor.execute(COUNTS)
        refused(ask, "nauthenticated")
    named = {"username": "researcher", "password": token(home), f"{DatabaseOptions.RPC_CALL_HEADER_PREFIX.value}x-cloister-project": "demo"}
    with dbapi.connect(f"grpc://{address}", db_kwargs=named, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(COUNTS)
        mine = cursor.fetch_arrow_table().schema.metadata[b"cloister:request"].decode()
    named["username"] = "chidi"
    refused(lambda: dbapi.connect(f"grpc://{address}", db_kwargs=named).cursor().execute(COUNTS), "nauthenticated")
    with connect(home, address) as connection, connection.cursor() as cursor:
        for sql in ("", ";", "SELECT", "SELECT * FROM person", "DROP TABLE person", "COPY person TO '/tmp/x'", "SELECT 1; SELECT 2",
                    "EXPLAIN SELECT 1", "SELECT * FROM information_schema.tables", "SET x = 1", "SELECT pg_sleep(1)", "x" * 100_000,
                    "SELECT * FROM '/etc/passwd'", "(" * 50_000, "SELECT * FROM cloister.findings WHERE request = 'req_0'"):
            refused(lambda sql=sql: (cursor.execute(sql), cursor.fetchall()))
        refused(lambda: cursor.adbc_ingest("x", pyarrow.table({"a": [1]}), mode="create"))
    client = flight.FlightClient(f"grpc://{address}")
    ours = flight.FlightCallOptions(headers=[(b"authorization", f"Bearer {token(home)}".encode())])
    other = flight.FlightCallOptions(headers=[(b"authorization", f"Bearer {token(home, 'chidi')}".encode())])

    def fails(act):
        try:
            got = act()
        except (pyarrow.ArrowException, OSError, NotImplementedError):
            return
        raise AssertionError(f"it went well: {got}")

    # Somebody else's release, by a ticket that was overheard.
    ticket = statement_ticket(json.dumps({"release": mine}).encode())
    assert client.do_get(flight.Ticket(ticket), ours).read_all().num_rows == 2
    fails(lambda: client.do_get(flight.Ticket(ticket), other).read_all())
    fails(lambda: client.do_get(flight.Ticket(ticket)).read_all())
    seed = 7
    for index in range(300):
        seed = (seed * 6364136223846793005 + 1442695040888963407) % 2**64
        noise = seed.to_bytes(8, "little") * (1 + index % 40)
        sent = [noise, ticket[: index % len(ticket)], bytes(ticket[:-1]) + noise[:1], statement_ticket(noise)][index % 4]
        fails(lambda sent=sent: client.do_get(flight.Ticket(sent), ours).read_all())
        fails(lambda sent=sent: client.get_flight_info(flight.FlightDescriptor.for_command(sent), ours))
    fails(lambda: client.get_flight_info(flight.FlightDescriptor.for_path("etc", "passwd"), ours))
    fails(lambda: list(client.list_flights(options=ours)))
    fails(lambda: list(client.do_action(("Anything", b"x"), ours)))
    fails(lambda: list(client.do_action(("CreatePreparedStatement", b"\xff" * 50), ours)))
    fails(lambda: client.do_put(flight.FlightDescriptor.for_command(b"\x00\xff"), pyarrow.schema([]), ours)[0].close())
    fails(lambda: client.do_exchange(flight.FlightDescriptor.for_command(b"x"), ours)[1].read_all())
    with connect(home, address) as connection, connection.cursor() as cursor:
        cursor.execute(COUNTS)
        assert cursor.fetch_arrow_table().num_rows == 2


def statement_ticket(handle):
    """`TicketStatementQuery` as Flight SQL packs it."""
    def field(tag, value):
        length, out = len(value), b""
        while True:
            out += bytes([length & 0x7F | (0x80 if length > 0x7F else 0)])
            length >>= 7
            if not length:
                return bytes([tag << 3 | 2]) + out + value
    kind = b"type.googleapis.com/arrow.flight.protocol.sql.TicketStatementQuery"
    return field(1, kind) + field(2, field(1, handle))


def main():
    with hub() as (home, address, http):
        for check in (tables, suppressed, parameters, lists, cancelled, workspace, written, hostile):
            check(home, address)
            print(f"{check.__name__}: as it should be", flush=True)
        held(home, address, http)
        print("held: as it should be", flush=True)


if __name__ == "__main__":
    main()
