# Everyday commands. Every target that runs Python sets the environment up
# first; the second time this takes a blink. `make help` lists them.
#
#   PYTHON=python3.12   interpreter for .venv (default: newest supported found)
#   TASK=cheetah_run    task of `make train`: gin_configs/tasks/$(TASK).gin
#   SCALE=cpu           size of `make train`: gin_configs/scale/$(SCALE).gin;
#                       empty for the full size of planet.gin
#   LOGDIR=runs/NAME    run directory of `make train`; the same one resumes
#   ARGS='...'          more arguments for the program that the target runs

TASK ?= cartpole_swingup
SCALE ?= cpu
# Runs of another size are other runs.
LOGDIR ?= runs/$(TASK)$(patsubst %,-%,$(filter-out cpu,$(or $(SCALE),paper)))
ARGS ?=
BIN := .venv/bin

export PYTHON

.DEFAULT_GOAL := help
.PHONY: help setup train play test lint format doctor benchmark clean clean-venv

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile \
	  | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'
	@sed -n '/^#   /s/^#//p' Makefile

setup:  ## build .venv from requirements.lock, check that MuJoCo renders
	@sh tools/setup_environment.sh

train: setup  ## learn TASK from pixels at size SCALE into LOGDIR
	$(BIN)/python -m planet_tf.train --gin_file=tasks/$(TASK).gin \
	  $(if $(SCALE),--gin_file=scale/$(SCALE).gin) --logdir=$(LOGDIR) $(ARGS)

play: setup  ## watch the agent that ships with the project act; no training
	$(BIN)/python -m planet_tf.evaluate --saved_model=examples/cartpole_swingup \
	  --episodes=1 --video=play.mp4 $(ARGS)
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] && command -v xdg-open >/dev/null; \
	  then xdg-open play.mp4; fi

test: setup  ## run the default test suite (ARGS=--slow: all of it)
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

lint: setup  ## check style, types' presence, formatting, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

format: setup  ## reformat and fix what ruff can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

doctor: setup  ## say what is installed, what is wrong, how to mend it
	$(BIN)/python -m planet_tf.doctor $(ARGS)

benchmark: setup  ## time updates, planning, environments (JSON and a table)
	$(BIN)/python -m tools.benchmark $(ARGS)

clean:  ## remove caches and build products; keeps .venv and runs/
	rm -rf build dist *.egg-info .pytest_cache .ruff_cache \
	  .import_linter_cache
	find planet_tf tests tools -name __pycache__ -type d -prune \
	  -exec rm -rf {} +

clean-venv:  ## remove .venv
	rm -rf .venv
