# Two commands for newcomers: `make demo` and `make test`.
.PHONY: demo test web bench fuzz lint clean

# One selection of packages for every command, so that nothing is built twice with other features.
BUILD = cargo build --locked --workspace --bins

demo: web
	$(BUILD)
	$${CARGO_TARGET_DIR:-target}/debug/cloister demo

# The pages' library, and what they are tested with, as its package manager has them.
web: web/node_modules/.package-lock.json
web/node_modules/.package-lock.json: web/package-lock.json
	npm ci --prefix web --no-audit --no-fund

test: web
	$(BUILD)
	cargo test --locked --workspace
	sh tests/package/run.sh
	sh tests/api/run.sh
	sh tests/flight/run.sh
	tests/deploy/run.sh

lint:
	cargo fmt --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo run --locked -q -p xtask -- check

# Queries made up by grammars, against an oracle of plain loops; `make test` runs 3,000 of each.
QUERIES = 100000
fuzz:
	FUZZ_QUERIES=$(QUERIES) cargo test --locked --workspace --test fuzz -- --nocapture

bench:
	sh tests/bench/run.sh

clean:
	cargo clean
	rm -rf cloister-hub
