# The image of the service. `docker build -t project_image -f Dockerfile .` needs no argument.
#
# Built twice from the same commit it has the same digest, where the builder sets the times of files
# to SOURCE_DATE_EPOCH (BuildKit: rewrite-timestamp=true; buildah and podman: --timestamp). For that
# .pyc files are told from stale ones by hash: a time that is rewritten would make each one stale.
ARG PYTHON_IMAGE=docker.io/library/python:3.13-slim@sha256:70729b46c69b4f1e97c4822c1af3df53a1476cf5ddc6c087c0c10bc3a5678c2f

FROM ${PYTHON_IMAGE} AS build
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONHASHSEED=0
RUN python -m venv --without-pip /opt/venv

# Packages lie below the code in the layers: an edit of the code leaves them in every cache.
# requirements-otel.lock adds tracing.
ARG REQUIREMENTS=requirements.lock
COPY ${REQUIREMENTS} /tmp/requirements.lock
RUN pip --python /opt/venv/bin/python install --no-cache-dir --no-compile --no-deps \
      --only-binary :all: --require-hashes --requirement /tmp/requirements.lock \
 && find /opt/venv -depth -type d \( -name tests -o -name test \) -exec rm -r {} + \
 && python -m compileall -q --invalidation-mode unchecked-hash /opt/venv/lib

# A checkout has the modes of somebody's umask. The code's own .pyc are checked against the source,
# so that a single file mounted over it counts; it costs a millisecond.
COPY src /code/src
RUN chmod -R u=rwX,go=rX /code \
 && python -m compileall -q --invalidation-mode checked-hash /code


FROM ${PYTHON_IMAGE}
# The base has no .pyc of the standard library: on a read-only root each start would compile it, and
# take twice as long. And it has an installer and setuid programs, of use to an intruder alone.
RUN find /usr -depth \( -path '*/python3*/ensurepip' -o -path '*-packages/pip' \
      -o -name 'pip-*' -o -path '*/bin/pip*' \) -exec rm -r {} + \
 && find / -xdev -type f -perm /6000 -exec chmod a-s {} + \
 && PYTHONHASHSEED=0 python -m compileall -q --invalidation-mode unchecked-hash \
      -x '/(idlelib|pydoc_data|tkinter|turtledemo|site-packages)/' \
      "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"

COPY --from=build /opt/venv /opt/venv
COPY --from=build /code /code

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/code/src \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /code
# By number, as runAsNonRoot wants it; any other will do, for nothing is written.
USER 65532:65532
EXPOSE 8123
STOPSIGNAL SIGTERM
# No HEALTHCHECK: Kubernetes ignores it, and its probes ask /livez and /readyz.
ENTRYPOINT ["python", "-m", "rookery"]
CMD ["serve"]

# Last, for they change with every commit.
ARG PYTHON_IMAGE
ARG PYTHON_DIGEST=
ARG CREATED=
ARG REVISION=
ARG SOURCE=
ARG VERSION=
ENV ROOKERY_REVISION=${REVISION}
LABEL org.opencontainers.image.title="rookery" \
      org.opencontainers.image.description="A FastAPI service: zero dropped requests, a bounded bill, metrics included." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.base.name="${PYTHON_IMAGE}" \
      org.opencontainers.image.base.digest="${PYTHON_DIGEST}"
