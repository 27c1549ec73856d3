#!/bin/sh
# Releases what the demonstration releases, and has the packages validated as RO-Crates; a package without its date must be found.
set -eu
cd "$(dirname "$0")/../.."
. tests/python.sh
python_for package
built="${CARGO_TARGET_DIR:-target}/debug"
context="web/node_modules/ro-crate/lib/context.json"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

"$built/cloister" --home "$work/hub" demo --people 2000 --no-serve >/dev/null
"$python" tests/package/validate.py "$context" "$work/hub/releases"/*/
for package in "$work/hub/releases"/*/; do
    "$built/cloister" verify "$package" --key "$work/hub/audit/audit.pub" >/dev/null
    sed '/datePublished/d' "$package/ro-crate-metadata.json" >"$work/altered"
    cp "$work/altered" "$package/ro-crate-metadata.json"
done
if "$python" tests/package/validate.py "$context" "$work/hub/releases"/*/ >/dev/null 2>&1; then
    echo "a crate without its date was found valid" >&2
    exit 1
fi
