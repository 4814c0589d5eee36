# What can be done here. Each target says what it does behind its ##.

PREFIX ?= /usr/local
DESTDIR ?=
CARGO ?= cargo
COMPARE ?= ../shared/bench/compare
PEERS ?= $(addprefix ../shared/peers/,apache lighttpd nginx-fcgiwrap)
FUZZ_SECONDS ?= 60

# What runs scripts runs twice: once in warm interpreters.
WARM_TOO = test(/^(cgi|rfc3875|people|limits|containment|stop|logs)::/)

.DEFAULT_GOAL := help
.PHONY: help build demo test check bench install fuzz clean

help: ## lists these targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

build: ## builds target/release/htbin
	$(CARGO) build --release

demo: ## serves the demo site on 127.0.0.1:8000
	$(CARGO) run --release -- demo

test: ## installs what the tests need (Debian), then runs all of them; scripts cold and warm
	tests/install
	$(CARGO) test --workspace --doc --quiet
	@if $(CARGO) nextest --version >/dev/null 2>&1; then \
	    set -x; HTBIN_UNDER_TEST=warm $(CARGO) nextest run -p htbin --test it --no-fail-fast -E '$(WARM_TOO)' \
	        && $(CARGO) nextest run --workspace --no-fail-fast; \
	else \
	    set -x; HTBIN_UNDER_TEST=warm $(CARGO) test -p htbin --test it --no-fail-fast -- --skip warm:: \
	        && $(CARGO) test --workspace --lib --bins --tests --no-fail-fast; \
	fi

check: ## format, lints and documentation, without tests
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps

bench: build ## compares with other servers, side by side (see bench/README.md)
	@test -x $(COMPARE) || { echo "no $(COMPARE): say where it is with make bench COMPARE=…" >&2; exit 1; }
	$(COMPARE) --rounds 3 bench/htbin $(PEERS)

install: build ## installs the program, its man page and completions under PREFIX [/usr/local]
	install -D -m 755 target/release/htbin $(DESTDIR)$(PREFIX)/bin/htbin
	install -d $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/bash-completion/completions \
	    $(DESTDIR)$(PREFIX)/share/zsh/site-functions $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	target/release/htbin man >$(DESTDIR)$(PREFIX)/share/man/man1/htbin.1
	target/release/htbin completions bash >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/htbin
	target/release/htbin completions zsh >$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_htbin
	target/release/htbin completions fish >$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/htbin.fish

fuzz: ## runs each fuzz target for FUZZ_SECONDS [60]
	@test -d fuzz || { echo "there are no fuzz targets yet" >&2; exit 1; }
	set -e; for target in $$($(CARGO) +nightly fuzz list); do \
	    $(CARGO) +nightly fuzz run $$target -- -max_total_time=$(FUZZ_SECONDS); \
	done

clean: ## removes what was built
	$(CARGO) clean
