HELM_PROVIDED = HELM="$$(PYTHON=$(PYTHON) ci/helm)"

.PHONY: chart-docs
chart-docs: install ## Write the chart's schema and table of values out of helm/values.yaml
	$(BIN)/python ci/chart/docs.py

.PHONY: test-chart
test-chart: install ## Tests of what the chart renders; provides helm where it is missing
	$(HELM_PROVIDED) $(BIN)/pytest tests/chart

.PHONY: test-cluster
test-cluster: install ## Install on the cluster of KUBECONFIG, whose nodes can run ROOKERY_IMAGE
	$(HELM_PROVIDED) REQUIRE_CLUSTER=1 $(BIN)/pytest tests/cluster --ignore=tests/cluster/disruption
