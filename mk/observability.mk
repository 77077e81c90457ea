PROMTOOL_PROVIDED = PROMTOOL="$$(PYTHON=$(PYTHON) ci/promtool)"

.PHONY: dashboard
dashboard: install ## Write helm/dashboards/rookery.json out of ci/chart/dashboard.py
	$(BIN)/python ci/chart/dashboard.py

.PHONY: dashboard-picture
dashboard-picture: install ## Draw docs/dashboard.png from DATA, which test-cluster writes to DASHBOARD_DATA
	$(BIN)/uv run --no-project --with matplotlib==3.11.2 python ci/chart/picture.py $(DATA) docs/dashboard.png

.PHONY: test-observability
test-observability: install ## Tests of alerts, dashboard and runbook; provides helm and promtool
	$(HELM_PROVIDED) $(PROMTOOL_PROVIDED) $(BIN)/pytest tests/observability

test: test-observability
