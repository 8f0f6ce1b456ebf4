# rondo on Wolfi: small, and glibc all the same.
#   docker build -f scripts/containers/wolfi.Dockerfile -t rondo .
FROM cgr.dev/chainguard/wolfi-base
RUN apk add --no-cache bash bubblewrap ca-certificates-bundle git libgcc \
    && adduser -D -u 65532 rondo
COPY --chmod=755 build/rondo /usr/local/bin/rondo
USER rondo
WORKDIR /work
ENTRYPOINT ["/usr/local/bin/rondo"]
