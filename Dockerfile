# certwright from a binary that is linked statically and was built before:
#
#   rustup target add x86_64-unknown-linux-musl
#   cargo build --release --locked --target x86_64-unknown-linux-musl
#   install -D target/x86_64-unknown-linux-musl/release/certwright dist/certwright-linux-amd64
#   docker build -t registry.example/certwright:0.1.0 .
#
# There is nothing else in it: no shell, no package, nothing to write to. tests/cases/image.rs runs the
# binary so, in an empty root.

# The CAs that --notify trusts. The API server's own CA comes with the service account.
FROM alpine:3.22 AS cas

FROM scratch
ARG TARGETARCH=amd64
COPY --from=cas /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --chmod=0755 dist/certwright-linux-${TARGETARCH} /certwright
USER 65532:65532
ENTRYPOINT ["/certwright"]
