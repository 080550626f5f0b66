# Two commands on a fresh machine: `make demo` and `make test`.
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready

.PHONY: demo test check bench lock clean

demo: $(READY)
	$(VENV)/bin/pliant bend examples/parts/tray.yaml --out out/demo --force

test: $(READY) check
	$(PY) -m pytest

check: $(READY)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

bench: $(READY)
	$(PY) -m bench.bending

# Debian and Ubuntu ship python3 without venv; it is installed when missing, with sudo when not root.
$(READY): requirements.lock pyproject.toml
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Pliant needs Python 3.11 or newer; this is $$(python3 --version)"; exit 1; }
	@python3 -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "installing python3-venv"; \
		if [ "$$(id -u)" = 0 ]; then apt-get update -q && apt-get install -qy python3-venv; else sudo apt-get update -q && sudo apt-get install -qy python3-venv; fi; }
	python3 -m venv $(VENV)
	$(PY) -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(PY) -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

# Exact versions with hashes for every platform and Python that Pliant supports.
lock: $(READY)
	$(PY) -m pip install -q uv
	$(VENV)/bin/uv pip compile -q --universal --python-version 3.11 --extra dev --extra step --generate-hashes --no-emit-index-url --no-header --no-annotate pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) out .mypy_cache .ruff_cache .pytest_cache
