# `make` lists the verbs. Everything lives in .venv; nothing outside this folder is touched, but for
# Debian packages some tests want, which are installed where that is possible (root and apt).

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEBIAN_PACKAGES := poppler-utils systemd openssl softhsm2 opensc xmlsec1 qpdf fonts-liberation2 \
	libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui python3-uno \
	tesseract-ocr tesseract-ocr-vie chromium sudo jq curl rclone restic libseccomp2 \
	samba smbclient openssh-server openssh-sftp-server openssh-client bindfs \
	mono-mcs mono-runtime libmono-system-runtime-serialization4.0-cil

# The tests start hundreds of processes; without bytecode each would compile all it imports anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format catalogues bench torture test-system fresh-root lock deb bundle debian clean

help: ## list the verbs
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

setup: $(READY) ## make the virtual environment

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "edge-node needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(READY) ## run the main job: a test axis, three nodes, real documents
	$(BIN)/edge-node demo

test: $(READY) debian ## run every test
	$(BIN)/pytest --numprocesses auto --dist worksteal --cov --cov-report=term:skip-covered --cov-report=json:.coverage.json --durations=40 -q
	$(BIN)/python tests/coverage_floor.py .coverage.json

check: $(READY) ## format, lint, types, layers: what CI checks beside the tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY) ## bring the code into its form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

catalogues: $(READY) ## gather the sentences and compile the Vietnamese catalogue
	$(BIN)/pybabel -q extract --no-default-keywords -k say:1 -k here:1 --add-location=never --sort-output --no-wrap --project=edge-node --version=0.1 --msgid-bugs-address=none -o .catalogue.pot edge_node
	$(BIN)/pybabel -q update -i .catalogue.pot -d edge_node/locale -D edge_node -l vi --no-wrap --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date
	$(BIN)/pybabel -q compile -d edge_node/locale -D edge_node
	@rm -f .catalogue.pot

bench: $(READY) ## documents a second beside a bare pipeline, idle memory and CPU
	$(BIN)/python tests/bench/bench.py

torture: $(READY) ## kill, stop, cut and fill whatever can be, and count: docs/reliability.md (two hours)
	$(BIN)/python tests/torture/torture.py

test-system: $(READY) ## boot Debian, sit at the services, and live through all that happens to packages (root; minutes)
	tests/system/test_system.sh $(STORIES)

fresh-root: ## make demo and make test from a fresh clone in a fresh Debian root (root; minutes)
	tests/system/fresh_root.sh

lock: $(READY) ## hold what packages are built from to constraints.txt, with hashes
	$(BIN)/uv pip compile pyproject.toml --extra web --constraint constraints.txt --generate-hashes \
		--universal --python-version 3.11 --no-emit-package pip --no-emit-package colorama --no-annotate \
		--custom-compile-command 'make lock' --quiet -o packaging/lock.txt

deb: $(READY) ## dist/*.deb for Debian 12 and 13, each built in a root of its own (root; minutes)
	packaging/deb.sh

bundle: $(READY) ## dist/*.tar.gz that installs without network where there is no deb
	packaging/bundle.sh

# Where they cannot be installed, the tests that want them say so and are skipped; under CI they fail.
debian:
	@missing=; for package in $(DEBIAN_PACKAGES); do \
	    dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; \
	done; \
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends $$missing; } >/dev/null \
	    || echo "cannot install:$$missing" >&2; \
	fi

clean: ## remove what make made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage*
	find edge_node tests -name __pycache__ -prune -exec rm -rf {} +
