# The four things that people do here. Everything runs in a virtual environment outside the checkout, made on
# first use by .ci/environment.py and kept between runs (TANDEM_VENVS says where, default ~/.cache/tandem).

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
.PHONY: help run test check bench

# python3.11 where there is one, else whatever python3 is; .ci/environment.py refuses anything older than 3.11.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
# As many tests at once as this machine has cores, at most 4; files and folders with a served product stay together.
PROCESSES = -n $(shell n=$$(nproc); echo $$((n < 4 ? n : 4))) --dist loadgroup --no-loadscope-reorder
NAME ?= loop
ARGS ?=
RUNTIME = python="$$($(PYTHON) .ci/environment.py runtime)"
DEVELOP = python="$$($(PYTHON) .ci/environment.py develop)"

help:
	@echo "make run            install, prepare the demo workspaces, serve (PORT, TANDEM_HOME)"
	@echo "make test           every check and every test, with a real browser and PostgreSQL"
	@echo "make check          style, types, layers and the fast tests"
	@echo "make bench NAME=x   one benchmark: loop, engine, startup, api, modalities, explain (ARGS='--quick --json')"

run:
	@$(RUNTIME)
	exec "$$python" -m core serve

check:
	@$(DEVELOP)
	.ci/check "$$python" "not slow and not journey and not kill" $(PROCESSES)

test:
	@$(DEVELOP)
	tests/ensure_system.sh
	"$$python" -m pip check
	.ci/check "$$python" "" $(PROCESSES)

bench:
	@$(DEVELOP)
	exec "$$python" -m core bench $(NAME) $(ARGS)
