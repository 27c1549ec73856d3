"""What the standard Flight SQL driver leaves open when it asks a Cloister hub.

>>> import cloister
>>> connection = cloister.connect(project="demo")                                   # doctest: +SKIP
>>> table = cloister.wait(connection, "SELECT count(*) AS n FROM person")           # doctest: +SKIP
>>> cloister.suppressed(table)                                                      # doctest: +SKIP
{}

`connect` returns a plain ADBC connection: everything that ADBC, pandas and polars do with one works. In a notebook,
``%load_ext cloister`` brings the cell magic ``%%cloister``.
"""

from ._cells import Suppressed, findings, suppressed
from ._connection import NotConfigured, connect
from ._held import Held, wait
from ._marked import MARK, marked

__all__ = ["MARK", "Held", "NotConfigured", "Suppressed", "connect", "findings", "marked", "suppressed", "wait"]


def load_ipython_extension(shell: object) -> None:
    """Brings the cell magic ``%%cloister`` into an IPython shell: what ``%load_ext cloister`` calls."""
    from ._magic import register

    register(shell)
