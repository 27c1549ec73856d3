#!/bin/sh
# The Python package (types, tests, the wheel), and the notebooks with it, executed against a demonstration hub and looked at.
set -eu
cd "$(dirname "$0")/../.."
. tests/python.sh
python_for notebooks
built="$(cd "${CARGO_TARGET_DIR:-target}/debug" && pwd)"
python="$(cd "$(dirname "$python")" && pwd)/python"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

# Built from a copy, so that nothing is left in the tree; what is installed is the wheel.
cp -r python "$work/python"
(
    cd "$work/python"
    "$python" -m mypy --cache-dir "$work/mypy"
    "$python" -m pip wheel -q --no-deps --no-build-isolation --wheel-dir "$work/wheels" .
    "$python" -m pip install -q --no-deps --force-reinstall "$work"/wheels/cloister-*.whl
    "$python" -m pytest -q -p no:cacheprovider tests
)
"$python" tests/notebooks/run.py "$built/cloister" "$built/cloisterd"
