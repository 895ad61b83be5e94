# `make` alone lists the targets. PYTHON picks the interpreter (3.11 or later).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# --no-build-isolation would need hatchling in the environment; pip fetches it for the build.
PIP := $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt

.DEFAULT_GOAL := help
.PHONY: help demo test check fix soak fuzz bench snap shots docs clean system-packages

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 18

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[tui,hub]'
	@touch $@

$(VENV)/.test: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[tui,hub,pcsc,nfc,hsm,dev]'
	@touch $@ $(VENV)/.demo

demo: $(VENV)/.demo  ## a working day on simulated cards, in under a minute
	$(BIN)/python main.py demo

system-packages:  ## what the suite needs beside Python: installed where we may, else named
	@sh tests/system-packages

test: system-packages $(VENV)/.test  ## everything, real pcscd and PostgreSQL included; nothing is skipped
	$(BIN)/pytest -n 2 --dist loadscope

check: $(VENV)/.test  ## the gate before a commit: style, types, layers, quick tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q -n 2 -m 'not real and not slow'

fix: $(VENV)/.test  ## format, and mend what can be mended safely
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

soak: $(VENV)/.test  ## the fuzz tests whole: 100,000 frames to each card and parser, others each time
	SOAK=1 $(BIN)/pytest -q --timeout 3600 tests/fuzz tests/hw_sim/test_desfire_fuzz.py

$(VENV)/.fuzz: $(VENV)/.test
	$(PIP) -e '.[fuzz]'
	@touch $@

fuzz: $(VENV)/.fuzz  ## one parser until it breaks: make fuzz PARSER='card file' ('list' lists them)
	$(BIN)/python -m tests.fuzz.with_atheris '$(or $(PARSER),list)' $(FLAGS)

bench: $(VENV)/.test  ## frames, bytes, air and host time of issuing, binding and tapping, by plan
	$(BIN)/python -m tests.benchmarks

snap: $(VENV)/.test  ## rewrite the screens' snapshots; then look at the pictures
	$(BIN)/pytest -q tests/terminal --snapshot-update

shots: $(VENV)/.test  ## draw the README's pictures anew
	$(BIN)/python -m tests.terminal.pictures

docs: $(VENV)/.test  ## print the reference pages anew
	$(BIN)/python -m terminal.reference > docs/reference/commands.md

clean:  ## remove the environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
