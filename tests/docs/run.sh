#!/bin/sh
# The commands of the tutorials and how-to pages, run, and what they print compared with the pages.
set -eu
cd "$(dirname "$0")/../.."
exec python3 tests/docs/run.py "${CARGO_TARGET_DIR:-target}/debug" "$@"
