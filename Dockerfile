# The dashboard and its worker in one container:
#
#   docker build -t leadlake .
#   docker run --rm -p 127.0.0.1:8501:8501 -v leadlake:/var/lib/leadlake leadlake
#
# Publish the port to 127.0.0.1 only, as above: without a configured sign-in whoever reaches it holds every role.

FROM python:3.13-slim AS builder
WORKDIR /opt/leadlake
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv .venv
COPY requirements.in requirements.txt ./
RUN .venv/bin/python -m pip install --no-deps --require-hashes --requirement requirements.txt
COPY pyproject.toml LICENSE leadlake.toml ./
COPY .streamlit/ .streamlit/
COPY pages/ pages/
COPY app/ app/
COPY jobs/ jobs/
COPY monitoring/ monitoring/
COPY training/ training/
COPY lake_access/ lake_access/
# Editable, so that the image runs the very files it holds, settings and pages beside them.
RUN .venv/bin/python -m pip install --no-deps --no-build-isolation --editable . && .venv/bin/python -m pip check

FROM python:3.13-slim
RUN groupadd --gid 10001 leadlake \
    && useradd --uid 10001 --gid 10001 --create-home --shell /usr/sbin/nologin leadlake \
    && install --directory --owner=leadlake --group=leadlake --mode=0750 /var/lib/leadlake
# The venv holds its own path, so it stays where it was built. The files belong to root: what runs cannot change them.
COPY --from=builder /opt/leadlake /opt/leadlake
WORKDIR /opt/leadlake
ENV PATH=/opt/leadlake/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    LEADLAKE_HOME=/var/lib/leadlake
USER 10001:10001
VOLUME /var/lib/leadlake
EXPOSE 8501
# An empty volume is filled with the demo first, which takes a minute or so.
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
# All addresses of the container, or its published port would lead nowhere; which of the host's it is, `docker run` says.
CMD ["leadlake", "up", "--address", "0.0.0.0", "--in-container"]
