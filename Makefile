# The front door. `make` builds build/neuralake; `make help` lists the rest. CMake and Ninja do the work (CMakePresets.json).
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)
BUILD = build

.PHONY: all program demo test lint format bench fuzz fault asan tsan cross large install clean help setup-% configure-% build-%
.DEFAULT_GOAL := all

all: program

## make           the program as build/neuralake, and both libraries
program: need-build
	@cmake --preset release >$(BUILD)/configure.log 2>&1 || { cat $(BUILD)/configure.log; \
	    echo "If a library is missing: scripts/setup.sh build installs all that the build needs" >&2; exit 1; }
	@cmake --build --preset release -j $(JOBS)

# Plain make installs nothing: it says what is missing, and how to get it.
.PHONY: need-build
need-build:
	@mkdir -p $(BUILD)
	@for tool in cmake ninja pkg-config; do command -v $$tool >/dev/null || missing="$$missing $$tool"; done; \
	if [ -n "$$missing" ]; then \
	    echo "Missing:$$missing. To install all that the build needs: scripts/setup.sh build" >&2; exit 1; fi

setup-%:
	@scripts/setup.sh $(subst -, ,$*)

## make demo      sets up what is missing, builds, and shows the whole way from sample data to SQL over S3
demo: setup-build-run
	@$(MAKE) --no-print-directory program
	@$(BUILD)/neuralake demo

## make test      sets up what is missing and runs all tests
test: setup-build-run-test
	@mkdir -p $(BUILD)
	@cmake --preset test >$(BUILD)/configure-test.log || { cat $(BUILD)/configure-test.log; exit 1; }
	@cmake --build --preset test -j $(JOBS)
	@scripts/run_tests.sh $(BUILD)/test $(CTEST)

## make asan      the tests under AddressSanitizer and UndefinedBehaviorSanitizer
## make tsan      the tests under ThreadSanitizer, without DuckDB, which is not instrumented
asan tsan: setup-build-run-test
	@mkdir -p $(BUILD)
	@cmake --preset $@ >$(BUILD)/configure-$@.log || { cat $(BUILD)/configure-$@.log; exit 1; }
	@cmake --build --preset $@ -j $(JOBS)
	@scripts/run_tests.sh $(BUILD)/$@ $(if $(filter tsan,$@),-LE duckdb) $(CTEST)

## make fault     only the tests that fail each allocation and each I/O call once
fault: setup-build-test
	@$(MAKE) --no-print-directory test CTEST="-L fault"

## make large     Parquet files at the ends of what the format allows, a million objects: minutes, 6 GB of disk, 8 GB of memory
large: setup-build-run
	@$(MAKE) --no-print-directory program
	@NEURALAKE=$(BUILD)/neuralake python3 -B tests/large/parquet.py
	@NEURALAKE=$(BUILD)/neuralake python3 -B tests/large/objects.py

## make cross     the kernels built for arm64 and tested under qemu
cross: setup-build-cross
	@scripts/cross.sh

## make fuzz      libFuzzer on every target, FUZZ_SECONDS each (60)
fuzz: setup-build-fuzz
	@scripts/fuzz.sh $(or $(FUZZ_SECONDS),60)

## make bench     side by side with the peers that are installed
bench: setup-build-run-bench
	@$(MAKE) --no-print-directory program
	@cmake --build --preset release --target bench -j $(JOBS)
	@if [ -x bench/run.sh ]; then bench/run.sh $(BUILD); else ls $(BUILD)/bench; fi

## make lint      format, static analysis, who includes whom, lengths: zero findings
lint: setup-build-lint
	@scripts/lint.sh

## make format    lays out all sources with clang-format
format: setup-lint
	@git ls-files -co --exclude-standard '*.c' '*.h' | xargs clang-format -i

## make install   to PREFIX (/usr/local) below DESTDIR
install: program
	@cmake --install $(BUILD) --prefix $(PREFIX)

## make clean     removes build/, but not node_modules/
clean:
	rm -rf $(BUILD)

help:
	@sed -n 's/^## //p' Makefile
