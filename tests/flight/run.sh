#!/bin/sh
# The drivers that researchers have (ADBC into pandas and polars, pyarrow's own client), against a demonstration hub.
set -eu
cd "$(dirname "$0")/../.."
. tests/python.sh
python_for flight
built="${CARGO_TARGET_DIR:-target}/debug"
exec "$python" tests/flight/run.py "$built/cloister" "$built/cloisterd"
