ARG BUILDER_IMAGE=rust:1.95-bookworm
ARG RUNTIME_IMAGE=debian:bookworm-slim

FROM ${BUILDER_IMAGE} AS build
WORKDIR /build
# The dependencies first and on their own: an edit of our sources then leaves their layer alone.
# Cargo reads the manifest only if the benchmarks that it names are there.
COPY Cargo.toml Cargo.lock ./
COPY benches benches
RUN mkdir src \
    && echo '//! A stand-in.' > src/lib.rs \
    && echo 'fn main() {}' > src/main.rs \
    && cargo build --release --locked --bin zendesk-aep
COPY src src
# A copied file keeps its date, which may be older than the stand-in that was built above.
RUN touch src/lib.rs src/main.rs \
    && cargo build --release --locked --bin zendesk-aep

FROM ${RUNTIME_IMAGE}
LABEL org.opencontainers.image.title="zendesk-aep" \
      org.opencontainers.image.description="Keeps a company's Zendesk data flowing into Adobe Experience Platform, completely and in order" \
      org.opencontainers.image.licenses="Apache-2.0"
# Without root certificates no HTTP client can be set up. A new volume takes its owner from /state.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && install -d /config \
    && install -d -o 10001 -g 10001 -m 0700 /state
COPY LICENSE /usr/share/doc/zendesk-aep/
COPY --from=build /build/target/release/zendesk-aep /usr/bin/
ENV ZENDESK_AEP_CONFIG=/config/config.toml \
    ZENDESK_AEP__STATE__DIRECTORY=/state \
    # Otherwise glibc keeps up to eight arenas per core, each at its largest size.
    MALLOC_ARENA_MAX=2
# A number, so that an orchestrator can verify that it is not root.
USER 10001:10001
VOLUME ["/config", "/state"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/zendesk-aep"]
CMD ["run"]
