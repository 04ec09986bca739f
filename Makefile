# Two commands do everything: `make demo` and `make test`. Both build .venv on first use.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ZOO ?= .venv-zoo
INPUTS ?= 2000
SEED ?= 0

.PHONY: demo test test-long test-zoo test-web web fuzz lint bench docs confusion clean

demo: $(READY)
	$(BIN)/repscope demo repscope-demo

test: $(READY)
	$(BIN)/python -m pytest -q -n 2 --dist loadgroup

# What takes minutes by its nature: deaths at every step, trainings, real photos.
test-long: $(READY)
	$(BIN)/python -m pytest -q -n 2 --dist loadgroup -m long

# timm, open_clip and sentence-transformers, which need a torchvision that breaks everything else beside a CPU torch.
test-zoo: $(ZOO)/.ready
	$(ZOO)/bin/python -m pytest -q tests_zoo

# The page of `repscope view`, from its sources in web/ into the package; needs Node 20 or newer.
web: web/node_modules/.ready
	cd web && npm run --silent build

# Types, parts, that the committed page is what web/ gives, and a reader's whole story in Chromium.
test-web: $(READY) web/node_modules/.ready
	PYTHON=$(abspath $(BIN))/python web/test.sh

# Damaged files to every reader: about a minute; make fuzz INPUTS=100000 SEED=7 is longer, and another.
fuzz: $(READY)
	cd tests && PYTHONPATH=. $(abspath $(BIN))/python -m fuzz --inputs $(INPUTS) --seed $(SEED)

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
	$(BIN)/python -m repscope.testing.confusion --studies 200 > docs/confusion.md
	$(BIN)/python -m repscope.testing.drifts --studies 100 --known 1000 --seed 1000 > docs/drift-confusion.md

web/node_modules/.ready: web/package-lock.json
	cd web && npm ci --silent
	touch $@

clean:
	rm -rf web/node_modules $(VENV) $(ZOO) build dist site repscope-demo

# torch first, from its own pin: other packages then find it and pull no larger build.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[models,maps,quantise,training,video,view,notebook,ann,anndata,hdf5,datasets,bench,dev,docs]'
	touch $(READY)

$(ZOO)/.ready: pyproject.toml constraints.txt constraints-zoo.txt
	$(PYTHON) -m venv $(ZOO)
	$(ZOO)/bin/python -m pip install --quiet --constraint constraints.txt torch
	$(ZOO)/bin/python -m pip install --quiet --constraint constraints.txt --constraint constraints-zoo.txt \
		--editable '.[models]' timm open_clip_torch torchvision sentence-transformers denoising-diffusion-pytorch \
		torch-fidelity pytest pytest-timeout
	touch $@
