PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
DATA ?= $(SEQTASKS_DATA)
MULTI30K := $(DATA)/multi30k
TEST := $(MULTI30K)/test_2016_flickr.en $(MULTI30K)/test_2016_flickr.de
TRANSFORMER := benchmarks/models/multi30k-en-de
STUDENT := benchmarks/models/multi30k-en-de-student
PEERS := benchmarks/.environments

.PHONY: demo test test-slow kill-test rank-kill-test fault-test fuzz package-test lint docs data bench

demo: $(INSTALLED)
	$(BIN)/seqtasks demo

test: $(INSTALLED)
	$(BIN)/python -m pytest -n 2 --dist worksteal

test-slow: $(INSTALLED)
	$(BIN)/python -m pytest -m slow

# The harnesses of tests/reliability/README.md. Trainings of each task, with one process and with two, are killed so many
# times, and resumed: make kill-test KILLS=100
KILLS ?= 25
kill-test: $(INSTALLED)
	$(BIN)/python tests/reliability/kills.py --kills $(KILLS)

# Ranks, as torchrun starts them, are killed so many times for each task: make rank-kill-test KILLS=20
rank-kill-test: $(INSTALLED)
	$(BIN)/python tests/reliability/rank_kills.py --kills $(KILLS) --tasks translation captioning video tagging classification generation

# Each fault of a machine comes at so many places of the work that has ONLY in its name: make fault-test TIMES=5
TIMES ?= 2
ONLY ?=
fault-test: $(INSTALLED)
	$(BIN)/python tests/reliability/faults.py --times $(TIMES) --only "$(ONLY)"

# So many random inputs in all, for what has ONLY in its name: make fuzz INPUTS=1000000 SEED=2
INPUTS ?= 2000
SEED ?= 1
fuzz: $(INSTALLED)
	$(BIN)/python tests/reliability/fuzz.py --inputs $(INPUTS) --seed $(SEED) --only "$(ONLY)"

# The wheel, from an environment of its own; other Pythons too: make package-test PYTHONS="path/to/python3.13"
package-test: $(INSTALLED)
	$(BIN)/python tests/packaging/check.py $(PYTHONS)

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

# The documentation, in site/: open site/index.html. A warning is an error.
docs: $(INSTALLED)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

data:
	@test -d "$(MULTI30K)" || { echo "There is no $(MULTI30K): make bench DATA=path/to/data, or set SEQTASKS_DATA."; exit 1; }

# Everything of benchmarks/RESULTS.md, about an hour and a half on a quiet machine: make bench DATA=path/to/data (or SEQTASKS_DATA)
bench: data $(INSTALLED) $(addprefix $(PEERS)/,transformers/.installed opennmt/.installed marian/.installed)
	$(BIN)/python -m benchmarks.training_speed $(MULTI30K) --model transformer
	$(BIN)/python -m benchmarks.training_speed $(MULTI30K) --model lstm
	$(BIN)/python -m benchmarks.character_training_speed $(DATA)/char/tinyshakespeare.txt
	$(BIN)/python -m benchmarks.flops_utilization $(MULTI30K)
	$(BIN)/python -m benchmarks.time_to_bleu $(MULTI30K)
	$(BIN)/python -m benchmarks.versus_ctranslate2.throughput $(TRANSFORMER) $(TEST) --ours $(STUDENT) --beam 5
	$(BIN)/python -m benchmarks.versus_ctranslate2.throughput $(TRANSFORMER) $(TEST) --ours $(STUDENT) --beam 1
	$(BIN)/python -m benchmarks.versus_ctranslate2.latency $(TRANSFORMER) $(TEST) --ours $(STUDENT) --beam 5
	$(BIN)/python -m benchmarks.versus_ctranslate2.latency $(TRANSFORMER) $(TEST) --ours $(STUDENT) --beam 1
	$(BIN)/python -m benchmarks.versus_ctranslate2.throughput $(TRANSFORMER) $(TEST) --ours $(STUDENT) --beam 5 --engine ctranslate2
	$(BIN)/python -m benchmarks.versus_ctranslate2.throughput $(TRANSFORMER) $(TEST) --ours $(STUDENT) --beam 1 --engine ctranslate2
	$(BIN)/python -m benchmarks.versus_ctranslate2.latency $(TRANSFORMER) $(TEST) --ours $(STUDENT) --beam 5 --engine ctranslate2
	$(BIN)/python -m benchmarks.versus_ctranslate2.latency $(TRANSFORMER) $(TEST) --ours $(STUDENT) --beam 1 --engine ctranslate2
	$(BIN)/python -m benchmarks.startup_time
	$(BIN)/python -m benchmarks.caption_baseline $(DATA)/flickr8k --references $(DATA)/flickr8k/Flickr8k.token.txt
	$(BIN)/python -m benchmarks.report
	$(BIN)/python -m benchmarks.scaling $(MULTI30K) --output benchmarks/scaling/results

# A peer's own packages before those of this project, torch among them, which it shares.
$(PEERS)/%/.installed: benchmarks/peers/%.txt $(INSTALLED)
	$(PYTHON) -m venv $(@D)
	$(BIN)/python -c "import sysconfig; print(sysconfig.get_path('purelib'))" > "$$($(@D)/bin/python -c "import sysconfig; print(sysconfig.get_path('purelib'))")/shared.pth"
	$(@D)/bin/python -m pip install --quiet -r $<
	$(if $(filter opennmt,$*),$(@D)/bin/python -m pip install --quiet --no-deps OpenNMT-py==3.5.1)
	touch $@

$(INSTALLED): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@
