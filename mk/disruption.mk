RUNS ?= 1
DISRUPT = $(HELM_PROVIDED) VEGETA="$$(ci/vegeta)" REQUIRE_CLUSTER=1 $(BIN)/pytest tests/cluster/disruption --capture=tee-sys

.PHONY: test-disruption
test-disruption: install ## Prove on a cluster that nothing is dropped; RUNS=3 times in a row
	for run in $$(seq $(RUNS)); do DISRUPTION_REPORT=build/disruption/$$run $(DISRUPT); done

.PHONY: test-disruption-short
test-disruption-short: install ## A rolling update, and a client that learns late, in under 4 minutes
	$(DISRUPT) -m short
