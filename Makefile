# Common commands. Every target that runs Python sets up .venv first, which
# takes almost no time once it is up to date. `make help` lists the targets.
#
#   PYTHON=python3.12   interpreter for .venv (default: newest supported version)
#   TASK=cheetah_run    task of `make train`: gin_configs/tasks/$(TASK).gin
#   SCALE=cpu           size of `make train`: gin_configs/scale/$(SCALE).gin;
#                       empty for the full size of planet.gin
#   LOGDIR=runs/NAME    run directory of `make train`; an existing run resumes
#   ARGS='...'          more arguments for the program that the target runs

TASK ?= cartpole_swingup
SCALE ?= cpu
# Each size has its own run directory.
LOGDIR ?= runs/$(TASK)$(patsubst %,-%,$(filter-out cpu,$(or $(SCALE),paper)))
ARGS ?=
BIN := .venv/bin

export PYTHON

.DEFAULT_GOAL := help
.PHONY: help setup train play test lint format docs doctor benchmark \
  clean clean-venv

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile \
	  | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'
	@sed -n '/^#   /s/^#//p' Makefile

setup:  ## create .venv from requirements.lock and check that MuJoCo renders
	@sh tools/setup_environment.sh

train: setup  ## train on TASK at size SCALE in LOGDIR
	$(BIN)/python -m planet_tf.train --gin_file=tasks/$(TASK).gin \
	  $(if $(SCALE),--gin_file=scale/$(SCALE).gin) --logdir=$(LOGDIR) $(ARGS)

play: setup  ## run the trained agent of examples/ and write play.mp4
	$(BIN)/python -m planet_tf.evaluate --saved_model=examples/cartpole_swingup \
	  --episodes=1 --video=play.mp4 $(ARGS)
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] && command -v xdg-open >/dev/null; \
	  then xdg-open play.mp4; fi

test: setup  ## run the tests (ARGS=--slow: the slow ones, too; --cov: coverage)
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

lint: setup  ## check style, formatting, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup  ## format the code and apply automatic fixes
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: setup .venv/docs-stamp  ## build the documentation site in build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

.venv/docs-stamp: docs/requirements.lock | setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
	  -r docs/requirements.lock
	@touch $@

doctor: setup  ## report what is installed, what is wrong and how to fix it
	$(BIN)/python -m planet_tf.doctor $(ARGS)

benchmark: setup  ## time updates, planning and environments
	$(BIN)/python -m tools.benchmark $(ARGS)

clean:  ## remove caches and build products; keep .venv and runs/
	rm -rf build dist *.egg-info .coverage .mypy_cache .pytest_cache \
	  .ruff_cache .import_linter_cache
	find planet_tf tests tools docs -name __pycache__ -type d -prune \
	  -exec rm -rf {} +

clean-venv:  ## remove .venv
	rm -rf .venv
