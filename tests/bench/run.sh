#!/bin/sh
# `make bench`: landing and governed queries, on a synthetic region. PEOPLE and RUNS can be set; PROFILE is release or dev.
set -eu
cd "$(dirname "$0")/../.."
people="${PEOPLE:-1000000}" runs="${RUNS:-5}" profile="${PROFILE:-release}"
target="${CARGO_TARGET_DIR:-target}"
case "$profile" in dev) built="$target/debug" ;; *) built="$target/$profile" ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

cargo build --locked --workspace --bins --profile "$profile"
"$built/cloister-synth" --people "$people" --out "$work/region"
python3 tests/bench/landing.py "$built/cloister" "$work/region/gp" "$runs"
"$built/cloister" --home "$work/hub" init
for feed in gp hospital pathology; do
    "$built/cloister" --home "$work/hub" dataset land "policies/datasets/$feed.toml" --from "$work/region/$feed"
done
cargo bench --locked --workspace --bench governed --profile "$profile" -- "$work/hub" "$runs"
