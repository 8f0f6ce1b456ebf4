# rondo alone: no shell, no bubblewrap; commands run under its own Landlock launcher.
#   docker build -f scripts/containers/distroless.Dockerfile -t rondo .
#   docker run --rm --read-only --tmpfs /tmp -e OPENAI_API_KEY -v "$PWD:/work" rondo exec "…"
# The model finds no programs in this image but rondo's own tools: for answers, reviews, patches.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --chmod=755 build/rondo /usr/local/bin/rondo
ENV CODEX_HOME=/tmp/codex
WORKDIR /work
ENTRYPOINT ["/usr/local/bin/rondo"]
