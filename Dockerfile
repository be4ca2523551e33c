# Builds with and without BuildKit, so it has no cache mounts: the dependencies have a layer of
# their own instead.
ARG BUILDER_IMAGE=rust:1.95-bookworm
ARG RUNTIME_IMAGE=debian:bookworm-slim

# What is prepared elsewhere, since a runtime image need not have a shell.
FROM ${BUILDER_IMAGE} AS prepared
RUN mkdir -p /prepared && mkdir -m 0700 /prepared/state

# All but the program: also what an image is made of whose program was built elsewhere.
FROM ${RUNTIME_IMAGE} AS base
LABEL org.opencontainers.image.title="zendesk-aep" \
      org.opencontainers.image.description="Keeps a company's Zendesk data flowing into Adobe Experience Platform, completely and in order" \
      org.opencontainers.image.licenses="Apache-2.0"
# A new volume takes its owner and mode from here.
COPY --from=prepared --chown=10001:10001 /prepared/ /
# Whatever the runtime image has: without CA certificates no HTTP client can be set up.
COPY --from=prepared /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY LICENSE /usr/share/doc/zendesk-aep/
ENV ZENDESK_AEP_CONFIG=/config/config.toml \
    ZENDESK_AEP__STATE__DIRECTORY=/state \
    # For the health check. Inside the container only; to be scraped, it is set to 0.0.0.0:9464.
    ZENDESK_AEP__STATUS__LISTEN=127.0.0.1:9464 \
    # One heap: of several, glibc keeps each at its largest size, and pieces that fit nothing add up over days.
    MALLOC_ARENA_MAX=1
# A number, so that an orchestrator can verify that it is not root.
USER 10001:10001
VOLUME ["/config", "/state"]
EXPOSE 9464
STOPSIGNAL SIGTERM
# Whether the process gets on, not whether a person must come: starting anew helps only the former.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \
    CMD ["/usr/bin/zendesk-aep", "health"]
ENTRYPOINT ["/usr/bin/zendesk-aep"]
CMD ["run"]

FROM ${BUILDER_IMAGE} AS build
WORKDIR /build
# The dependencies first and on their own: an edit of our sources then leaves their layer alone.
# Cargo reads the manifest only if the other programs that it names are there.
COPY Cargo.toml Cargo.lock ./
COPY benches benches
COPY deploy/package/files.rs deploy/package/
RUN mkdir src \
    && echo '//! A stand-in.' > src/lib.rs \
    && echo 'fn main() {}' > src/main.rs \
    && cargo build --release --locked --bin zendesk-aep
COPY src src
# A copied file keeps its date, which may be older than the stand-in that was built above.
RUN touch src/lib.rs src/main.rs \
    && cargo build --release --locked --bin zendesk-aep

FROM base
COPY --from=build /build/target/release/zendesk-aep /usr/bin/
