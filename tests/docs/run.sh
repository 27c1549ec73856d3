#!/bin/sh
# The commands of the tutorials and how-to pages, run, and what they print compared with the pages.
set -eu
cd "$(dirname "$0")/../.."
command -v python3 >/dev/null || {
    echo "NOT TESTED: the documentation's commands; this machine lacks python3" >&2
    [ -z "${CI:-}" ]
    exit
}
exec python3 tests/docs/run.py "${CARGO_TARGET_DIR:-target}/debug" "$@"
