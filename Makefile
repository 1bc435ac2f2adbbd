# Everything runs in .venv, which is made when it is missing. Only python3 (3.11 or newer), make and git are assumed.
PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.installed
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export MLFLOW_DISABLE_TELEMETRY := true
export DVC_NO_ANALYTICS := true

.PHONY: help setup repro audit tune audit-real audit-labels bench soak test check ui docs gallery notebooks

help: ## what there is to do
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

setup: $(STAMP) ## the environment in .venv

# uv resolves and installs ten times faster than pip; bytecode is compiled once, or every import costs double;
# kernels likewise, or the first score waits for them. The .pth switches MLflow's telemetry off for all of .venv.
$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Assay needs Python 3.11 or newer; found " + sys.version.split()[0] + ". Name one: make PYTHON=python3.12 setup")'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet 'uv>=0.5,<1'
	UV_COMPILE_BYTECODE=1 $(VENV)/bin/uv pip install --quiet --python $(VENV)/bin/python -c constraints.txt -e '.[dev]'
	cp .ci/no_telemetry.pth "$$($(VENV)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
	@echo 'compiling the kernels, once: about a minute'
	$(VENV)/bin/python -m pipeline kernels
	@touch $@

repro: $(STAMP) ## the whole pipeline, from raw tables to metrics, scores and shortlist
	dvc repro

audit: $(STAMP) ## what can be said against the cohort and the model; fails where a limit does not hold
	dvc repro $(if $(FORCE),--force --single-item) audits/dvc.yaml
	@python -m pipeline.audit limits

tune: $(STAMP) ## a study of the classifier's settings, into reports/tuning and MLflow; some ten minutes
	dvc repro tuning/dvc.yaml

audit-real: $(STAMP) ## real accounts beside simulated ones: make audit-real REAL_DATA="folder another"
	@test -n "$(REAL_DATA)" || { echo 'audit-real: name one or more dataset folders: make audit-real REAL_DATA="folder another"' >&2; exit 2; }
	@python -m pipeline.audit real $(foreach folder,$(REAL_DATA),--input $(folder)) --output data/audit_real $(if $(HALF),--half $(HALF))

audit-labels: $(STAMP) ## other people's labels: make audit-labels LABELLED=folder
	@test -n "$(LABELLED)" || { echo 'audit-labels: name the folder of the labelled files: make audit-labels LABELLED=folder' >&2; exit 2; }
	@python -m pipeline.audit labelled --tubespam $(LABELLED)/tubespam_1956.csv --instafake $(LABELLED)/instafake_automated_1400.csv --output data/audit_labels

# The libraries that Assay is measured against; they are needed for nothing else.
$(VENV)/.bench: $(STAMP)
	UV_COMPILE_BYTECODE=1 $(VENV)/bin/uv pip install --quiet --python $(VENV)/bin/python -c constraints.txt -e '.[dev,bench]'
	@touch $@

bench: $(VENV)/.bench ## what Assay costs, and others, into docs/benchmarks.md; some twenty minutes: make bench LARGEST=1000000
	@python -m benchmarks bench $(if $(ACCOUNTS),--accounts $(ACCOUNTS)) $(if $(RUNS),--runs $(RUNS)) $(if $(LARGEST),--largest $(LARGEST)) $(if $(LARGEST_ROWS),--largest-rows $(LARGEST_ROWS)) $(if $(PLACE),--place $(PLACE))

soak: $(STAMP) ## everything that is done to break Assay, into docs/reliability.md
	@python -m soak all

test: $(STAMP) ## the test suite
	python -m pytest

check: $(STAMP) ## format, lint, types, generated pages
	ruff format --check .
	ruff check .
	mypy
	python -m pipeline docs --check

docs: $(STAMP) ## write the generated pages again
	python -m pipeline docs

gallery: $(STAMP) ## docs/gallery.md: pages of six simulated accounts as pictures; two minutes, needs Chromium
	@python -m pipeline gallery

notebooks: $(STAMP) ## the notebooks run on what dvc repro left, with their outputs, into data/notebooks; some ten minutes
	@python -m pipeline notebooks

ui: $(STAMP) ## the experiments in MLflow's interface
	@python -m pipeline ui
