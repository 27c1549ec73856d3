# Sourced by the checks that need Python packages: `python_for NAME` sets $python to one that has tests/NAME/requirements.txt. Where a
# machine cannot have them, it says so and ends the check, as an error where CI is set.
python_for() {
    requirements="tests/$1/requirements.txt"
    venv="${CARGO_TARGET_DIR:-target}/venv-$1"
    python="$venv/bin/python"
    if cmp -s "$requirements" "$venv/requirements.txt" 2>/dev/null; then return; fi
    rm -rf "$venv"
    if python3 -m venv "$venv" >/dev/null 2>&1 && "$python" -m pip install -q -r "$requirements"; then
        cp "$requirements" "$venv/requirements.txt"
        return
    fi
    rm -rf "$venv"
    echo "NOT TESTED: tests/$1; this machine lacks python3 with venv, or a package index" >&2
    if [ -n "${CI:-}" ]; then exit 1; fi
    exit 0
}
