# For newcomers: `make demo`, `make notebook` beside it, and `make test`.
.PHONY: demo notebook test docs reference web bench fuzz lint clean

# One selection of packages for every command, so that nothing is built twice with other features.
BUILD = cargo build --locked --workspace --bins

demo: web
	$(BUILD)
	$${CARGO_TARGET_DIR:-target}/debug/cloister demo

# The notebooks, on the demonstration that `make demo` serves in another terminal.
notebook:
	sh notebooks/open.sh

# The pages' library, and what they are tested with, as its package manager has them.
web: web/node_modules/.package-lock.json
web/node_modules/.package-lock.json: web/package-lock.json
	npm ci --prefix web --no-audit --no-fund

test: web
	$(BUILD)
	cargo test --locked --workspace
	cargo run --locked -q -p xtask -- reference --bin $${CARGO_TARGET_DIR:-target}/debug --check
	sh tests/docs/run.sh
	sh tests/package/run.sh
	sh tests/api/run.sh
	sh tests/flight/run.sh
	sh tests/notebooks/run.sh
	tests/deploy/run.sh

# The documentation as a site, in target/site/html; `make reference` writes its generated pages anew.
SITE = $${CARGO_TARGET_DIR:-target}/site
docs:
	cargo run --locked -q -p xtask -- site $(SITE)/pages
	@if command -v mdbook >/dev/null; then \
	    mdbook build $(SITE)/pages --dest-dir $(SITE)/html && echo "the site: $(SITE)/html/index.html"; \
	else \
	    echo "NOT BUILT: the site needs mdBook: cargo install mdbook --version 0.5.4 --locked" >&2; [ -z "$${CI:-}" ]; \
	fi

reference:
	$(BUILD)
	cargo run --locked -q -p xtask -- reference --bin $${CARGO_TARGET_DIR:-target}/debug

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
