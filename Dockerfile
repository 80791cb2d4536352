# Any base with CPython 3.11 or newer and its venv module will do; pin yours by digest.
ARG BASE_IMAGE=python:3.11-slim

FROM ${BASE_IMAGE} AS packages
COPY requirements/run.txt /tmp/run.txt
# Only what the hashed lock file names; then the installer itself goes.
RUN python3 -m venv /opt/easel \
    && /opt/easel/bin/python -m pip install --no-cache-dir --disable-pip-version-check --only-binary :all: \
        --require-hashes -r /tmp/run.txt \
    && /opt/easel/bin/python -m pip uninstall --yes --quiet pip setuptools

FROM ${BASE_IMAGE}
COPY --from=packages /opt/easel /opt/easel
WORKDIR /app
COPY bot ./bot
COPY cogs ./cogs
COPY data ./data
# Compiled here, because the container's own file system is read-only.
RUN /opt/easel/bin/python -m compileall -q bot cogs \
    && mkdir -p /data \
    && chown 10001:10001 /data
# The commit that this is built from, for /about: --build-arg EASEL_COMMIT=$(git rev-parse HEAD)
ARG EASEL_COMMIT=
ENV PATH=/opt/easel/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    EASEL_COMMIT=${EASEL_COMMIT} \
    EASEL_DATA_DIR=/data \
    EASEL_WEB_PORT=8787
USER 10001:10001
VOLUME /data
# Standard library only, without the bot's own imports; asks /livez on loopback inside the container.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-m", "bot", "healthcheck"]
CMD ["python", "-m", "bot", "run"]
