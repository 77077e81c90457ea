.PHONY: bench-traffic
bench-traffic: install ## Measure reading a gigabyte of CSV: seconds and peak memory
	$(BIN)/python -m tests.bench.traffic
