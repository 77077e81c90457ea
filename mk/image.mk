# Both speak docker's command line: another of that kind, as podman, is named by these.
IMAGE_BUILD ?= docker build
CONTAINER ?= docker

REVISION ?= $(shell git rev-parse HEAD)
SOURCE ?= $(or $(shell git config --get remote.origin.url),unknown)
VERSION ?= $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' src/rookery/__init__.py)
PYTHON_DIGEST ?= $(shell sed -n 's/^ARG PYTHON_IMAGE=.*@//p' Dockerfile)
# the time of the commit, so that a commit has one digest
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct)
CREATED = $(shell date -u -d @$(SOURCE_DATE_EPOCH) +%Y-%m-%dT%H:%M:%SZ)
IMAGE_ARGUMENTS = CREATED REVISION SOURCE VERSION PYTHON_DIGEST

export CONTAINER IMAGE_BUILD SOURCE_DATE_EPOCH

.PHONY: image
image: ## Build the image, as IMAGE; REQUIREMENTS=requirements-otel.lock for one that traces
	$(IMAGE_BUILD) --tag $(IMAGE) --file Dockerfile \
	  $(if $(REQUIREMENTS),--build-arg REQUIREMENTS=$(REQUIREMENTS)) \
	  $(foreach name,$(IMAGE_ARGUMENTS),--build-arg '$(name)=$($(name))') .

.PHONY: test-image
test-image: install ## Run IMAGE as a platform would; build it with IMAGE_BUILD, run it with CONTAINER
	REQUIRE_IMAGE=1 ROOKERY_IMAGE=$(IMAGE) $(BIN)/pytest tests/image
