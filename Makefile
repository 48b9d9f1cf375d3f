# One command for each thing one does here. Everything runs in .venv, which `setup` makes.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
# A worker more than a small machine has cores: tests wait for servers and processes of their own.
TESTS = $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

# Tests start some hundred processes, each of which would compile this package anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test proofs check bench docs clean

setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	touch $@

demo: setup  ## the main job on the embedded sample: all four subsets, pictures to look at, a small regeneration
	$(BIN)/python examples/demo.py demo
	$(BIN)/python examples/regenerate_sample.py demo/regenerated
	$(BIN)/python examples/benchmark_sample.py demo/benchmark

test: setup  ## the tests, some minutes
	$(TESTS)

proofs: setup  ## the tests that take longest: pages typed, runs killed, types, pages in a browser
	$(TESTS) -m slow

check: setup  ## what a change must pass: format, lint, strict types, tests, generated docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m docs.site
	$(TESTS)
	$(TESTS) -m slow

docs: setup  ## write the generated pages anew, and the site: build/site/html/index.html
	$(BIN)/python -m docs.generate
	$(BIN)/python -m docs.site

bench:  ## side by side with the peers, which do not get along with what tests need; takes a while
	$(PYTHON) -m venv .venvs/bench
	.venvs/bench/bin/python -m pip install --quiet --editable '.[bench]'
	.venvs/bench/bin/python benchmarks/rows.py

clean:
	rm -rf $(VENV) .venvs build dist *.egg-info demo
