"""Results that wait for checkers."""

import re
import time

import adbc_driver_manager
import pyarrow
from adbc_driver_manager import dbapi

# Trailers of the hub's errors.
CODE, REQUEST = "cloister-code", "cloister-request"
# The text of a held result: reasons in the first brackets, the release request where there is one.
REASONS = re.compile(r"waits for checkers \(([a-z0-9, -]+)\)")
RELEASE_REQUEST = re.compile(r"\brel_[0-9a-z]+")


class Held(Exception):
    """A result waits for checkers.

    >>> Held("req_1", ("review-required",), None).request
    'req_1'
    """

    def __init__(self, request: str, reasons: tuple[str, ...], release_request: str | None) -> None:
        self.request = request
        """The query's id, ``req_…``: what a release is asked for."""
        self.reasons = reasons
        """Why it is held, as the hub's stable codes."""
        self.release_request = release_request
        """The release request that it is in, ``rel_…``, once somebody has handed it to the checkers."""
        super().__init__(request, reasons, release_request)

    def __str__(self) -> str:
        why = ", ".join(self.reasons) or "no reason given"
        if self.release_request:
            return f"{self.request} waits for checkers ({why}), in the release request {self.release_request}"
        return f"{self.request} is held ({why}), and is not with the checkers"

    @classmethod
    def of(cls, error: adbc_driver_manager.Error) -> "Held | None":
        """What an ADBC error says of a held result; none where it says something else.

        >>> from adbc_driver_manager import AdbcStatusCode, OperationalError
        >>> text = "held: The result of req_1 waits for checkers (review-required). It is in the release request rel_2."
        >>> details = [("cloister-code", b"held"), ("cloister-request", b"req_1")]
        >>> error = OperationalError(text, status_code=AdbcStatusCode.UNKNOWN, details=details)
        >>> held = Held.of(error)
        >>> held.request, held.reasons, held.release_request
        ('req_1', ('review-required',), 'rel_2')
        """
        details = {_text(key): _text(value) for key, value in error.details or []}
        request = details.get(REQUEST)
        if details.get(CODE) != "held" or request is None:
            return None
        said = str(error)
        reasons, release = REASONS.search(said), RELEASE_REQUEST.search(said)
        return cls(request, tuple(reasons[1].split(", ")) if reasons else (), release[0] if release else None)


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def wait(connection: dbapi.Connection, sql: str, *, timeout: float = 0.0, every: float = 5.0) -> pyarrow.Table:
    """Runs a statement, and where its result is held waits until it is released.

    The same statement is asked again each `every` seconds, which the hub answers from what it knows: it neither runs the
    query again nor puts it before the checkers twice. It does not ask for a release: that takes a purpose, in the pages or
    with ``cloister airlock request``.

    >>> table = wait(connection, "SELECT sex, count(*) AS n FROM person GROUP BY sex", timeout=3600)   # doctest: +SKIP

    Raises `Held` when `timeout` seconds (0: at once) have gone by; at once where the hub had to run the query anew, because
    data or policy changed, and the new result is held too: nobody has asked for its release; and at once where it was with
    the checkers and is so no more, because they rejected it or its author took it back. Raises whatever else the driver raises.
    """
    if timeout < 0 or every <= 0:
        raise ValueError("`timeout` must not be negative, and `every` must be more than nothing")
    until, first, asked = time.monotonic() + timeout, None, None
    while True:
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetch_arrow_table()
        except adbc_driver_manager.Error as error:
            held = Held.of(error)
            if held is None:
                raise
            left = until - time.monotonic()
            first = first or held.request
            if left <= 0 or held.request != first or (asked and not held.release_request):
                raise held from error
            asked = held.release_request
        time.sleep(min(every, left))
