"""The cell magic ``%%cloister``."""

import html
import shlex
from typing import Any

import adbc_driver_manager
import pyarrow
from adbc_driver_manager import dbapi
from IPython.core.error import UsageError
from IPython.display import HTML, display

from ._connection import NotConfigured, connect
from ._held import Held, wait
from ._marked import MARK, marked

USAGE = """%%cloister [--project NAME] [--wait SECONDS] [--into VARIABLE]

Runs the cell's SQL. Shows the table with suppressed cells marked, and keeps it as a DataFrame in VARIABLE and as an Arrow table, with
what the hub says of its columns, in VARIABLE_table (`_cloister` where none is named). A held result is told, not raised."""


class Magic:
    """Asks the hub that the environment names, as whoever it names."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.connections: dict[str | None, dbapi.Connection] = {}

    def __call__(self, line: str, cell: str) -> None:
        """Runs one cell."""
        project, seconds, into = _arguments(line)
        try:
            table = wait(self._connection(project), cell.strip(), timeout=seconds)
        except Held as held:
            display(HTML(told(held)))
            return
        except NotConfigured as error:
            raise UsageError(str(error)) from None
        except adbc_driver_manager.Error as error:
            # A refusal is an answer, not a failure of this notebook's code: its text without a trace.
            raise UsageError(str(error)) from None
        self.shell.user_ns[into] = table.to_pandas()
        self.shell.user_ns[f"{into}_table"] = table
        if table.num_columns:
            display(marked(table))
            display(HTML(under(table)))

    def _connection(self, project: str | None) -> dbapi.Connection:
        if project not in self.connections:
            self.connections[project] = connect(project=project)
        return self.connections[project]


def told(held: Held) -> str:
    """A held result in words, as HTML."""
    why = ", ".join(f"<code>{html.escape(code)}</code>" for code in held.reasons)
    after = "Once it is released, running this cell again shows the table."
    if held.release_request:
        step = f"It is in the release request <code>{html.escape(held.release_request)}</code>, with the checkers."
    else:
        step = "Nobody has asked for its release yet: do so in the pages, or with <code>cloister airlock request</code>."
    return (
        '<div style="border-left: 4px solid #b45309; padding: .4em .8em; max-width: 46em">'
        f"<strong>Held.</strong> The result of <code>{html.escape(held.request)}</code> waits for checkers ({why}). {step} {after}</div>"
    )


def under(table: pyarrow.Table) -> str:
    """What stands under a table: its request, and which rules suppressed how many cells."""
    from ._cells import suppressed

    rules: dict[str, int] = {}
    for of in suppressed(table).values():
        for rule, rows in of.items():
            rules[rule] = rules.get(rule, 0) + len(rows)
    words = [f"{MARK} {count} suppressed: {html.escape(rule)}" for rule, count in rules.items()]
    request = (table.schema.metadata or {}).get(b"cloister:request", b"").decode()
    words += [f"<code>{html.escape(request)}</code>"] if request else []
    return f'<div style="font-size: .85em; opacity: .8">{" · ".join(words)}</div>'


def register(shell: Any) -> None:
    """Makes the magic known to an IPython shell."""
    shell.register_magic_function(Magic(shell), magic_kind="cell", magic_name="cloister")


def _arguments(line: str) -> tuple[str | None, float, str]:
    words, found = shlex.split(line), {"--project": "", "--wait": "0", "--into": "_cloister"}
    if len(words) % 2 or any(word not in found for word in words[::2]):
        raise UsageError(USAGE)
    found.update(zip(words[::2], words[1::2], strict=True))
    try:
        seconds = float(found["--wait"])
    except ValueError:
        raise UsageError(USAGE) from None
    if not found["--into"].isidentifier() or not 0 <= seconds < float("inf"):
        raise UsageError(USAGE)
    return found["--project"] or None, seconds, found["--into"]
