# Every target sets up what it needs. Logic lives in Python; this file only calls it.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
OUT    ?= build/demo
# Compiled simulations stay in the checkout: `make clean` removes them.
export CONSILIENCE_CACHE ?= $(CURDIR)/build/cache

.DEFAULT_GOAL := help
.PHONY: help setup demo test slow-tests coverage lint verify mutants fire differential crash epochs gossip alarms liars liars-on-traces monitor-on-traces service metrics-page judges-page partition figures benchmark timing ethernet bitstream-test lock docs site release-check release clean

help: ## list the targets; times are of two quiet cores, and stand only here
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## make .venv with the locked dependencies

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "consilience needs Python 3.11 or later; set PYTHON=...")'
	@echo "Setting up $(VENV) (3 GB of packages: simulators, FPGA tools, engines; some minutes, once) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(STAMP) ## agent traces through the simulated gateware, a table and an HTML report (a minute)
	@$(BIN)/consilience demo --out $(OUT)

test: $(STAMP) ## lint, types, the whole test suite (twenty minutes)
	@$(BIN)/python tests/run.py

slow-tests: $(STAMP) ## the tests that test leaves out (an hour); MINUTES=20: those that start by then, others at each commit
	@$(BIN)/python -m pytest --slow -m slow -n 2 --dist worksteal $(if $(MINUTES),--minutes $(MINUTES))

coverage: $(STAMP) ## test, with the share of lines that the tests reach and its floor (two thirds longer)
	@$(BIN)/python tests/run.py --coverage

lint: $(STAMP) ## test, without the suite (a minute)
	@$(BIN)/python tests/run.py --lint-only

verify: $(STAMP) ## put every claim to the test, and the slow tests (half an hour), report in build/verify
	@$(BIN)/python -m tests.campaigns.verify

mutants: $(STAMP) ## plant hundreds of faults, each of which a test must notice (half an hour)
	@$(BIN)/python -m tests.campaigns.mutations

fire: $(STAMP) ## a million faults on the link, and a million on a network: never a wrong answer, never a hang (half an hour)
	@$(BIN)/python -m tests.campaigns.fire
	@$(BIN)/python -m tests.campaigns.fire.datagrams

differential: $(STAMP) ## a million drawn calls on cpu, ten thousand in simulation, against the golden model (five minutes)
	@$(BIN)/python -m tests.campaigns.differential

crash: $(STAMP) ## a million crashes of a disk that fails: no acknowledged frame lost, none invented (ten minutes)
	@$(BIN)/python -m tests.campaigns.crash

epochs: $(STAMP) ## every state of the epoch protocol with three replicas, a liar and two agents, and planted faults (two minutes)
	@$(BIN)/python -m tests.campaigns.epochs

gossip: $(STAMP) ## every state of two read nodes that date each other's states, and planted faults (a minute)
	@$(BIN)/python -m tests.campaigns.gossip

alarms: $(STAMP) ## agents that behave, against what the monitor promises; and a watch that is killed (an hour)
	@$(BIN)/python -m tests.campaigns.monitor

liars: $(STAMP) ## lying reporters against the robust guarantees and monitors, 10^6 drawn trials each (a few minutes)
	@$(BIN)/python -m tests.campaigns.robust

liars-on-traces: $(STAMP) ## liars among real traces: writes docs/robustness.md and its plot (two minutes), rates in build/robust
	@$(BIN)/python -m examples.agent_traces.robustness

service: $(STAMP) ## a service on one core: speed, memory, 200 kills under load (half an hour); docs/service_figures.md with --page
	@$(BIN)/python -m tests.campaigns.service

monitor-on-traces: $(STAMP) ## alarms over time on real traces: writes docs/traces_over_time.md and its picture (two minutes)
	@$(BIN)/python -m examples.agent_traces.monitor

metrics-page: $(STAMP) ## a public benchmark of server metrics: writes docs/server_metrics.md and its picture (half a minute)
	@$(BIN)/python -m examples.server_metrics --page docs

judges-page: $(STAMP) ## judges' scores of runs, beside e-valuator: writes docs/judges_scores.md and its picture (four minutes)
	@$(BIN)/python -m examples.judges_scores --page docs

partition: $(STAMP) ## reads at 100 nodes while their network is cut (six minutes, as root: namespaces); CUT=NAME RUNS=N: one cut, repeated; SLOWER=K: for slow machines
	@$(BIN)/python -m tests.campaigns.partition $(if $(CUT),--cut "$(CUT)") $(if $(RUNS),--runs $(RUNS)) $(if $(SLOWER),--slower $(SLOWER))

figures: $(STAMP) ## measure two more figures of the README's table (half a minute)
	@$(BIN)/python -m examples.figures

benchmark: $(STAMP) ## speed and error beside SciPy and NumPy (three minutes), report in build/benchmark
	@$(BIN)/consilience benchmark

timing: $(STAMP) ## place and route CONFIG=..., or all published (hours): Fmax and area, build/timing/
	@$(BIN)/python -m consilience_tools.place_and_route $(CONFIG)

ethernet: $(STAMP) ## agent traces over UDP to a simulated board on Ethernet (as root: a namespace; three minutes)
	@$(BIN)/python -m examples.ethernet_board

bitstream-test: $(STAMP) ## the driver against the built bitstreams, simulated at their pins (half an hour)
	@$(BIN)/python -m tests.campaigns.bitstream $(BOARD)

docs: $(STAMP) ## render the computed pages; mark those of campaigns that are older than their code
	@$(BIN)/python -m docs.render

site: $(STAMP) ## build the pages as a site into build/site
	@$(BIN)/python -m sphinx -q -W --keep-going -c docs/site docs build/site
	@echo "build/site/index.html"

release-check: $(STAMP) ## all that stands in the way of a release, in one list (a few seconds)
	@$(BIN)/python -m tests.release --check

release: $(STAMP) ## wheel and sdist, built twice, tried, with lists of parts and sums: dist/ (five minutes)
	@$(BIN)/python -m tests.release

lock: $(STAMP) ## resolve requirements.lock anew from pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --no-strip-extras \
	    --python-version 3.11 --all-extras --upgrade -o requirements.lock pyproject.toml

clean: ## remove .venv and build
	rm -rf $(VENV) build
