PROMTOOL_PROVIDED = PROMTOOL="$$(PYTHON=$(PYTHON) ci/promtool)"

.PHONY: dashboard
dashboard: install ## Write helm/dashboards/rookery.json out of ci/chart/dashboard.py
	$(BIN)/python ci/chart/dashboard.py

.PHONY: test-observability
test-observability: install ## Tests of alerts, dashboard and runbook; provides helm and promtool
	$(HELM_PROVIDED) $(PROMTOOL_PROVIDED) $(BIN)/pytest tests/observability

test: test-observability
