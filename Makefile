# `make up` sets everything up and runs it; `make test` sets everything up and tests it.
PORT ?= 8000
DEMO ?= 1
PYTHON ?= python3
BIN := .venv/bin
SYSTEM_PACKAGES := chromium fonts-noto-cjk gettext curl
# Without its bytecode every run would compile the whole tree anew, twice as slow to start.
unexport PYTHONDONTWRITEBYTECODE
UP_OPTIONS := --port $(PORT) $(if $(DATA_DIR),--data-dir '$(DATA_DIR)') $(if $(filter 0 no false,$(DEMO)),--no-demo)
# Enough of a production environment for `check --deploy`; nothing connects with it.
PRODUCTION := SCRM_LOCAL_HTTP= SCRM_ALLOWED_HOSTS=scrm.example.com \
	SECRET_KEY=for-checks-only-9fC2rXw7Qk4mT8vZ1bL6yH3nJ5pD0sGuAeKiOa-x7R2 \
	DATABASE_URL=postgresql://scrm_app:x@127.0.0.1:5432/scrm REDIS_URL=redis://127.0.0.1:6379/0

.PHONY: setup up test fast check lint bench chaos docs docs-images fmt messages test-system
.DEFAULT_GOAL := up

setup: .venv/.stamp

.venv/.stamp: requirements/dev.txt requirements/docs.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'Python 3.11 or newer is needed: make setup PYTHON=/path/to/python3.11'; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo 'Python cannot make virtual environments here. Run: apt-get install -y python3-venv'; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo 'Installing the requirements …'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		-r requirements/dev.txt -r requirements/docs.txt
	@touch $@

up: setup
	@$(BIN)/python manage.py up $(UP_OPTIONS)

test: setup test-system
	@$(BIN)/python -m pytest $(ARGS)

fast: setup
	@$(BIN)/python -m pytest -q -m fast -p no:playwright --ignore tests/browser $(ARGS)

check: lint test

lint: setup docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PRODUCTION) $(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING

# All, or those that ARGS names; with a SIZE alone, the one that shows how pages grow: `make bench SIZE=1m`.
bench: setup
	@$(BIN)/python -m benchmarks $(or $(ARGS),$(if $(SIZE),scale))

# Kills everything while touchpoints go out, then compares the ledger with the provider's receipts. Some minutes.
chaos: setup
	@$(BIN)/python -m tests.chaos --keep $(ARGS)

# The guide in two languages, into build/guide. A link that leads nowhere is an error; nothing is fetched.
docs: setup
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet --config-file docs/mkdocs.yml

# The guide's pictures, taken by the tests that walk through its first hour. Some minutes.
docs-images: setup test-system
	@SCRM_GUIDE_IMAGES=1 $(BIN)/python -m pytest -q tests/browser/test_first_hour.py $(ARGS)

fmt: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

messages: setup
	@command -v msgfmt >/dev/null || { echo 'gettext is needed. Run: apt-get install -y gettext'; exit 1; }
	$(BIN)/python manage.py makemessages --locale zh_Hans --no-location --no-obsolete --no-wrap \
		--ignore '.venv*' --ignore '.scrm*' --ignore locale_unfold --ignore tests
	$(BIN)/python manage.py compilemessages --ignore '.venv*'

# Browser tests drive Debian's Chromium; the fonts show Chinese; gettext reads the catalogues; the guide speaks curl.
test-system:
	@missing=''; for package in $(SYSTEM_PACKAGES); do \
		dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; \
	done; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ]; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	else \
		echo "The browser tests need:$$missing. Run: sudo apt-get install -y$$missing"; exit 1; \
	fi
