# rondo on Alpine. Its C library is musl, the program needs glibc: both can live side by side,
# since the loader of each looks for libraries in folders of its own.
#   docker build -f scripts/containers/alpine.Dockerfile -t rondo .
FROM gcr.io/distroless/cc-debian12 AS glibc
FROM alpine:3
COPY --from=glibc /lib/x86_64-linux-gn[u] /lib/x86_64-linux-gnu/
COPY --from=glibc /lib/aarch64-linux-gn[u] /lib/aarch64-linux-gnu/
COPY --from=glibc /lib6[4] /lib64/
COPY --from=glibc /lib/ld-linux-aarch64.so.[1] /lib/
RUN apk add --no-cache bash bubblewrap ca-certificates-bundle git \
    && adduser -D -u 65532 rondo
COPY --chmod=755 build/rondo /usr/local/bin/rondo
USER rondo
WORKDIR /work
ENTRYPOINT ["/usr/local/bin/rondo"]
