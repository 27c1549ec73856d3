#!/bin/sh
# The API against its description (schemathesis). SECONDS_EACH: how long as each of five people.
set -eu
cd "$(dirname "$0")/../.."
. tests/python.sh
python_for api
built="${CARGO_TARGET_DIR:-target}/debug"
exec "$python" tests/api/run.py "$built/cloister" "$built/cloisterd" "${SECONDS_EACH:-20}"
