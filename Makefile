# The short way to everything. `make demo` and `make test` need nothing before them.
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := build
.PHONY: help build demo test bench format lint asan tsan fuzz clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

build:  ## install what is missing, then build build/release/understudy and understudy-train
	@scripts/setup --build
	@scripts/build release programs

demo:  ## the wheel turns once: an office agent's calls become tasks, a small model learns them, fresh calls show it
	@scripts/setup --build
	@scripts/build release programs
	@scripts/demo

test:  ## build and run every test, with sanitizers and the fuzzers' corpora
	@scripts/setup --test
	@scripts/test

bench:  ## run the benches, each beside its peer
	@scripts/setup --bench
	@scripts/build release understudy benches
	@scripts/bench

format:  ## format every source
	@scripts/setup --lint
	@scripts/lint --fix

lint:  ## check format, names, layers and common mistakes
	@scripts/setup --lint
	@scripts/lint

asan:  ## the tests under AddressSanitizer and UndefinedBehaviorSanitizer alone
	@scripts/setup --test
	@scripts/build asan sanitized_tests
	@ctest --preset asan

tsan:  ## the tests under ThreadSanitizer alone
	@scripts/setup --test
	@scripts/build tsan sanitized_tests
	@ctest --preset tsan

fuzz:  ## fuzz the parsers for an hour of processor time (scripts/fuzz --help: fewer, shorter)
	@scripts/setup --fuzz
	@scripts/build fuzz fuzzers
	@scripts/fuzz

clean:  ## remove everything built here (packages and caches stay)
	@rm -rf build
