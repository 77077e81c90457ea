# Another builder, as podman or buildah, takes the same arguments.
IMAGE_BUILD ?= docker build
REVISION ?= $(shell git rev-parse HEAD)
# the time of the commit, so that a commit has one digest
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct)
CREATED = $(shell date --utc --date=@$(SOURCE_DATE_EPOCH) +%Y-%m-%dT%H:%M:%SZ)

.PHONY: image
image: ## Build the image, as IMAGE
	SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) $(IMAGE_BUILD) --tag $(IMAGE) \
	  --build-arg REVISION=$(REVISION) --build-arg CREATED=$(CREATED) --file Dockerfile .

.PHONY: test-image
test-image: install ## Run the image's tests on IMAGE, with docker or what CONTAINER names
	ROOKERY_IMAGE=$(IMAGE) REQUIRE_IMAGE=1 $(BIN)/pytest tests/image
