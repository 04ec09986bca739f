# Two commands do everything: `make demo` and `make test`. Both build .venv on first use.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test lint bench docs confusion clean

demo: $(READY)
	$(BIN)/repscope demo repscope-demo

test: $(READY)
	$(BIN)/python -m pytest -q -n 2 --dist loadgroup

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)
	$(BIN)/python -m benchmarks

docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

confusion: $(READY)
	$(BIN)/python -m repscope.testing.confusion --studies 200

clean:
	rm -rf $(VENV) build dist site repscope-demo

# torch first, from its own pin: other packages then find it and pull no larger build.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[models,maps,ann,anndata,datasets,bench,dev,docs]'
	touch $(READY)
