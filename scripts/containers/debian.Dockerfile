# rondo with a shell, git and bubblewrap, not as root.
#   docker build -f scripts/containers/debian.Dockerfile -t rondo .
#   docker run --rm -it -e OPENAI_API_KEY -v "$PWD:/work" rondo
FROM debian:12-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends bash bubblewrap ca-certificates git libgcc-s1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 65532 rondo
COPY --chmod=755 build/rondo /usr/local/bin/rondo
USER rondo
WORKDIR /work
ENTRYPOINT ["/usr/local/bin/rondo"]
