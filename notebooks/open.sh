#!/bin/sh
# Opens the notebooks on the demonstration's hub, in JupyterLab; `make demo` serves it in another terminal. Arguments go to JupyterLab.
set -eu
cd "$(dirname "$0")/.."
home="${CLOISTER_HOME:-cloister-hub}"
built="${CARGO_TARGET_DIR:-target}/debug"
if [ ! -f "$home/tokens/researcher" ]; then
    echo "There is no demonstration in $home: run \`make demo\` in another terminal, and leave it serving." >&2
    exit 1
fi
home="$(cd "$home" && pwd)"
built="$(cd "$built" && pwd)"

# As often as what is installed changes.
venv="$(dirname "$built")/venv-notebook"
wanted="$(cat tests/notebooks/requirements.txt python/pyproject.toml python/src/cloister/*.py | cksum)"
if [ "$(cat "$venv/made-of" 2>/dev/null)" != "$wanted" ]; then
    echo "Installing JupyterLab and the packages into $venv; once, about a minute."
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/python" -m pip install -q -r tests/notebooks/requirements.txt jupyterlab==4.6.6
    copy="$(mktemp -d)"
    cp -r python "$copy/python"
    "$venv/bin/python" -m pip install -q --no-deps --no-build-isolation "$copy/python"
    rm -rf "$copy"
    echo "$wanted" >"$venv/made-of"
fi

# Where the demonstration's server listens: `listen` of the file, and of its part [flight].
listens() { sed -n "/^\[/h; /^listen/{G; s/^listen = \"\(.*\)\"\n$1\$/\1/p}" "$home/cloisterd.toml"; }
export CLOISTER_SERVER="http://$(listens '')" CLOISTER_FLIGHT="grpc://$(listens '\[flight\]')"
export CLOISTER_TOKEN_FILE="$home/tokens/researcher" PATH="$built:$PATH"
exec "$venv/bin/jupyter" lab --notebook-dir=. "$@" notebooks/01-first-look.ipynb
