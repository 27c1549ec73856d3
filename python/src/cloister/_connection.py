"""A plain ADBC connection, told who asks and in which project."""

import os
from collections.abc import Mapping
from pathlib import Path

from adbc_driver_flightsql import DatabaseOptions
from adbc_driver_flightsql import dbapi as flightsql
from adbc_driver_manager import dbapi

PROJECT_HEADER = "x-cloister-project"


class NotConfigured(ValueError):
    """Neither the call nor the environment says where the hub is, or who asks."""


def connect(
    url: str | None = None,
    token: str | None = None,
    *,
    token_file: str | os.PathLike[str] | None = None,
    project: str | None = None,
    options: Mapping[str, str] | None = None,
) -> dbapi.Connection:
    """Connects to a hub's Flight SQL door; the result is ADBC's own connection.

    What is not given comes from the environment:

    - `url` from ``CLOISTER_FLIGHT``: ``grpc://host:port``, or ``grpc+tls://host:port`` as real hubs are reached;
    - `token` from `token_file`, else ``CLOISTER_TOKEN``, else the file ``CLOISTER_TOKEN_FILE``: an access token of yours;
    - `project` from ``CLOISTER_PROJECT``; without one the hub takes the only one that you may query.

    `options` are further database options of `adbc_driver_flightsql`, such as an authority's certificates.

    Nothing is sent before the first statement, so that a wrong token is told then.

    >>> connection = connect("grpc://127.0.0.1:8021", token_file="token", project="demo")    # doctest: +SKIP
    >>> with connection.cursor() as cursor:                                                  # doctest: +SKIP
    ...     cursor.execute("SELECT sex, count(*) AS n FROM person GROUP BY sex")
    ...     frame = cursor.fetch_df()

    Raises `NotConfigured` where there is no address or no token.
    """
    where = url or os.environ.get("CLOISTER_FLIGHT")
    if not where:
        raise NotConfigured("Where is the hub? Give `url`, or set CLOISTER_FLIGHT, as in grpc://127.0.0.1:8021.")
    settings = {DatabaseOptions.AUTHORIZATION_HEADER.value: f"Bearer {_token(token, token_file)}"}
    named = project or os.environ.get("CLOISTER_PROJECT")
    if named:
        settings[f"{DatabaseOptions.RPC_CALL_HEADER_PREFIX.value}{PROJECT_HEADER}"] = named
    settings.update(options or {})
    # A hub has no transactions: every statement stands for itself.
    return flightsql.connect(where, db_kwargs=settings, autocommit=True)


def _token(token: str | None, token_file: str | os.PathLike[str] | None) -> str:
    if token is None and token_file is None:
        token, token_file = os.environ.get("CLOISTER_TOKEN") or None, os.environ.get("CLOISTER_TOKEN_FILE") or None
    if token is None and token_file is not None:
        token = Path(token_file).read_text(encoding="utf-8")
    if token is None or not token.strip():
        raise NotConfigured("Who asks? Give `token` or `token_file`, or set CLOISTER_TOKEN or CLOISTER_TOKEN_FILE.")
    return token.strip()
